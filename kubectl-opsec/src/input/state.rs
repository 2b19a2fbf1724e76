//! One of two states that are compared, by the one word that names it.

use std::ffi::OsStr;
use std::path::Path;

use opsec_gather::{PathOrStdin, read_files};
use serde::Deserialize;

use super::{Gathered, from_bytes, saved};
use crate::args::{LimitArgs, ReadingArgs};
use crate::document::Document;
use crate::failure::Failure;

/// What names a baseline that is kept.
const KEPT: &str = "baseline:";

/// One of two states.
#[derive(Debug)]
pub(crate) enum State {
    /// Facts of an operator.
    Facts(Box<Gathered>),
    /// A baseline document.
    Baseline(Document),
    /// A baseline that is kept, by its name.
    Kept(String),
}

/// Reads a state: what it is stands in the file.
///
/// # Errors
/// When it cannot be read, or is no manifest.
pub(crate) fn state(
    word: &OsStr,
    reading: &ReadingArgs,
    limits: &LimitArgs,
) -> Result<State, Failure> {
    if let Some(name) = word.to_str().and_then(|word| word.strip_prefix(KEPT)) {
        return Ok(State::Kept(name.to_owned()));
    }
    let paths = [PathOrStdin::from_arg(word)];
    let mut stdin = std::io::stdin().lock();
    let inputs = read_files(&paths, reading.recursive, &mut stdin, &limits.limits())?;
    if let [only] = inputs.as_slice() {
        match kind(&only.bytes).as_deref() {
            Some("Snapshot") if word != "-" => {
                return Ok(State::Facts(Box::new(super::saved(
                    reading,
                    Path::new(word),
                )?)));
            }
            Some("Snapshot") => {
                let gathered = saved::of_bytes(only.name.clone(), &only.bytes)?;
                return Ok(State::Facts(Box::new(gathered)));
            }
            Some("OperatorBaseline") => {
                return Ok(State::Baseline(Document {
                    file: only.name.clone(),
                    content: only.bytes.clone(),
                }));
            }
            _ => {}
        }
    }
    let gathered = from_bytes((reading, limits), inputs)?;
    Ok(State::Facts(Box::new(gathered)))
}

/// The kind that a document says it is, as far as it says so where documents do: at the top.
fn kind(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        kind: Option<String>,
    }
    let is_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if is_json {
        return serde_json::from_slice::<Head>(bytes).ok()?.kind;
    }
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().find_map(|line| line.strip_prefix("kind:"))?;
    let word = line.split(" #").next().unwrap_or_default().trim();
    Some(word.trim_matches(['"', '\'']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_what_it_is() {
        for (text, expected) in [
            ("{\"kind\": \"Snapshot\", \"source\": {}}", Some("Snapshot")),
            (
                "# mine\napiVersion: a/v1\nkind: OperatorBaseline # of ours\n",
                Some("OperatorBaseline"),
            ),
            ("kind: \"OperatorBaseline\"\n", Some("OperatorBaseline")),
            ("spec:\n  kind: Snapshot\n", None),
            ("{\"kind\": ", None),
            ("", None),
        ] {
            assert_eq!(kind(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }
}
