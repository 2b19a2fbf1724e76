//! Bytes into text: UTF-8 with or without a byte order mark, and nothing that hides a line.

use crate::error::ManifestError;

/// The text of a file without its byte order mark.
///
/// # Errors
/// When it is not UTF-8, or holds a line break that not every reader sees.
pub(crate) fn text<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, ManifestError> {
    if is_utf16(bytes) {
        return Err(fault(file, 1, 1, "the file is UTF-16; save it as UTF-8"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let (line, column) = position(&String::from_utf8_lossy(valid));
        fault(file, line, column, "the file is not UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(at) = hidden_break(text) {
        let (before, rest) = text.split_at(at);
        let (line, column) = position(before);
        let code = rest.chars().next().map_or(0, u32::from);
        let message = format!(
            "the character U+{code:04X} starts a new line for kubectl and not for every reader, so it can hide a field; remove it"
        );
        return Err(fault(file, line, column, &message));
    }
    Ok(text)
}

/// UTF-16 has a byte order mark, or a zero byte beside the first (ASCII) character.
fn is_utf16(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [0, second, ..] => *second != 0,
        [first, 0, ..] => *first != 0,
        _ => false,
    }
}

/// The first character that starts a new line for kubectl and not for every reader of the same
/// file, so that it can hide a key from one of them: U+0085, U+2028, U+2029.
fn hidden_break(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(0xc2, 0xe2, bytes).find(|&at| {
        matches!(
            bytes.get(at..),
            Some([0xc2, 0x85, ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..])
        )
    })
}

/// The lines of a text with their ends.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut ends = memchr::memchr_iter(b'\n', text.as_bytes());
    let mut rest = 0..text.len();
    std::iter::from_fn(move || {
        let end = ends.next().map_or(rest.end, |newline| newline + 1);
        let line = text.get(rest.start..end).filter(|line| !line.is_empty());
        rest.start = end;
        line
    })
}

/// How many lines end in a text.
pub(crate) fn line_ends(text: &str) -> usize {
    memchr::memchr_iter(b'\n', text.as_bytes()).count()
}

fn position(before: &str) -> (u32, u32) {
    let line = line_ends(before) + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (narrow(line), narrow(column))
}

/// A position as it is printed; files are far smaller than what `u32` counts.
pub(crate) fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn fault(file: &str, line: u32, column: u32, message: &str) -> ManifestError {
    ManifestError::Text {
        file: file.to_owned(),
        line,
        column,
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_read_with_and_without_a_byte_order_mark() {
        assert_eq!(text("a.yaml", b"kind: X\n").unwrap(), "kind: X\n");
        assert_eq!(
            text("a.yaml", b"\xef\xbb\xbfkind: X\n").unwrap(),
            "kind: X\n"
        );
        assert_eq!(text("a.yaml", b"").unwrap(), "");
    }

    #[test]
    fn lines_are_those_of_the_standard_library() {
        for text in ["", "\n", "a", "a\n", "a\nb", "\n\na\r\n\n", "é\nü"] {
            let expected: Vec<&str> = text.split_inclusive('\n').collect();
            assert_eq!(lines(text).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }

    #[test]
    fn other_encodings_are_refused_with_what_to_do() {
        for bytes in [&b"\xff\xfek\0"[..], b"\xfe\xff\0k", b"k\0i\0", b"\0k\0i"] {
            assert_eq!(
                text("a.yaml", bytes).unwrap_err().to_string(),
                "a.yaml: line 1, column 1: the file is UTF-16; save it as UTF-8"
            );
        }
        assert_eq!(
            text("a.yaml", b"a: 1\nb: \xff\n").unwrap_err().to_string(),
            "a.yaml: line 2, column 4: the file is not UTF-8"
        );
    }

    #[test]
    fn line_breaks_that_not_every_reader_sees_are_refused() {
        for (character, code) in [
            ('\u{85}', "U+0085"),
            ('\u{2028}', "U+2028"),
            ('\u{2029}', "U+2029"),
        ] {
            let error = text("a.yaml", format!("a: 1 # x{character}b: 2").as_bytes())
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("a.yaml: line 1, column 9: the character "),
                "{error}"
            );
            assert!(error.contains(code), "{error}");
        }
    }
}
