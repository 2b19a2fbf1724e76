//! The text of a CustomResourceDefinition without its schemas: nothing is judged by them, and they
//! are nearly all that large operators' manifests hold.
//!
//! INVARIANT: a text without schemas is used only when parsing it proves that each of them was the
//! whole value of an `openAPIV3Schema` where definitions have it ([`Slim::is_proved_by`]); all
//! other documents are parsed whole. A syntax error inside a schema is all that goes unnoticed.

use crate::compose::Composed;
use crate::node::{Data, Node};
use crate::object::KindRef;
use crate::skip::value_below;
use crate::text::narrow;

/// The key whose value is left out.
pub(crate) const SCHEMA: &str = "openAPIV3Schema";

/// A document's text without its schemas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Slim {
    /// The text.
    pub text: String,
    /// What was left out, in order.
    pub gaps: Vec<Gap>,
}

/// Lines that were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// The line of the text that is left, from 1, behind which they stood: that of the key.
    pub behind: u32,
    /// How many lines are missing up to here, those of earlier gaps included.
    pub missing: u32,
}

/// A document without its schemas; none when it is no definition, has no schema, or when it cannot
/// be told where one ends.
pub(crate) fn without_schemas(text: &str) -> Option<Slim> {
    if !looks_like_definition(text) || has_lone_carriage_return(text) {
        return None;
    }
    let mut slim = Slim::default();
    let (mut offset, mut copied) = (0, 0);
    let (mut line, mut missing) = (0, 0);
    let (mut in_spec, mut below_schema) = (false, false);
    while let Some(full) = first_line(text.get(offset..)?) {
        offset += full.len();
        line += 1;
        let content = full.trim_end();
        if !content.is_empty() && !content.starts_with([' ', '#']) {
            in_spec = content == "spec:";
        }
        if in_spec && below_schema && content.trim_start_matches(' ') == "openAPIV3Schema:" {
            let indent = content.len() - SCHEMA.len() - 1;
            let value = value_below(text.get(offset..)?, indent)?;
            slim.text.push_str(text.get(copied..offset)?);
            offset += value.bytes;
            copied = offset;
            missing += value.lines;
            slim.gaps.push(Gap {
                behind: narrow(line),
                missing: narrow(missing),
            });
        }
        below_schema = content.trim_start_matches([' ', '-']) == "schema:";
    }
    slim.text.push_str(text.get(copied..)?);
    (!slim.gaps.is_empty()).then_some(slim)
}

fn first_line(text: &str) -> Option<&str> {
    let end = memchr::memchr(b'\n', text.as_bytes()).map_or(text.len(), |newline| newline + 1);
    text.get(..end).filter(|line| !line.is_empty())
}

/// Whether a line at the margin says so. It may stand inside a string, which the proof finds out.
fn looks_like_definition(text: &str) -> bool {
    const KIND: &str = "kind: CustomResourceDefinition";
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(['\n', '\r', ' ']);
    memchr::memmem::find_iter(text.as_bytes(), KIND).any(|at| {
        let (before, rest) = text.split_at_checked(at).unwrap_or_default();
        (before.is_empty() || before.ends_with('\n')) && rest.strip_prefix(KIND).is_some_and(ends)
    })
}

/// A carriage return of its own is a line's end for YAML, which the scanner does not follow.
fn has_lone_carriage_return(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'))
}

impl Slim {
    /// Whether what was parsed from this text shows that each gap is the value of a definition's
    /// schema. The text before a gap is what it was, so the parser stands where it would stand in
    /// the whole document; what is left to prove is that it takes the line for such a key there,
    /// in a block, and that nothing copies the value elsewhere.
    pub(crate) fn is_proved_by(&self, composed: &Composed, lines: Lines<'_>) -> bool {
        if composed.has_anchors {
            return false;
        }
        let gaps = self.gaps.iter().map(|gap| lines.file_line(gap.behind));
        composed
            .root
            .as_ref()
            .filter(|root| is_definition(root))
            .is_some_and(|root| {
                let found: Vec<u32> = empty_schemas(root)
                    .filter(|line| composed.block_schemas.contains(line))
                    .collect();
                gaps.eq(found.iter().copied())
            })
    }
}

/// Whether a path is where definitions have a schema, or below.
pub(crate) fn is_schema_or_below(path: &str) -> bool {
    let of_version = |rest: &str| {
        let (index, rest) = rest.split_once(']')?;
        let below = rest.strip_prefix(".schema.openAPIV3Schema")?;
        let ends = below.is_empty() || below.starts_with(['.', '[']);
        Some(ends && index.bytes().all(|byte| byte.is_ascii_digit()))
    };
    path.strip_prefix("spec.versions[")
        .and_then(of_version)
        .unwrap_or(false)
}

/// Whether a document is a definition, and no list of them.
pub(crate) fn is_definition(root: &Node) -> bool {
    let kind = root
        .text("apiVersion")
        .zip(root.text("kind"))
        .map(|(api_version, kind)| KindRef::new(api_version, kind));
    kind.is_some_and(|kind| kind.is_definition()) && root.get("items").is_none()
}

/// The lines of a definition's empty schemas, in their order.
fn empty_schemas(root: &Node) -> impl Iterator<Item = u32> {
    let versions = root.get("spec").and_then(|spec| spec.get("versions"));
    let versions = match versions.map(|versions| &versions.data) {
        Some(Data::List(versions)) => versions,
        _ => &[][..],
    };
    versions
        .iter()
        .filter_map(|version| version.get("schema")?.member(SCHEMA))
        .filter(|schema| schema.value.is_null() && !schema.merged)
        .map(|schema| schema.line)
}

/// Lines of a text as lines of its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines<'a> {
    first: u32,
    gaps: &'a [Gap],
}

impl<'a> Lines<'a> {
    /// The lines of a text that begins on line `first` of its file.
    pub(crate) fn new(first: u32, gaps: &'a [Gap]) -> Self {
        Self { first, gaps }
    }

    /// The line in the file of a line of the text, from 1.
    pub(crate) fn file_line(self, line: u32) -> u32 {
        let before = self.gaps.partition_point(|gap| gap.behind < line);
        let missing = before
            .checked_sub(1)
            .and_then(|last| self.gaps.get(last))
            .map_or(0, |gap| gap.missing);
        self.first
            .saturating_add(line.saturating_sub(1))
            .saturating_add(missing)
    }
}

#[cfg(test)]
mod tests;
