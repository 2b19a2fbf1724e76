//! `--dry-run=server`: what the cluster says of each change, nothing of which is made.

use std::sync::Arc;

use opsec_gather::{Connection, Reception, Rehearsal, Rehearsed, rehearse};
use opsec_proto::v1::ChangeAction;

use super::Change;
use crate::args::HardenArgs;
use crate::failure::Failure;
use crate::output::say;
use crate::progress::Progress;

/// Has each change tried, and says what is refused; whether anything is.
///
/// # Errors
/// When the cluster cannot be asked.
pub(super) async fn run(
    args: &HardenArgs,
    changes: &[Change],
    progress: &Progress,
) -> Result<bool, Failure> {
    let cluster = &args.files.cluster;
    let connection = Connection::open(&cluster.connection()).await?;
    let tried: Vec<Rehearsal> = changes.iter().map(rehearsal).collect();
    let steps = progress.steps();
    let on_progress = Arc::new(move |step| steps.tell(step));
    let received = rehearse(&connection, &tried, &cluster.options(), on_progress).await?;
    let (mut accepted, mut refused, mut untried) = (0, 0, 0);
    for (change, reception) in changes.iter().zip(&received) {
        let object = &change.object;
        match reception {
            Reception::Accepted => accepted += 1,
            Reception::Refused(message) => {
                refused += 1;
                say(&format!("refused: {object}: {message}"));
            }
            Reception::Untried(other) => {
                untried += 1;
                say(&format!(
                    "not tried: {object} rests on {other}, which these changes make"
                ));
            }
        }
    }
    say(&format!(
        "dry run on {}: {accepted} changes accepted, {refused} refused, {untried} not tried",
        connection.server
    ));
    Ok(refused > 0)
}

fn rehearsal(change: &Change) -> Rehearsal {
    Rehearsal {
        done: match change.action {
            ChangeAction::Delete => Rehearsed::Deleted,
            ChangeAction::Patch => Rehearsed::Patched,
            _ => Rehearsed::Applied,
        },
        object: change.object.clone(),
        document: change.document.clone(),
    }
}
