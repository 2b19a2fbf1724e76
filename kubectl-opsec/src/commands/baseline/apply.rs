//! `baseline apply`: shows what it would change for the fleet, then stores.

use std::io::{IsTerminal as _, Write as _};

use opsec_proto::v1;

use super::{changed, is_to_try_again};
use crate::args::ApplyArgs;
use crate::context::Context;
use crate::document::{self, Document};
use crate::failure::Failure;
use crate::output::say;
use crate::service::{Service, ServiceError};

/// Creates the baseline or replaces its content, whichever it takes, against what others do.
pub(super) async fn run(args: &ApplyArgs, context: &Context) -> Result<Vec<u8>, Failure> {
    let document = document::read(&args.filename)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let service = Service::for_baselines(context).await?;
        if service.is_remote() {
            consider(&service, &document, args.yes).await?;
        }
        match store(&service, &document).await {
            Err(error) if is_to_try_again(&service, &error, attempt) => {}
            Err(error) if error.is_about_baseline() => return Err(document.refused(&error)),
            Err(error) => return Err(error.into()),
            Ok(line) => return Ok(line.into_bytes()),
        }
    }
}

async fn store(service: &Service, document: &Document) -> Result<String, ServiceError> {
    let mut baseline = v1::Baseline {
        document: document.content.clone().into(),
        ..v1::Baseline::default()
    };
    let name = match service.create_baseline(baseline.clone()).await {
        Ok(created) => {
            let proposal = created.proposal.as_ref();
            let baseline = created.baseline.as_ref().ok_or(ServiceError::EmptyAnswer)?;
            return Ok(changed(
                &baseline.name,
                "created",
                baseline.revision,
                proposal,
            ));
        }
        Err(error) => error.existing_baseline().ok_or(error)?,
    };
    let stored = service.get_baseline(&name).await?;
    baseline.name = stored.name;
    baseline.etag = stored.etag;
    let updated = service.update_baseline(baseline).await?;
    let word = if updated.unchanged {
        "unchanged"
    } else {
        "configured"
    };
    let proposal = updated.proposal.as_ref();
    let baseline = updated.baseline.as_ref().ok_or(ServiceError::EmptyAnswer)?;
    Ok(changed(&baseline.name, word, baseline.revision, proposal))
}

/// Shows for whom it would change what, and asks where somebody would newly fail or lose cover.
async fn consider(service: &Service, document: &Document, yes: bool) -> Result<(), Failure> {
    let simulated = match service.simulate(document.content.clone()).await {
        Ok(simulated) => simulated,
        Err(error) if error.is_about_baseline() => return Err(document.refused(&error)),
        Err(error) => return Err(error.into()),
    };
    let mut grave = 0;
    for one in &simulated {
        let outcome = one.outcome();
        let word = match outcome {
            v1::SimulationOutcome::NewlyFailing => "would newly fail",
            v1::SimulationOutcome::NewlyUnknown => "would newly be unknown",
            v1::SimulationOutcome::NewlyPassing => "would newly pass",
            v1::SimulationOutcome::NotStored => "is not known: its snapshot was too large to keep",
            v1::SimulationOutcome::Unchanged | v1::SimulationOutcome::Unspecified => {
                if !one.no_longer_covered && one.newly_failing_findings.is_empty() {
                    continue;
                }
                "stays as it is"
            }
        };
        let cover = if one.no_longer_covered {
            ", and would no longer be covered by it"
        } else {
            ""
        };
        say(&format!(
            "{} on {} {word}{cover}",
            one.operator, one.cluster
        ));
        for finding in &one.newly_failing_findings {
            say(&format!("  {finding}"));
        }
        let fails = outcome == v1::SimulationOutcome::NewlyFailing;
        grave += usize::from(fails || one.no_longer_covered);
    }
    if grave == 0 || yes || asked(grave)? {
        Ok(())
    } else {
        Err(Failure::NotConfirmed)
    }
}

/// Whether a person at a terminal says yes.
fn asked(grave: usize) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::NeedsYes(grave));
    }
    let mut prompt = anstream::stderr();
    write!(prompt, "Store it all the same? [y/N] ").map_err(Failure::Output)?;
    prompt.flush().map_err(Failure::Output)?;
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(Failure::Output)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}
