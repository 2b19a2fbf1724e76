//! `baseline approve | reject`: decisions about proposals.

use super::short;
use crate::args::DecideArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::service::Service;

/// Decides about the proposal that is named, or about the one that there is.
pub(super) async fn run(
    args: &DecideArgs,
    approve: bool,
    context: &Context,
) -> Result<Vec<u8>, Failure> {
    let service = Service::remote(context, "deciding about a proposal").await?;
    let name = short(&args.name);
    let revision = if let Some(revision) = args.revision {
        revision
    } else {
        let revisions = service.list_revisions(name).await?;
        let newest = revisions.last().map(|one| (one.revision, one.state()));
        match newest {
            Some((revision, opsec_proto::v1::RevisionState::Proposed)) => revision,
            _ => return Err(Failure::NoProposal(name.to_owned())),
        }
    };
    let proposal = service.get_revision(name, revision).await?;
    service.decide(proposal, approve).await?;
    let word = if approve {
        "approved: it applies now"
    } else {
        "rejected"
    };
    Ok(format!("baseline {name} revision {revision} {word}\n").into_bytes())
}
