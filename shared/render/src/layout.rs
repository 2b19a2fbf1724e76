//! Columns are counted as a terminal shows them, not in bytes; lines break between words only.

use unicode_width::UnicodeWidthStr;

/// Keeps two words together; printed as a space.
pub(crate) const GLUE: char = '\u{a0}';

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text padded with spaces to so many columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// The text in lines of at most so many columns, broken at spaces; a word that is longer stands
/// on a line of its own, whole.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    for line in &mut lines {
        *line = line.replace(GLUE, " ");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_never_broken() {
        assert_eq!(
            wrap("a validatingwebhookconfigurations b c", 10),
            ["a", "validatingwebhookconfigurations", "b c"]
        );
    }

    #[test]
    fn glued_words_stay_on_one_line() {
        assert_eq!(wrap("pods (303\u{a0}+6)", 9), ["pods", "(303 +6)"]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(pad("名", 4), "名  ");
        assert_eq!(wrap("名名 名名", 8), ["名名", "名名"]);
    }
}
