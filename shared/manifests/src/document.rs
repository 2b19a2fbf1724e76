//! A file into documents: text, split, parse.

use opsec_model::{FieldLines, Notice, NoticeCode, SourceLine};
use serde_json::Value;

use crate::compose::{Composed, Fault, compose};
use crate::error::ManifestError;
use crate::input::{Input, Limits};
use crate::json;
use crate::lines::lines;
use crate::memory::{Memory, TooMuch};
use crate::node::Node;
use crate::schemas::{Lines, is_definition, without_schemas};
use crate::split::{Chunk, split};
use crate::text::text;

/// One document of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its value.
    pub value: Value,
    /// The file as named on the command line.
    pub file: String,
    /// The document in the file, from 1.
    pub document: u32,
    /// Its first line in the file.
    pub line: u32,
    /// The line of each field by its path, as in `spec.rights[0].rules`.
    pub fields: FieldLines,
    /// What a reader must know of it: keys that stand twice.
    pub notices: Vec<Notice>,
}

/// The documents of one input, in order; those that are empty are left out.
///
/// # Errors
/// When the input is no text, no YAML, or passes a limit.
pub fn read_documents(input: &Input, limits: &Limits) -> Result<Vec<Document>, ManifestError> {
    let mut counts = Counts::default();
    let mut documents = Vec::new();
    let memory = Memory::new(limits.memory);
    parse(input, limits, Schemas::Read, &mut counts, &mut |parsed| {
        memory
            .take_tree(&parsed.root)
            .map_err(|TooMuch| too_much(&input.name, limits))?;
        documents.push(Document {
            file: input.name.clone(),
            document: parsed.document,
            line: parsed.root.line,
            fields: lines(&parsed.root),
            notices: parsed.notices,
            value: parsed.root.to_value(),
        });
        Ok(())
    })?;
    Ok(documents)
}

/// What has been read of all input so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    bytes: u64,
    documents: usize,
    nodes: usize,
}

/// Whether the schemas of CustomResourceDefinitions are parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schemas {
    /// They are.
    Read,
    /// They are not, where it is certain which lines they are.
    LeftOut,
}

/// A document with its lines.
#[derive(Debug, Clone)]
pub(crate) struct Parsed {
    /// Its value.
    pub root: Node,
    /// The document in the file, from 1.
    pub document: u32,
    /// Keys that stand twice.
    pub notices: Vec<Notice>,
}

/// What takes the documents one by one, so that no more than one is held.
pub(crate) type Sink<'a> = dyn FnMut(Parsed) -> Result<(), ManifestError> + 'a;

/// The documents of one input, counted against what was read before.
pub(crate) fn parse(
    input: &Input,
    limits: &Limits,
    schemas: Schemas,
    counts: &mut Counts,
    sink: &mut Sink<'_>,
) -> Result<(), ManifestError> {
    check_size(input, limits, counts)?;
    let text = text(&input.name, &input.bytes)?;
    let chunks = split(text).map_err(|bad| ManifestError::Document {
        file: input.name.clone(),
        document: bad.document,
        line: bad.line,
        column: 4,
        message: format!(
            "`{}` cannot follow `---`; only white space and a comment can",
            bad.rest.chars().take(40).collect::<String>()
        ),
        hint: hint(text),
    })?;
    counts.documents = counts.documents.saturating_add(chunks.len());
    if counts.documents > limits.documents {
        return Err(ManifestError::TooManyDocuments {
            file: input.name.clone(),
            documents: counts.documents,
            limit: limits.documents,
        });
    }
    for chunk in chunks {
        if schemas == Schemas::LeftOut
            && let Some(composed) = compose_without_schemas(chunk, limits, counts)
        {
            finish(&input.name, chunk, schemas, composed).map_or(Ok(()), &mut *sink)?;
        } else {
            parse_chunk(&input.name, chunk, limits, schemas, counts, sink)?;
        }
    }
    Ok(())
}

/// That the objects up to this file take too much memory.
pub(crate) fn too_much(file: &str, limits: &Limits) -> ManifestError {
    ManifestError::TooMuchMemory {
        file: file.to_owned(),
        limit: limits.memory,
    }
}

