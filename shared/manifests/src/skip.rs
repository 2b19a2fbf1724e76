//! Where the value below a key ends, by its lines alone.
//!
//! Kubectl takes quoted strings and brackets whose lines are indented less than their key, so
//! indentation alone does not say. Strings are followed; what could be read in two ways is given
//! up: anchors, aliases, tags, explicit keys (`? `), brackets over several lines, tabs before the
//! first word. What is no YAML may be taken for anything: parsed whole it would be an error.

/// A value's extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Its bytes.
    pub bytes: usize,
    /// Its lines.
    pub lines: usize,
}

/// The extent of the value of a key that stands at `indent` on the line before `text`, comments
/// and blank lines behind it included; none when it cannot be told.
pub(crate) fn value_below(text: &str, indent: usize) -> Option<Extent> {
    let mut state = State::Awaited(indent);
    let (mut bytes, mut lines) = (0, 0);
    for full in crate::text::lines(text) {
        let line = full.trim_end_matches(['\n', '\r']).as_bytes();
        let spaces = leading_spaces(line);
        match line.get(spaces) {
            None => {}
            Some(b'\t') => return None,
            Some(_) if spaces > indent => state = state.line(line, spaces)?,
            Some(_) if matches!(state, State::Quoted(_)) => return None,
            Some(b'#') => state = state.comment(),
            Some(_) => break,
        }
        bytes += full.len();
        lines += 1;
    }
    (!matches!(state, State::Quoted(_))).then_some(Extent { bytes, lines })
}

/// What the lines so far leave open. The numbers are columns: of the key or dash that a value
/// belongs to, than which its lines are deeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A key, or a list's item.
    Nothing,
    /// The value of a key or of a dash that has none on its line.
    Awaited(usize),
    /// An unquoted string, which deeper lines continue.
    Plain(usize),
    /// A block scalar (`|`, `>`), and the column of its first line once it is there.
    Block(usize, Option<usize>),
    /// A quoted string, up to this quote.
    Quoted(u8),
}

impl State {
    /// After a comment that is indented no deeper than the outermost key.
    fn comment(self) -> Self {
        match self {
            Self::Block(..) => Self::Nothing,
            other => other,
        }
    }

    /// After a line whose first word stands at column `spaces`.
    fn line(self, line: &[u8], spaces: usize) -> Option<Self> {
        match self {
            Self::Quoted(quote) => {
                return match quoted(line, spaces, quote) {
                    Some(end) => ends(line, end).then_some(Self::Nothing),
                    None => Some(self),
                };
            }
            Self::Block(parent, None) if spaces > parent => {
                return Some(Self::Block(parent, Some(spaces)));
            }
            Self::Block(_, Some(column)) if spaces >= column => return Some(self),
            Self::Plain(parent) if spaces > parent => return Some(self),
            _ => {}
        }
        if line.get(spaces) == Some(&b'#') {
            return Some(self.comment());
        }
        let awaited = match self {
            Self::Awaited(parent) if spaces > parent => Some(parent),
            _ => None,
        };
        entry(line, spaces, awaited)
    }
}

/// What a list's items and keys at a column leave open. `awaited` is where the value belongs that
/// may stand there instead.
fn entry(line: &[u8], mut column: usize, mut awaited: Option<usize>) -> Option<State> {
    while line.get(column) == Some(&b'-') && is_space_or_end(line, column + 1) {
        awaited = Some(column);
        column = spaces_behind(line, column + 1)?;
        if matches!(line.get(column), None | Some(b'#')) {
            return awaited.map(State::Awaited);
        }
    }
    let key_end = match line.get(column)? {
        quote @ (b'"' | b'\'') => match quoted(line, column + 1, *quote) {
            Some(end) => Some(end).filter(|end| !ends(line, *end)),
            None => None,
        },
        b'[' | b'{' | b'|' | b'>' => None,
        _ => plain_key(line, column),
    };
    let Some(end) = key_end else {
        return value(line, column, awaited?);
    };
    if begins_otherwise(line, column) {
        return None;
    }
    let colon = spaces_behind(line, end)?;
    if line.get(colon) != Some(&b':') || !is_space_or_end(line, colon + 1) {
        return None;
    }
    value(line, spaces_behind(line, colon + 1)?, column)
}

/// What a value that begins at a column leaves open.
fn value(line: &[u8], column: usize, parent: usize) -> Option<State> {
    let Some(first) = line.get(column) else {
        return Some(State::Awaited(parent));
    };
    let closed = |end: usize| ends(line, end).then_some(State::Nothing);
    match first {
        b'#' => Some(State::Awaited(parent)),
        quote @ (b'"' | b'\'') => match quoted(line, column + 1, *quote) {
            Some(end) => closed(end),
            None => Some(State::Quoted(*quote)),
        },
        b'[' | b'{' => closed(brackets(line, column)?),
        b'|' | b'>' => {
            // An indentation that is written out is given up.
            let chomping = matches!(line.get(column + 1), Some(b'+' | b'-'));
            ends(line, column + 1 + usize::from(chomping)).then_some(State::Block(parent, None))
        }
        _ if begins_otherwise(line, column) => None,
        _ => Some(State::Plain(parent)),
    }
}

