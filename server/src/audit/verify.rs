//! Reading an audit: every event of every file must follow the one before it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::chain::{Head, Link};
use super::files::{Part, failed};
use super::{AuditError, files, prune, signed};

/// How far a clock may be set back, in milliseconds.
const CLOCK: i64 = 24 * 60 * 60 * 1_000;

/// What a file comes to.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) head: Head,
    /// Bytes of its whole lines.
    pub(super) length: u64,
    /// What stands after the last whole line.
    pub(super) torn: Vec<u8>,
}

/// Follows a file, from the head that it is to follow; without one from what its first event says.
/// `seen` hears of each head and its event.
///
/// # Errors
/// When it cannot be read, or an event does not follow.
pub(super) fn follow(
    part: &Part,
    before: Option<Head>,
    mut seen: impl FnMut(&Head, &Link),
) -> Result<Read, AuditError> {
    let io = failed(&part.path);
    let mut reader = BufReader::new(File::open(&part.path).map_err(&io)?);
    let (mut head, mut length, mut number) = (before, 0, 0_u64);
    loop {
        let mut line = Vec::new();
        let read = reader.read_until(b'\n', &mut line).map_err(&io)?;
        if read == 0 || line.last() != Some(&b'\n') {
            let head = head.ok_or_else(|| AuditError::Damaged {
                path: part.path.clone(),
                problem: "it holds no event".to_owned(),
            });
            return Ok(Read {
                head: head?,
                length,
                torn: line,
            });
        }
        number += 1;
        let damaged = |problem: String| AuditError::Damaged {
            path: part.path.clone(),
            problem: format!("line {number}: {problem}"),
        };
        let from = match head {
            Some(head) => head,
            None => first(part, &line).map_err(&damaged)?,
        };
        let (next, event) = from.after(&line).map_err(&damaged)?;
        if event.event.kind == "checkpoint" {
            is_of(&event.event.signature, &from).map_err(&damaged)?;
        }
        seen(&next, &event);
        head = Some(next);
        length += u64::try_from(read).unwrap_or_default();
    }
}

/// A signed checkpoint is of the head before it: a signature of another one is no signature.
fn is_of(signature: &str, before: &Head) -> Result<(), String> {
    if signature.is_empty() {
        return Ok(());
    }
    match signed::read(signature.as_bytes()) {
        Ok((head, _)) if head == *before => Ok(()),
        Ok(_) => Err("its signature is of another head".to_owned()),
        Err(problem) => Err(format!("its signature is none: {problem}")),
    }
}

/// What the first event of a file says that it follows.
fn first(part: &Part, line: &[u8]) -> Result<Head, String> {
    let entry: super::chain::Link =
        serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if entry.seq != part.first {
        return Err(format!(
            "event {} is not the one of the file's name",
            entry.seq
        ));
    }
    let head = Head {
        chain: entry.chain,
        seq: entry.seq.saturating_sub(1),
        hash: entry.prev,
    };
    if head.seq == 0 && head != Head::of_new(&head.chain) {
        return Err("the first event does not begin its chain".to_owned());
    }
    Ok(head)
}

/// What a directory comes to.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) head: Head,
    /// Whether a last line is not whole.
    pub(super) torn: bool,
    /// Up to where events were pruned.
    pub(super) anchor: Option<prune::Anchor>,
}

/// Follows all files of a directory, from the first event of all, or from where they were pruned.
///
/// # Errors
/// When they cannot be read, an event does not follow, or there is none.
pub(super) fn verify(
    directory: &Path,
    mut seen: impl FnMut(&Head, &Link),
) -> Result<Verified, AuditError> {
    let parts = files::parts(directory)?;
    let damaged = |path: &Path, problem: &str| AuditError::Damaged {
        path: path.to_owned(),
        problem: problem.to_owned(),
    };
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return Err(damaged(directory, "it holds no audit"));
    };
    let anchor = prune::anchor(directory)?;
    let mut met = anchor.is_none();
    let mut head = begin(first, anchor.as_ref(), &mut met)?;
    let mut torn = false;
    for part in &parts {
        let read = follow(part, head.take(), |head, link| {
            met |= anchor.as_ref().is_some_and(|anchor| anchor.head == *head);
            seen(head, link);
        })?;
        if !read.torn.is_empty() && part.first != last.first {
            return Err(damaged(&part.path, "its last line is not whole"));
        }
        torn = !read.torn.is_empty();
        head = Some(read.head);
    }
    if !met {
        let problem = "events do not go through where they were pruned";
        return Err(damaged(&first.path, problem));
    }
    let head = head.ok_or_else(|| damaged(directory, "it holds no audit"))?;
    Ok(Verified { head, torn, anchor })
}

/// What the first file follows: nothing, or what was pruned.
fn begin(
    first: &Part,
    anchor: Option<&prune::Anchor>,
    met: &mut bool,
) -> Result<Option<Head>, AuditError> {
    let pruned = anchor.map_or(0, |anchor| anchor.head.seq);
    if first.first > pruned + 1 {
        return Err(AuditError::Damaged {
            path: first.path.clone(),
            problem: format!("events {} to {} are missing", pruned + 1, first.first - 1),
        });
    }
    // Pruning that was broken off leaves files that it would have removed.
    if first.first == pruned + 1 && anchor.is_some() {
        *met = true;
        return Ok(anchor.map(|anchor| anchor.head.clone()));
    }
    Ok(None)
}

/// Which of some ids of events are written down, the newest file first. None is older than `since`,
/// milliseconds since 1970.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn written(
    directory: &Path,
    ids: &BTreeSet<String>,
    since: i64,
) -> Result<BTreeSet<String>, AuditError> {
    let mut found = BTreeSet::new();
    for part in files::parts(directory)?.iter().rev() {
        let mut newest = i64::MIN;
        let _ = follow(part, None, |_, link| {
            if ids.contains(&link.event.id) {
                found.insert(link.event.id.clone());
            }
            let time = link.time.parse::<jiff::Timestamp>();
            newest = time.map_or(newest, jiff::Timestamp::as_millisecond);
        })?;
        // A clock that was set back in between is not believed by much.
        if found.len() == ids.len() || newest.saturating_add(CLOCK) < since {
            break;
        }
    }
    Ok(found)
}
