//! `--probe`: the service says what to ask, the cluster is asked, and the answers become facts like
//! the others.

use std::sync::Arc;

use opsec_gather::probe_cluster;
use opsec_model::{NoticeCode, Report};
use opsec_proto::v1;
use opsec_wire::decode_probes;

use crate::args::FileArgs;
use crate::failure::Failure;
use crate::input::Gathered;
use crate::output::say;
use crate::progress::Progress;
use crate::service::Service;

/// Asks what the check of this request can be asked about.
///
/// # Errors
/// When the service refuses the check, or asking takes too long.
pub(crate) async fn ask(
    service: &Service,
    check: v1::CheckRequest,
    args: &FileArgs,
    gathered: &mut Gathered,
    progress: &Progress,
) -> Result<(), Failure> {
    let Some(connection) = &gathered.connection else {
        return Err(Failure::OnlyOfACluster("--probe"));
    };
    progress.step("finding out what to ask");
    let probes = decode_probes(service.list_probes(check).await?)?;
    let steps = progress.steps();
    let on_progress = Arc::new(move |step| steps.tell(step));
    let options = args.cluster.options();
    let answers = probe_cluster(connection, probes, &options, on_progress).await?;
    gathered.snapshot.crd_creation_answers = answers.creations;
    gathered.snapshot.access_reviews = answers.reviews;
    Ok(())
}

/// Says how the answers agree with what was reckoned, so that nobody overlooks it.
pub(crate) fn tell(reports: &[Report]) {
    for report in reports {
        let of = &report.operator.name;
        for notice in &report.notices {
            match notice.code {
                NoticeCode::Probed => say(&format!("probe: {of}: {}", notice.message)),
                NoticeCode::ProbeDisagrees => {
                    say(&format!("warning: {of}: {}", notice.message));
                }
                _ => {}
            }
        }
    }
}
