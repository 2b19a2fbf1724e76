//! Regular expressions as Go's RE2 reads them. The crate's syntax is nearly the same; where the
//! two differ the pattern is rewritten, or refused when that is not possible.
//! <https://github.com/google/re2/wiki/Syntax>

use regex::Regex;

/// The names of functions whose second operand is a pattern.
pub(crate) fn takes_one(function: &str) -> bool {
    matches!(function, "matches" | "find" | "findAll")
}

/// A pattern, or what of it is not read here.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    let not_read = || format!("the regular expression `{pattern}`");
    let translated = translate(pattern).ok_or_else(not_read)?;
    Regex::new(&translated).map_err(|_| not_read())
}

/// The pattern with Go's ASCII classes; none where the two languages read it differently.
fn translate(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => escape(characters.next()?, in_class, &mut out)?,
            '[' if in_class => {
                // `[:alpha:]` is the same in both; a bare `[` is nested only in one.
                if characters.peek() == Some(&':') {
                    out.push('[');
                } else {
                    out.push_str("\\[");
                }
            }
            '[' => {
                in_class = true;
                out.push('[');
                if characters.peek() == Some(&'^') {
                    characters.next();
                    out.push('^');
                }
                if characters.peek() == Some(&']') {
                    characters.next();
                    out.push_str("\\]");
                }
            }
            ']' if in_class && out.ends_with(':') => out.push(']'),
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            // Set operations of the crate, plain characters to Go.
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(character);
            }
            '-' if in_class && out.ends_with('-') => return None,
            '(' if characters.peek() == Some(&'?') => group(&mut characters, &mut out)?,
            other => out.push(other),
        }
    }
    Some(out)
}

fn escape(escaped: char, in_class: bool, out: &mut String) -> Option<()> {
    match (escaped, in_class) {
        ('d', false) => out.push_str("[0-9]"),
        ('d', true) => out.push_str("0-9"),
        ('w', false) => out.push_str("[0-9A-Za-z_]"),
        ('w', true) => out.push_str("0-9A-Za-z_"),
        ('s', false) => out.push_str("[\\t\\n\\x0C\\r ]"),
        ('s', true) => out.push_str("\\t\\n\\x0C\\r "),
        ('D', _) => out.push_str("[^0-9]"),
        ('W', _) => out.push_str("[^0-9A-Za-z_]"),
        ('S', _) => out.push_str("[^\\t\\n\\x0C\\r ]"),
        ('b', false) => out.push_str("(?-u:\\b)"),
        ('A' | 'z', false) | ('n' | 't' | 'r' | 'f' | 'v' | 'a' | 'x', _) => {
            out.push('\\');
            out.push(escaped);
        }
        (punctuation, _) if punctuation.is_ascii_punctuation() => {
            out.push('\\');
            out.push(punctuation);
        }
        _ => return None,
    }
    Some(())
}

/// What follows `(?`: only plain groups, flags that are the same, and Go's names.
fn group(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    out: &mut String,
) -> Option<()> {
    out.push_str("(?");
    characters.next();
    let next = *characters.peek()?;
    match next {
        ':' | 'i' | 's' | 'm' | 'P' => Some(()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ascii_as_in_go() {
        for (pattern, text, matches) in [
            (r"^\d+$", "12", true),
            (r"^\d+$", "١٢", false),
            (r"^[\w-]+$", "a-b_1", true),
            (r"^\w+$", "é", false),
            (r"^\S+$", "a b", false),
            (r"^[[:alpha:]]+$", "ab", true),
            (r"^[a&&b]+$", "a&", true),
            (r"^[^]a]$", "b", true),
            (r"^[]a]$", "]", true),
            (r"(?i)^AB$", "ab", true),
            (r"\bcat\b", "a cat", true),
            (
                r"^system:serviceaccount:[a-z-]+:.*$",
                "system:serviceaccount:a:b",
                true,
            ),
            (r"^.*\.example\.com$", "x.example.com", true),
            (r"^[[]$", "[", true),
        ] {
            assert_eq!(
                compile(pattern).unwrap().is_match(text),
                matches,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn what_the_two_languages_read_differently_is_refused() {
        for pattern in [r"\pL", r"\Qa.b\E", "(?x)a b", r"\C", "(", "[z-a]", "a{2,1}"] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
    }
}
