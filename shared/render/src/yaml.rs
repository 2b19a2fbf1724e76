//! YAML that means the same to YAML 1.1 (kubectl) and 1.2: a string is plain only where no reader
//! could take it for anything else.

use std::fmt::Write as _;

use serde_json::Value;

use crate::clean::is_deceptive;

/// Words that some reader takes for a boolean or for nothing, in lower case.
const RESERVED: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// The document, with a line break at its end.
pub(crate) fn document(value: &Value) -> String {
    let mut out = String::new();
    match scalar(value) {
        Some(text) => {
            out.push_str(&text);
            out.push('\n');
        }
        None => block(value, 0, false, &mut out),
    }
    out
}

/// Writes a collection; `inline` when its first line goes on after a dash.
fn block(value: &Value, indent: usize, inline: bool, out: &mut String) {
    let margin = " ".repeat(indent);
    let mut first = inline;
    let mut margin_of_line = || {
        if std::mem::take(&mut first) {
            ""
        } else {
            &margin
        }
    };
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                out.push_str(margin_of_line());
                out.push_str(&string(key));
                out.push(':');
                // kubectl indents neither lists below their key nor what follows a dash further.
                let deeper = if member.is_array() {
                    indent
                } else {
                    indent + 2
                };
                after_key(member, deeper, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                out.push_str(margin_of_line());
                out.push_str("- ");
                match scalar(item) {
                    Some(text) => {
                        out.push_str(&text);
                        out.push('\n');
                    }
                    None => block(item, indent + 2, true, out),
                }
            }
        }
        _ => {}
    }
}

fn after_key(member: &Value, indent: usize, out: &mut String) {
    if let Some(text) = scalar(member) {
        out.push(' ');
        out.push_str(&text);
        out.push('\n');
    } else {
        out.push('\n');
        block(member, indent, false, out);
    }
}

/// What fits on one line: scalars and empty collections.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(string(text)),
        Value::Array(items) if items.is_empty() => Some("[]".to_owned()),
        Value::Object(members) if members.is_empty() => Some("{}".to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn string(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            _ if character.is_control() || is_deceptive(character) => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\U{:08x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn is_plain(text: &str) -> bool {
    let starts_as_word = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let harmless = |c: char| c.is_ascii_alphanumeric() || " ._-/()+,;'@".contains(c);
    // A date, a number and `.inf` do not begin with a letter, so only words are left.
    let reserved = RESERVED.contains(&text.to_ascii_lowercase().as_str());
    starts_as_word && text.chars().all(harmless) && !text.ends_with(' ') && !reserved
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_as_kubectl_does(text: &str) -> Value {
        let options = serde_saphyr::options! { legacy_octal_numbers: true };
        serde_saphyr::from_str_with_options(text, options).unwrap()
    }

    #[test]
    fn strings_that_look_like_something_else_are_quoted() {
        for text in [
            "yes",
            "No",
            "on",
            "OFF",
            "y",
            "true",
            "null",
            "~",
            "",
            " ",
            "010",
            "1_000",
            "1e3",
            "0x1f",
            "1.5",
            ".inf",
            "2027-03-31",
            "12:30:45",
            "- a",
            "a: b",
            "a #b",
            "#a",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "{a}",
            "[a]",
            "a\nb",
            "a\u{1b}b",
            "a\u{85}b",
            "a\u{2028}b",
            "a ",
            " a",
            "?",
            "=",
            "<<",
            "'a'",
            "\"a\"",
            "a\\b",
            "sha256:ab",
            "\u{feff}a",
            "\u{1f600}",
            "größe",
            "---",
            "...",
            "null ",
            "a:",
        ] {
            let value = json!({"text": text, "list": [text], text: 1});
            assert_eq!(read_as_kubectl_does(&document(&value)), value, "{text:?}");
        }
    }

    #[test]
    fn words_and_sentences_stay_plain() {
        assert_eq!(
            document(&json!({"kind": "Report", "title": "can create pods, anywhere"})),
            "kind: Report\ntitle: can create pods, anywhere\n"
        );
    }

    #[test]
    fn collections_nest_as_kubectl_prints_them() {
        let value = json!({"a": [{"b": [1, [2, 3]], "c": {}}, []], "d": {"e": null}});
        let text = document(&value);
        assert_eq!(
            text,
            "a:\n- b:\n  - 1\n  - - 2\n    - 3\n  c: {}\n- []\nd:\n  e: null\n"
        );
        assert_eq!(read_as_kubectl_does(&text), value);
    }
}