/// Whether neither an unquoted string nor a key begins there.
fn begins_otherwise(line: &[u8], column: usize) -> bool {
    match line.get(column) {
        Some(b'-' | b'?' | b':') => is_space_or_end(line, column + 1),
        Some(
            b'&' | b'*' | b'!' | b'%' | b'@' | b'`' | b',' | b'[' | b']' | b'{' | b'}' | b'|'
            | b'>' | b'#',
        )
        | None => true,
        Some(_) => false,
    }
}

/// The end of an unquoted key: the colon behind it.
fn plain_key(line: &[u8], column: usize) -> Option<usize> {
    let mut before = b' ';
    for (at, byte) in line.iter().enumerate().skip(column) {
        match byte {
            b':' if is_space_or_end(line, at + 1) => return Some(at),
            b'#' if matches!(before, b' ' | b'\t') => return None,
            _ => before = *byte,
        }
    }
    None
}

/// The end of a quoted string on its line, behind the closing quote.
fn quoted(line: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = line.get(at..)?;
        let found = match quote {
            b'"' => memchr::memchr2(b'"', b'\\', rest)?,
            _ => memchr::memchr(quote, rest)?,
        };
        at += found + 1;
        if rest.get(found) == Some(&b'\\') {
            at += 1;
        } else if quote == b'"' || line.get(at) != Some(&quote) {
            return Some(at);
        } else {
            at += 1;
        }
    }
}

/// The end of brackets on their line, behind the closing one.
fn brackets(line: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut depth) = (from, 0_usize);
    // Only where a value begins are quotes and indicators what they seem.
    let mut begins = true;
    loop {
        let byte = *line.get(at)?;
        at += 1;
        match byte {
            b' ' => {}
            b'[' | b'{' if begins => depth += 1,
            b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
                begins = false;
            }
            b',' => begins = true,
            b'"' | b'\'' if begins => {
                at = quoted(line, at, byte)?;
                let colon = spaces_behind(line, at)?;
                begins = line.get(colon) == Some(&b':');
                at = if begins { colon + 1 } else { at };
            }
            b':' if is_space_or_end(line, at) => begins = true,
            b'-' if begins && is_space_or_end(line, at) => return None,
            b'[' | b'{' | b'"' | b'\'' | b'#' | b'\t' => return None,
            b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' | b'?' | b':' if begins => {
                return None;
            }
            _ => begins = false,
        }
    }
}

/// How many spaces a line begins with, sixteen at a time: indentation is most of what a schema is.
fn leading_spaces(line: &[u8]) -> usize {
    let mut spaces = 0;
    let (chunks, _) = line.as_chunks::<16>();
    for chunk in chunks {
        let others = u128::from_le_bytes(*chunk) ^ u128::from_le_bytes([b' '; 16]);
        spaces += (others.trailing_zeros() / 8) as usize;
        if others != 0 {
            return spaces;
        }
    }
    let rest = line.get(spaces..).unwrap_or_default();
    spaces + rest.iter().take_while(|byte| **byte == b' ').count()
}

/// Whether nothing follows but white space and a comment.
fn ends(line: &[u8], from: usize) -> bool {
    let rest = line.get(from..).unwrap_or_default();
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    match rest.get(spaces) {
        None => true,
        Some(byte) => *byte == b'#' && spaces > 0,
    }
}

/// The first column that is no space; none when a tab stands there.
fn spaces_behind(line: &[u8], from: usize) -> Option<usize> {
    let rest = line.get(from..).unwrap_or_default();
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    (rest.get(spaces) != Some(&b'\t')).then_some(from + spaces)
}

/// Whether white space or the line's end is there.
fn is_space_or_end(line: &[u8], at: usize) -> bool {
    matches!(line.get(at), None | Some(b' ' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_spaces_are_counted() {
        for spaces in 0..50 {
            for rest in ["", "a", "a b", "abcdefghijklmnopqrstuvwxyz", "\u{1}", "\t "] {
                let line = " ".repeat(spaces) + rest;
                assert_eq!(leading_spaces(line.as_bytes()), spaces, "{line:?}");
            }
        }
    }

    #[test]
    fn a_quoted_string_ends_at_its_own_quote() {
        for (line, end) in [
            ("a\" b", Some(2)),
            ("a\\\" b\"", Some(6)),
            ("a\\\\\" b", Some(4)),
            ("a\\", None),
            ("a' b", None),
        ] {
            assert_eq!(quoted(line.as_bytes(), 0, b'"'), end, "{line}");
        }
        for (line, end) in [
            ("a' b", Some(2)),
            ("a'' b'", Some(6)),
            ("a\\' b", Some(3)),
            ("a''", None),
        ] {
            assert_eq!(quoted(line.as_bytes(), 0, b'\''), end, "{line}");
        }
    }
}
