//! Files into documents, as kubectl splits them: at lines that begin with `---`, before anything
//! is parsed.

use crate::text::{line_ends, lines, narrow};

/// One document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk<'a> {
    /// The text, without the line of its separator.
    pub text: &'a str,
    /// The line of the file on which the text begins, from 1.
    pub first_line: u32,
    /// Which document of the file it is, from 1.
    pub document: u32,
}

/// A line that begins with `---` and is no separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadSeparator {
    /// The line in the file.
    pub line: u32,
    /// The document that it would end.
    pub document: u32,
    /// What follows the dashes.
    pub rest: String,
}

/// The documents of a file that hold more than blank lines and comments.
pub(crate) fn split(text: &str) -> Result<Vec<Chunk<'_>>, BadSeparator> {
    let mut chunks = Vec::new();
    let (mut start, mut line, mut document) = (0, 1, 1);
    for dashes in separators(text) {
        let piece = text.get(start..dashes).unwrap_or_default();
        let first_line = line;
        line += narrow(line_ends(piece));
        let rest = text.get(dashes + 3..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
        let rest = rest.get(..length).unwrap_or_default().trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            let rest = rest.to_owned();
            return Err(BadSeparator {
                line,
                document,
                rest,
            });
        }
        if keep(&mut chunks, piece, first_line, document) {
            document += 1;
        }
        start = dashes + 3 + length;
        line += 1;
    }
    keep(
        &mut chunks,
        text.get(start..).unwrap_or_default(),
        line,
        document,
    );
    Ok(chunks)
}

/// Where lines begin with `---`.
fn separators(text: &str) -> impl Iterator<Item = usize> {
    let first = text.starts_with("---").then_some(0);
    let others = memchr::memmem::find_iter(text.as_bytes(), "\n---").map(|newline| newline + 1);
    first.into_iter().chain(others)
}

fn keep<'a>(chunks: &mut Vec<Chunk<'a>>, text: &'a str, first_line: u32, document: u32) -> bool {
    let says_something = lines(text)
        .map(str::trim_start)
        .any(|line| !line.is_empty() && !line.starts_with('#'));
    if says_something {
        chunks.push(Chunk {
            text,
            first_line,
            document,
        });
    }
    says_something
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Vec<(u32, u32)> {
        let chunks = split(text).unwrap();
        chunks
            .iter()
            .map(|chunk| (chunk.document, chunk.first_line))
            .collect()
    }

    #[test]
    fn documents_end_at_dashes_followed_by_white_space_a_comment_or_the_lines_end() {
        for separator in ["---", "--- ", "---\t", "--- # next", "---#next", "---\r"] {
            assert_eq!(
                documents(&format!("a: 1\n{separator}\nb: 2\n")),
                [(1, 1), (2, 3)],
                "{separator:?}"
            );
        }
        for indented in [" ---", "x ---"] {
            assert_eq!(
                documents(&format!("a: |\n {indented}\nb: 2\n")),
                [(1, 1)],
                "{indented:?}"
            );
        }
    }

    #[test]
    fn other_text_after_the_dashes_is_an_error() {
        for separator in ["---foo", "--- {a: 1}", "----"] {
            let bad = split(&format!("a: 1\n---\nb: 1\n{separator}\n")).unwrap_err();
            assert_eq!((bad.line, bad.document), (4, 2), "{separator:?}");
        }
    }

    #[test]
    fn empty_documents_and_those_of_only_comments_are_nothing() {
        assert_eq!(documents(""), []);
        assert_eq!(documents("---\n---\n# a\n  # b\n---\n\n"), []);
        assert_eq!(
            documents("# licence\n---\na: 1\n---\n---\nb: 1\n"),
            [(1, 3), (2, 6)]
        );
    }
}
