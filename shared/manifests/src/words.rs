//! What the parser finds wrong, in the words of someone who writes manifests.

use granit_parser::ErrorKind;

/// A syntax error as one lowercase clause.
pub(crate) fn syntax(kind: &ErrorKind) -> String {
    let words = match kind {
        ErrorKind::TabInIndentation
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabAtBlockScalarStart => "a tab cannot indent a mapping or a list; use spaces",
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidBlockScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent => "this line is indented wrongly",
        ErrorKind::ExpectedBlockMappingKey => "a field (`name: value`) is expected here",
        ErrorKind::ExpectedBlockSequenceEntry => "a list item (`- value`) is expected here",
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            "a field's name is not followed by `:`"
        }
        ErrorKind::ExpectedFlowMappingSeparator => "`,` or `}` is expected here",
        ErrorKind::ExpectedFlowSequenceSeparator => "`,` or `]` is expected here",
        ErrorKind::UnexpectedEofFlowMapping | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            "a `{` is never closed"
        }
        ErrorKind::UnexpectedEofFlowSequence => "a `[` is never closed",
        ErrorKind::UnclosedFlowCollection { open } => return format!("a `{open}` is never closed"),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return format!("a `{open}` is closed by `{close}`");
        }
        ErrorKind::MisplacedFlowCollectionEnd => "a bracket is closed that was never opened",
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            "a quote is never closed"
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => "text follows a closing quote",
        ErrorKind::UnknownQuotedScalarEscape => "there is no such escape in a quoted string",
        ErrorKind::UnknownAnchor => "an alias (`*name`) names no anchor (`&name`)",
        ErrorKind::DirectiveDisallowed => "kubectl reads no YAML directives; remove the `%` line",
        ErrorKind::UnexpectedCharacter { character } => {
            return format!("`{character}` cannot begin a value; quote it");
        }
        ErrorKind::BlockSequenceEntryNotAllowed => "a list item (`- `) cannot stand here",
        ErrorKind::CommentInterceptedScalar => "a comment interrupts a value of several lines",
        ErrorKind::CommentNotSeparated => "a space is missing before `#`",
        ErrorKind::BomInsideDocument => "a byte order mark stands inside the document; remove it",
        ErrorKind::ExpectedDocumentStart => {
            "text follows the document's value; documents are separated by a line `---`"
        }
        other => return lowercase(&other.to_string()),
    };
    words.to_owned()
}

fn lowercase(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "this is not YAML".to_owned(),
    }
}