fn check_size(input: &Input, limits: &Limits, counts: &mut Counts) -> Result<(), ManifestError> {
    let bytes = input.bytes.len() as u64;
    if bytes > limits.file_bytes {
        return Err(ManifestError::FileTooLarge {
            file: input.name.clone(),
            bytes,
            limit: limits.file_bytes,
        });
    }
    counts.bytes = counts.bytes.saturating_add(bytes);
    if counts.bytes > limits.total_bytes {
        return Err(ManifestError::InputTooLarge {
            file: input.name.clone(),
            bytes: counts.bytes,
            limit: limits.total_bytes,
        });
    }
    Ok(())
}

/// A definition without its schemas; none when it has to be parsed whole.
fn compose_without_schemas(
    chunk: Chunk<'_>,
    limits: &Limits,
    counts: &mut Counts,
) -> Option<Composed> {
    let slim = without_schemas(chunk.text)?;
    let mut nodes = counts.nodes;
    let lines = Lines::new(chunk.first_line, &slim.gaps);
    let composed = compose(&slim.text, lines, limits, &mut nodes).ok()?;
    let proved = slim.is_proved_by(&composed, lines);
    if proved {
        counts.nodes = nodes;
    }
    proved.then_some(composed)
}

fn parse_chunk(
    file: &str,
    chunk: Chunk<'_>,
    limits: &Limits,
    schemas: Schemas,
    counts: &mut Counts,
    sink: &mut Sink<'_>,
) -> Result<(), ManifestError> {
    let before = counts.nodes;
    let lines = Lines::new(chunk.first_line, &[]);
    let fault = match compose(chunk.text, lines, limits, &mut counts.nodes) {
        Ok(composed) => return finish(file, chunk, schemas, composed).map_or(Ok(()), sink),
        Err(fault) => fault,
    };
    // JSON values may follow each other without `---`, which is no YAML.
    if matches!(fault, Fault::Syntax { .. }) && chunk.text.trim_start().starts_with('{') {
        counts.nodes = before;
        let values = json::values(chunk, limits, &mut counts.nodes);
        if let Some(values) = values.map_err(|fault| error(file, chunk, limits, fault))? {
            return values.into_iter().try_for_each(|root| {
                sink(Parsed {
                    root,
                    document: chunk.document,
                    notices: Vec::new(),
                })
            });
        }
    }
    Err(error(file, chunk, limits, fault))
}

fn finish(
    file: &str,
    chunk: Chunk<'_>,
    schemas: Schemas,
    mut composed: Composed,
) -> Option<Parsed> {
    if schemas == Schemas::LeftOut && composed.root.as_ref().is_some_and(is_definition) {
        // Whether a schema was left out or had to be parsed changes nothing that is said.
        composed.repeats.forget_schemas();
    }
    let document = chunk.document;
    let mut notices = composed.repeats.notices(file, document);
    if let Some(line) = composed.unread {
        let message = format!(
            "{file}: document {document} ends before line {line}; kubectl applies nothing that follows up to the next `---`, so it is not judged"
        );
        let at = SourceLine {
            file: file.to_owned(),
            document,
            line,
        };
        notices.push(Notice::new(NoticeCode::Input, message).at(at));
    }
    let root = composed.root.filter(|root| !root.is_null())?;
    Some(Parsed {
        root,
        document,
        notices,
    })
}

fn error(file: &str, chunk: Chunk<'_>, limits: &Limits, fault: Fault) -> ManifestError {
    let (file, document) = (file.to_owned(), chunk.document);
    match fault {
        Fault::Syntax {
            line,
            column,
            message,
        } => ManifestError::Document {
            file,
            document,
            line,
            column,
            message,
            hint: hint(chunk.text),
        },
        Fault::Depth(line) => ManifestError::TooDeep {
            file,
            document,
            line,
            limit: limits.depth,
        },
        Fault::Nodes(line) => ManifestError::TooManyNodes {
            file,
            document,
            line,
            limit: limits.nodes,
        },
    }
}

/// What to do about text that cannot be read, when it looks like a chart's template.
pub(crate) fn hint(text: &str) -> String {
    if text.contains("{{") {
        "; a chart's templates are rendered first: helm template … | kubectl opsec check … -f -"
            .to_owned()
    } else {
        String::new()
    }
}
