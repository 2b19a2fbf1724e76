//! Keys that stand twice in one object: what is said of them, and no more than can be read.

use opsec_model::{Notice, NoticeCode, SourceLine};

use crate::schemas::is_schema_or_below;

/// How many are named, of each document.
const NAMED: usize = 50;

/// How many characters of a path or a key are shown.
const SHOWN: usize = 200;

/// The keys that stand twice in a document. Those in schemas are counted apart, so that what is
/// said of the others does not depend on them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Repeats {
    elsewhere: Found,
    in_schemas: Found,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Found {
    named: Vec<Repeat>,
    more: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Repeat {
    path: String,
    first: u32,
    last: u32,
}

impl Repeats {
    /// Adds a key of the object at a path, with the line of the one that does not count and that
    /// of the one that does.
    pub(crate) fn push(&mut self, object: &str, key: &str, first: u32, last: u32) {
        let found = if is_schema_or_below(object) {
            &mut self.in_schemas
        } else {
            &mut self.elsewhere
        };
        if found.named.len() == NAMED {
            found.more += 1;
            return;
        }
        let dot = if object.is_empty() { "" } else { "." };
        let path = format!("{}{dot}{}", shortened(object), shortened(key));
        found.named.push(Repeat { path, first, last });
    }

    /// Forgets those in schemas.
    pub(crate) fn forget_schemas(&mut self) {
        self.in_schemas = Found::default();
    }

    /// What is said of them, in the order of their lines.
    pub(crate) fn notices(mut self, file: &str, document: u32) -> Vec<Notice> {
        let more = self.elsewhere.more + self.in_schemas.more;
        let mut named = self.elsewhere.named;
        named.append(&mut self.in_schemas.named);
        named.sort_by_key(|repeat| repeat.last);
        let notice = |message: String, line| {
            Notice::new(NoticeCode::DuplicateKey, message).at(SourceLine {
                file: file.to_owned(),
                document,
                line,
            })
        };
        let last_line = named.last().map_or(1, |repeat| repeat.last);
        let mut notices: Vec<Notice> = named
            .iter()
            .map(|Repeat { path, first, last }| {
                let message = format!(
                    "{file}: document {document} sets `{path}` on lines {first} and {last}; kubectl would apply the last, so the last is judged"
                );
                notice(message, *last)
            })
            .collect();
        if more > 0 {
            let message = format!(
                "{file}: document {document} sets {more} more fields twice; kubectl would apply the last of each, so the last is judged"
            );
            notices.push(notice(message, last_line));
        }
        notices
    }
}

/// A text, or its beginning and an ellipsis.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(repeats: Repeats) -> Vec<String> {
        let notices = repeats.notices("a.yaml", 2);
        notices.into_iter().map(|notice| notice.message).collect()
    }

    #[test]
    fn more_than_can_be_read_are_counted() {
        let mut repeats = Repeats::default();
        for line in 1..=53 {
            repeats.push("spec", &"k".repeat(300), line, line + 1);
        }
        let messages = messages(repeats);
        assert_eq!(messages.len(), 51);
        let (first, last) = (messages.first().unwrap(), messages.last().unwrap());
        assert!(
            first.len() < 500 && first.contains("kk…` on lines 1 and 2; "),
            "{first}"
        );
        assert!(
            last.starts_with("a.yaml: document 2 sets 3 more fields twice; "),
            "{last}"
        );
    }

    #[test]
    fn those_in_schemas_are_forgotten_and_change_nothing_of_the_others() {
        let mut repeats = Repeats::default();
        for line in 1..=60 {
            repeats.push(
                "spec.versions[0].schema.openAPIV3Schema",
                "a",
                line,
                line + 1,
            );
        }
        repeats.push("spec", "b", 70, 71);
        repeats.push("spec", "c", 60, 61);
        assert_eq!(messages(repeats.clone()).len(), 53);
        repeats.forget_schemas();
        let messages = messages(repeats);
        assert_eq!(messages.len(), 2);
        assert!(
            messages.first().unwrap().contains("`spec.c`"),
            "{messages:?}"
        );
    }
}
