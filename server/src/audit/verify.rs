//! Reading an audit: every event of every file must follow the one before it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::chain::Head;
use super::files::{Part, failed};
use super::{AuditError, files};

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
/// `seen` hears of each head.
///
/// # Errors
/// When it cannot be read, or an event does not follow.
pub(super) fn follow(
    part: &Part,
    before: Option<Head>,
    mut seen: impl FnMut(&Head),
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
            None => first(part, &line).map_err(damaged)?,
        };
        let (next, _) = from.after(&line).map_err(damaged)?;
        seen(&next);
        head = Some(next);
        length += u64::try_from(read).unwrap_or_default();
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

/// Follows all files of a directory.
///
/// # Errors
/// When they cannot be read, an event does not follow, or there is none.
pub(super) fn verify(
    directory: &Path,
    mut seen: impl FnMut(&Head),
) -> Result<(Head, bool), AuditError> {
    let parts = files::parts(directory)?;
    let damaged = |path: &Path, problem: &str| AuditError::Damaged {
        path: path.to_owned(),
        problem: problem.to_owned(),
    };
    let Some(last) = parts.last().map(|part| part.first) else {
        return Err(damaged(directory, "it holds no audit"));
    };
    let (mut head, mut torn): (Option<Head>, bool) = (None, false);
    for part in &parts {
        let read = follow(part, head.take(), &mut seen)?;
        if !read.torn.is_empty() && part.first != last {
            return Err(damaged(&part.path, "its last line is not whole"));
        }
        torn = !read.torn.is_empty();
        head = Some(read.head);
    }
    let head = head.ok_or_else(|| damaged(directory, "it holds no audit"))?;
    Ok((head, torn))
}
