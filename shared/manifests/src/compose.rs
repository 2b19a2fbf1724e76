//! One document's text into a [`Node`]: values, lines and repeated keys in a single pass.
//!
//! The parser gives events with positions; what a scalar means is in [`crate::scalar`]. Of equal
//! keys the last counts, as for kubectl, and both lines are kept for the notice. Merge keys (`<<`)
//! apply where they stand, also as for kubectl: they override what stands before them.

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{
    ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle,
};
use smol_str::{SmolStr, ToSmolStr as _};

use crate::aliases::Aliases;
use crate::input::Limits;
use crate::node::{Data, Member, Members, Node};
use crate::path::Path;
use crate::repeats::Repeats;
use crate::scalar;
use crate::schemas::{Lines, SCHEMA};
use crate::text::narrow;

/// A document's content.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Composed {
    /// Its value; absent when there is none.
    pub root: Option<Node>,
    /// Keys that stand twice in one object.
    pub repeats: Repeats,
    /// The line of text behind the document's end (`...`), which kubectl does not read.
    pub unread: Option<u32>,
    /// Whether a value has an anchor (`&name`), so that it may stand elsewhere too.
    pub has_anchors: bool,
    /// The lines of `openAPIV3Schema` in block mappings, wherever they are.
    pub block_schemas: BTreeSet<u32>,
}

/// Why a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not YAML as kubectl reads it.
    Syntax {
        /// The line in the file.
        line: u32,
        /// The column, from 1.
        column: u32,
        /// What is wrong.
        message: String,
    },
    /// It is nested too deeply.
    Depth(u32),
    /// The input holds too many values.
    Nodes(u32),
}

/// Reads a document's text, of which some lines may have been left out. `nodes` counts the values
/// of all input so far.
pub(crate) fn compose(
    text: &str,
    lines: Lines<'_>,
    limits: &Limits,
    nodes: &mut usize,
) -> Result<Composed, Fault> {
    let mut composer = Composer {
        parser: Parser::new_from_str_with_options(text, parser_options(limits)),
        lines,
        anchors: BTreeMap::new(),
        block_schemas: BTreeSet::new(),
        path: Path::default(),
        repeats: Repeats::default(),
        aliases: Aliases::default(),
        limits,
        nodes,
    };
    let (root, unread) = composer.document()?;
    Ok(Composed {
        root,
        repeats: composer.repeats,
        unread,
        has_anchors: !composer.anchors.is_empty(),
        block_schemas: composer.block_schemas,
    })
}

fn parser_options(limits: &Limits) -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    // kubectl's splitter takes the line that a directive needs.
    options.disallow_directives = true;
    // One more, so that ours is the limit that speaks.
    options.flow_nesting_limit = limits.depth.saturating_add(1);
    options.block_nesting_limit = limits.depth.saturating_add(1);
    options
}

struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    lines: Lines<'a>,
    anchors: BTreeMap<usize, Anchor>,
    block_schemas: BTreeSet<u32>,
    path: Path,
    repeats: Repeats,
    aliases: Aliases,
    limits: &'a Limits,
    nodes: &'a mut usize,
}

/// A value that has a name, kept for its aliases.
struct Anchor {
    node: Node,
    size: usize,
    height: usize,
}

