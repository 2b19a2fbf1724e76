//! Whoever writes a manifest chooses its names and labels, so no text of a report reaches a
//! terminal before what could move the cursor, hide text or reorder it is spelt out.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The text with every control, invisible or reordering character spelt out, as in `\u{1b}`.
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => clean.push_str("\\n"),
            '\r' => clean.push_str("\\r"),
            '\t' => clean.push_str("\\t"),
            _ if character.is_control() || is_deceptive(character) => {
                clean.extend(character.escape_unicode());
            }
            _ => clean.push(character),
        }
    }
    clean
}

/// Whether a printable-looking character hides or reorders what stands round it.
pub(crate) fn is_deceptive(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// A copy of a document in which every text is clean. It goes through the document's JSON, so a
/// field that is added later cannot be forgotten here.
pub(crate) fn document<T: Serialize + DeserializeOwned>(document: &T) -> io::Result<T> {
    let mut value = serde_json::to_value(document)?;
    clean_value(&mut value);
    Ok(serde_json::from_value(value)?)
}

fn clean_value(value: &mut Value) {
    match value {
        Value::String(text) => *text = clean(text),
        Value::Array(items) => items.iter_mut().for_each(clean_value),
        Value::Object(members) => members.values_mut().for_each(clean_value),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_drive_a_terminal_is_spelt_out() {
        for (text, expected) in [
            ("cert-manager", "cert-manager"),
            ("größe · 名", "größe · 名"),
            ("\u{1b}[2Jx", "\\u{1b}[2Jx"),
            ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{7f}", "\\u{7f}"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\u{200b}b", "a\\u{200b}b"),
        ] {
            assert_eq!(clean(text), expected);
        }
    }
}
