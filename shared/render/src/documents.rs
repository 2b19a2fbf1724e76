//! The forms for programs. They hold the report as it is; what could drive a terminal is written
//! as an escape that reads back to the same text.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use crate::clean::is_deceptive;

/// A document as indented JSON, fields in the order of the contract, one line break at the end.
///
/// # Errors
/// When the writer fails or the document has no JSON form.
pub fn json(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    // Outside strings JSON holds none of these characters, so each may be escaped where it stands.
    let escaped = escape(&text, |character| character != '\n');
    out.write_all(escaped.as_bytes())?;
    out.write_all(b"\n")
}

/// A document as JSON on one line.
///
/// # Errors
/// When the writer fails or the document has no JSON form.
pub fn json_line(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let escaped = escape(&serde_json::to_string(document)?, |_| true);
    out.write_all(escaped.as_bytes())?;
    out.write_all(b"\n")
}

/// A document as YAML that YAML 1.1 and 1.2 read alike; keys are sorted, as `kubectl` has them.
///
/// # Errors
/// When the writer fails or the document has no JSON form.
pub fn yaml(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let value = serde_json::to_value(document)?;
    out.write_all(crate::yaml::document(&value).as_bytes())
}

pub(crate) fn escape(text: &str, applies: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if applies(character) && (character.is_control() || is_deceptive(character)) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_reads_back_the_same_and_holds_no_control_character() {
        let value = json!({"a": "\u{1b}[2J \u{9b}31m \u{202e} \u{e0041}\n", "b": [1, null, {}]});
        let mut out = Vec::new();
        json(&value, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            !text
                .chars()
                .any(|c| c != '\n' && c.is_control() || is_deceptive(c))
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }
}