impl<'a> Composer<'a> {
    fn document(&mut self) -> Result<(Option<Node>, Option<u32>), Fault> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart => {}
                Event::StreamEnd => return Ok((root, None)),
                Event::DocumentStart(..) if root.is_some() => {
                    return Ok((root, Some(self.line(&span))));
                }
                Event::DocumentStart(..) => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, &span, 1)?);
                }
                Event::DocumentEnd => {
                    // What follows is another document, which kubectl leaves unread even when
                    // it is no YAML.
                    match self.parser.next_event() {
                        Some(Ok((Event::StreamEnd, _))) | None => return Ok((root, None)),
                        Some(Ok((_, span))) => return Ok((root, Some(self.line(&span)))),
                        Some(Err(error)) if ended_explicitly(&span) => {
                            return Ok((root, Some(self.line_of(error.marker().line()))));
                        }
                        Some(Err(error)) => return Err(self.scan_fault(&error)),
                    }
                }
                _ => return Err(self.fault(&span, "the document does not begin with a value")),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.scan_fault(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, Fault> {
        if depth > self.limits.depth {
            return Err(Fault::Depth(self.line(span)));
        }
        if let Event::Alias(id) = event {
            return self.alias(id, span, depth);
        }
        self.count(1, span)?;
        self.aliases.written();
        self.check_aliases(span)?;
        let line = self.line(span);
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let value = scalar::value(&text, plain, tag.as_deref())
                    .map_err(|message| self.fault(span, &message))?;
                (Node::new(line, value), anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.list(line, depth)?, anchor),
            Event::MappingStart(style, anchor, _) => (self.object(line, depth, style)?, anchor),
            _ => return Err(self.fault(span, "a value is missing")),
        };
        if anchor > 0 {
            // Kept beside the document, so it counts as well: nested anchors are kept many times.
            let (size, height) = node.extent();
            self.count(size, span)?;
            self.copied(size, span)?;
            let node = node.clone();
            self.anchors.insert(anchor, Anchor { node, size, height });
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, span: &Span, depth: usize) -> Result<Node, Fault> {
        let Some(&Anchor { size, height, .. }) = self.anchors.get(&id) else {
            return Err(self.fault(span, "an anchor's value contains itself"));
        };
        if depth + height > self.limits.depth + 1 {
            return Err(Fault::Depth(self.line(span)));
        }
        // Counted before it is copied, so that a bomb costs nothing.
        self.count(size, span)?;
        self.copied(size, span)?;
        let line = self.line(span);
        let anchor = self.anchors.get(&id);
        let data = anchor.map_or(Data::Null, |anchor| anchor.node.data.clone());
        Ok(Node::new(line, data))
    }

    fn list(&mut self, line: u32, depth: usize) -> Result<Node, Fault> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Node::new(line, Data::List(items.into_boxed_slice())));
            }
            self.path.enter_item(items.len());
            items.push(self.node(event, &span, depth + 1)?);
            self.path.leave();
        }
    }

    fn object(&mut self, line: u32, depth: usize, style: StructureStyle) -> Result<Node, Fault> {
        let mut members = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Node::new(line, Data::Object(self.members(members))));
            }
            if is_merge(&event) {
                let (value_event, value_span) = self.next()?;
                let value = self.node(value_event, &value_span, depth + 1)?;
                self.merge(&mut members, value, &span)?;
                continue;
            }
            let key = self.key(event, &span, depth)?;
            let key_line = self.line(&span);
            if key == SCHEMA && style == StructureStyle::Block {
                self.block_schemas.insert(key_line);
            }
            self.path.enter_member(&key);
            let (value_event, value_span) = self.next()?;
            let value = self.node(value_event, &value_span, depth + 1)?;
            members.push((key, Member::new(key_line, value)));
            self.path.leave();
        }
    }

    /// An object's members as they stand; keys that stand twice are kept for the notice.
    fn members(&mut self, members: Vec<(SmolStr, Member)>) -> Members {
        let (path, repeats) = (&self.path, &mut self.repeats);
        let mut written = None;
        Members::new(members, |key, earlier, later| {
            if !earlier.merged {
                let object = written.get_or_insert_with(|| path.to_string());
                repeats.push(object, key, earlier.line, later.line);
            }
        })
    }

    fn merge(
        &self,
        members: &mut Vec<(SmolStr, Member)>,
        value: Node,
        span: &Span,
    ) -> Result<(), Fault> {
        let sources = match value.data {
            Data::Object(source) => vec![source],
            // The first of a list takes precedence, so it is applied last.
            Data::List(items) => items
                .into_vec()
                .into_iter()
                .rev()
                .map(|item| match item.data {
                    Data::Object(source) => Ok(source),
                    _ => Err(self.fault(span, MERGE_FAULT)),
                })
                .collect::<Result<_, _>>()?,
            _ => return Err(self.fault(span, MERGE_FAULT)),
        };
        let line = self.line(span);
        for (key, member) in sources.into_iter().flatten() {
            let member = Member {
                line,
                merged: true,
                ..member
            };
            members.push((key, member));
        }
        Ok(())
    }

    fn key(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<SmolStr, Fault> {
        // A plain string is by far the most frequent key.
        let node = self.node(event, span, depth)?;
        match node.data {
            Data::Text(text) => Ok(text),
            Data::Bool(flag) => Ok(flag.to_smolstr()),
            Data::Number(number) => Ok(number.to_smolstr()),
            _ => Err(self.fault(span, "a field's name must be a string")),
        }
    }

    fn copied(&mut self, size: usize, span: &Span) -> Result<(), Fault> {
        self.aliases.copied(size);
        self.check_aliases(span)
    }

    fn check_aliases(&self, span: &Span) -> Result<(), Fault> {
        if self.aliases.are_too_many() {
            return Err(self.fault(span, "aliases (`*name`) repeat too much of the document; kubectl refuses it too: write out what they stand for"));
        }
        Ok(())
    }

    fn count(&mut self, size: usize, span: &Span) -> Result<(), Fault> {
        *self.nodes = self.nodes.saturating_add(size);
        if *self.nodes > self.limits.nodes {
            return Err(Fault::Nodes(self.line(span)));
        }
        Ok(())
    }

    fn line(&self, span: &Span) -> u32 {
        self.line_of(span.start.line())
    }

    fn line_of(&self, in_chunk: usize) -> u32 {
        self.lines.file_line(narrow(in_chunk))
    }

    fn fault(&self, span: &Span, message: &str) -> Fault {
        Fault::Syntax {
            line: self.line(span),
            column: narrow(span.start.col() + 1),
            message: message.to_owned(),
        }
    }

    fn scan_fault(&self, error: &ScanError) -> Fault {
        let line = self.line_of(error.marker().line());
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
            return Fault::Depth(line);
        }
        let column = narrow(error.marker().col() + 1);
        Fault::Syntax {
            line,
            column,
            message: crate::words::syntax(error.kind()),
        }
    }
}

const MERGE_FAULT: &str = "`<<` takes an object or a list of objects";

/// Whether a key is the merge key: `<<`, unquoted.
fn is_merge(event: &Event<'_>) -> bool {
    match event {
        Event::Scalar(text, style, _, tag) => {
            text == "<<"
                && (tag.is_none() && *style == ScalarStyle::Plain
                    || tag
                        .as_ref()
                        .is_some_and(|tag| scalar::is_yaml_tag(tag, "merge")))
        }
        _ => false,
    }
}

/// Whether a document's end is written (`...`) and not just the text's.
fn ended_explicitly(span: &Span) -> bool {
    span.end.index() > span.start.index()
}
