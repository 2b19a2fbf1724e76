//! `--watch`: looking again whenever the cluster changes, and printing what changed.

use std::time::Duration;

use opsec_gather::{Connection, Notices};
use serde::Serialize;
use serde_json::json;

use crate::args::FileArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, say};

/// When a cluster that could not be looked at is looked at again.
const AGAIN: Duration = Duration::from_secs(10);

/// What became of one that is watched, as `kubectl get --output-watch-events` spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Added,
    Modified,
    Deleted,
}

impl Event {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// What changed between two looks, by name: the new one, or of what is gone the old one.
pub(super) fn changed<'a, T: PartialEq>(
    before: &'a [(String, T)],
    after: &'a [(String, T)],
) -> Vec<(Event, &'a str, &'a T)> {
    let find = |all: &'a [(String, T)], name: &str| {
        let mut all = all.iter();
        all.find(|(known, _)| known == name).map(|(_, it)| it)
    };
    let mut found = Vec::new();
    for (name, now) in after {
        match find(before, name) {
            None => found.push((Event::Added, name.as_str(), now)),
            Some(known) if known != now => found.push((Event::Modified, name.as_str(), now)),
            Some(_) => {}
        }
    }
    for (name, known) in before {
        if find(after, name).is_none() {
            found.push((Event::Deleted, name.as_str(), known));
        }
    }
    found
}

/// One JSON document a line.
///
/// # Errors
/// When the value is none that JSON has.
pub(super) fn json_line(
    event: Event,
    object: &impl Serialize,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    let line = json!({"type": event.as_str(), "object": object});
    let wrong = |error: serde_json::Error| Failure::Output(error.into());
    serde_json::to_writer(&mut *out, &line).map_err(wrong)?;
    out.push(b'\n');
    Ok(())
}

/// The same as a document of YAML.
///
/// # Errors
/// As for [`json_line`].
pub(super) fn yaml_document(
    event: Event,
    object: &impl Serialize,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    out.extend_from_slice(b"---\n");
    let document = json!({"type": event.as_str(), "object": object});
    opsec_render::yaml(&document, out).map_err(Failure::Output)
}

/// Looks, prints what the look gives, and looks again after each change until Ctrl-C, or until nobody
/// reads any more. Who cannot be asked the first time is an error; later it is said, and asked again.
///
/// # Errors
/// When the cluster cannot be followed, or the first look fails.
pub(super) async fn follow(
    files: &FileArgs,
    look: impl AsyncFnMut() -> Result<Vec<u8>, Failure>,
) -> Result<Exit, Failure> {
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => match interrupted {
            Ok(()) => Ok(Exit::Interrupted),
            Err(error) => Err(Failure::Output(error)),
        },
        ended = looks(files, look) => ended,
    }
}

async fn looks(
    files: &FileArgs,
    mut look: impl AsyncFnMut() -> Result<Vec<u8>, Failure>,
) -> Result<Exit, Failure> {
    let connection = Connection::open(&files.cluster.connection()).await?;
    let mut notices = Notices::start(&connection, &files.cluster.options()).await?;
    let mut is_first = true;
    loop {
        match look().await {
            Ok(answer) => {
                if !output::is_read(&answer)? {
                    return Ok(Exit::Success);
                }
                notices.changed().await;
            }
            Err(failure) if is_first => return Err(failure),
            Err(failure) => {
                say(&format!("warning: {failure}"));
                // It may be over without a change.
                let _ = tokio::time::timeout(AGAIN, notices.changed()).await;
            }
        }
        is_first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_not_told_again() {
        let all = |items: &[(&str, u8)]| -> Vec<(String, u8)> {
            let items = items.iter();
            items.map(|(name, it)| ((*name).to_owned(), *it)).collect()
        };
        let before = all(&[("a", 1), ("b", 1), ("c", 1)]);
        let after = all(&[("a", 1), ("b", 2), ("d", 1)]);
        let told: Vec<_> = changed(&before, &after)
            .into_iter()
            .map(|(event, name, _)| (event.as_str(), name))
            .collect();
        assert_eq!(told, [("MODIFIED", "b"), ("ADDED", "d"), ("DELETED", "c")]);
        assert!(changed(&after, &after).is_empty());
    }
}
