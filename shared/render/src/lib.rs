//! What a person or a program sees of a [`Report`]: pure functions into a writer, the same input
//! giving the same bytes. Everything that comes from manifests is shown with its control
//! characters spelt out, since whoever writes a manifest must not write to the terminal.

mod access;
mod age;
mod chain;
mod changes;
mod clean;
mod columns;
mod comparison;
mod connections;
mod connections_json;
mod documents;
mod explanation;
mod finding;
mod fleet;
mod grants;
mod headline;
mod layout;
mod matrix;
mod operators;
mod outside;
mod page;
mod paths;
mod rights;
mod summary;
mod table;
mod validations;
mod why;
mod wide;
mod words;
mod yaml;

use std::io::{self, Write};

use jiff::Timestamp;
use opsec_model::report::{OperatorList, ReportList};
use opsec_model::validation::ValidationList;
use opsec_model::{
    AccessAnswer, Comparison, ConnectionList, Explanation, NoticeCode, PathList, Posture,
    PostureList, Report, RightList, Topic,
};

pub use clean::clean;
pub use connections_json::ConnectionsJson;
pub use documents::{json, json_line, yaml};

use page::Page;

/// How to lay text out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Columns to fill; a word that is longer is never broken.
    pub width: usize,
    /// Whether words are also coloured; colour only repeats what the words say.
    pub color: bool,
    /// How many objects were judged, when the caller knows.
    pub objects: Option<usize>,
}

impl Default for Options {
    /// 100 columns, no colour.
    fn default() -> Self {
        Self {
            width: 100,
            color: false,
            objects: None,
        }
    }
}

/// The first view of a report: what was judged, what is at stake, one line a practice.
///
/// # Errors
/// When the writer fails.
pub fn table(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    table::write(&clean::document(report)?, options, out)
}

/// The whole report for a reader: by practice, then by severity, one block a finding.
///
/// # Errors
/// When the writer fails.
pub fn wide(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    wide::write(
        &clean::document(report)?,
        options,
        &mut Page::new(out, options),
    )
}

/// Since when operators' statuses are what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The time that ages are counted to.
    pub now: Timestamp,
    /// One for each report of a list, where it is known.
    pub since: Vec<Option<Timestamp>>,
}

/// Several reports as one line an operator, the worst first; where there is a history, since when.
///
/// # Errors
/// When the writer fails.
pub fn matrix(
    list: &ReportList,
    history: Option<&History>,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = &mut Page::new(out, options);
    matrix::write(&clean::document(list)?, history, page)
}

/// Postures over clusters, one line an operator; with `everything` all that is known of each, and
/// nothing is left out for want of room. Ages are counted to `now`.
///
/// # Errors
/// When the writer fails.
pub fn fleet(
    list: &PostureList,
    now: Timestamp,
    everything: bool,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let view = fleet::View { now, everything };
    view.write(&clean::document(list)?.items, &mut Page::new(out, options))
}

/// What became of an operator that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostureChange<'a> {
    /// What was known of it; absent: nothing was.
    pub before: Option<&'a Posture>,
    /// As it is now; absent: that is not told.
    pub after: Option<&'a Posture>,
    /// Whether it is no longer among those that are followed.
    pub is_gone: bool,
}

/// What became another of an operator that is followed, on one line.
///
/// # Errors
/// When the writer fails.
pub fn posture_change(
    change: PostureChange<'_>,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let before = change.before.map(clean::document).transpose()?;
    let after = change.after.map(clean::document).transpose()?;
    let change = PostureChange {
        before: before.as_ref(),
        after: after.as_ref(),
        ..change
    };
    fleet::change(change, &mut Page::new(out, options))
}

/// The operators of an input: why each is one, and what it consists of.
///
/// # Errors
/// When the writer fails.
pub fn operators(list: &OperatorList, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    operators::write(&clean::document(list)?, &mut Page::new(out, options))
}

/// What an operator's ServiceAccounts may do, account by account; with `everything` also who
/// grants it, and what every account has.
///
/// # Errors
/// When the writer fails.
pub fn rights(
    list: &RightList,
    everything: bool,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let view = rights::View {
        options,
        everything,
    };
    view.write(&clean::document(list)?, &mut Page::new(out, options))
}

/// What a practice, a rule or a right means.
///
/// # Errors
/// When the writer fails.
pub fn explanation(told: &Explanation, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    explanation::write(told, &mut Page::new(out, options))
}

/// Everything that can be explained.
///
/// # Errors
/// When the writer fails.
pub fn topics(topics: &[Topic], options: &Options, out: &mut dyn Write) -> io::Result<()> {
    explanation::topics(topics, &mut Page::new(out, options))
}

/// Whether an operator may, and by which grants.
///
/// # Errors
/// When the writer fails.
pub fn access(answer: &AccessAnswer, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    access::write(&clean::document(answer)?, &mut Page::new(out, options))
}

/// The chains from an operator's pods, hop by hop; with `everything` every place of each.
///
/// # Errors
/// When the writer fails.
pub fn paths(
    list: &PathList,
    everything: bool,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    paths::write(
        &clean::document(list)?,
        everything,
        options,
        &mut Page::new(out, options),
    )
}

/// Who reaches whom, a row for each who; with `everything` every destination by its name.
///
/// # Errors
/// When the writer fails.
pub fn connections(
    list: &ConnectionList,
    everything: bool,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    // There may be too many of them to be copied: what is shown is cleaned where it is written.
    connections::write(list, everything, &mut Page::new(out, options))
}

/// Whether rights stay within what is declared, a declaration at a time.
///
/// # Errors
/// When the writer fails.
pub fn validations(
    list: &ValidationList,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    validations::write(&clean::document(list)?, &mut Page::new(out, options))
}

/// What is gained and lost from one state of an operator to another; `states` is what a person calls
/// the two. What gains nothing is one line, unless `everything` is asked for.
///
/// # Errors
/// When the writer fails.
pub fn comparison(
    comparison: &Comparison,
    states: (&str, &str),
    everything: bool,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let view = comparison::View { states, everything };
    view.write(&clean::document(comparison)?, &mut Page::new(out, options))
}

/// What became another between two reports of one operator: its status, that of its practices, and
/// the findings that came (`+`) and went (`-`).
///
/// # Errors
/// When the writer fails.
pub fn changes(
    before: Option<&Report>,
    after: &Report,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let before = before.map(clean::document).transpose()?;
    let after = clean::document(after)?;
    changes::write(before.as_ref(), &after, &mut Page::new(out, options))
}

/// Rows below headings, aligned; the last column is not padded.
///
/// # Errors
/// When the writer fails.
pub fn columns(
    headings: &[&str],
    rows: &[Vec<String>],
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    columns::write(headings, rows, &mut Page::new(out, options))
}

/// A notice's code as JSON has it, as in `INVALID_OBJECT`.
pub(crate) fn code(code: NoticeCode) -> String {
    serde_json::to_value(code)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
