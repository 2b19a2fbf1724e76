//! What is gained and lost from one state of an operator to another. What gains nothing is one line.

use std::io;

use anstyle::Style;
use opsec_model::comparison::{
    ComparisonOutcome, Difference, FindingDifference, ObjectAspect, PodDifference, PodSetting,
    RightsDifference,
};
use opsec_model::declared_rights::GrantScope;
use opsec_model::report::FindingStatus;
use opsec_model::{Comparison, Danger, PathEnd};

use crate::chain::comes_to;
use crate::clean::clean;
use crate::page::{GREEN, Page, RED, Span, YELLOW};
use crate::validations::{rule, scope};
use crate::words::{count, distinct, handle, some};
use crate::{connections, layout};

/// How many lines of a kind stand here before they are counted.
const LINES: usize = 12;
/// How many names stand in a line before they are counted.
const NAMES: usize = 4;
/// The column at which lines of a kind begin.
const INDENT: usize = 16;

pub(crate) struct View<'a> {
    /// What a person calls the two states.
    pub(crate) states: (&'a str, &'a str),
    pub(crate) everything: bool,
}

/// Lines of one kind, under a heading.
struct Section {
    heading: &'static str,
    lines: Vec<Line>,
}

/// A line of a section.
enum Line {
    /// What the lines below it are about.
    Of(String),
    /// What only one state has.
    Only(String),
}

impl View<'_> {
    pub(crate) fn write(&self, told: &Comparison, page: &mut Page<'_>) -> io::Result<()> {
        self.headline(told, page)?;
        let nothing = told.outcome == ComparisonOutcome::NothingGained;
        for note in &told.notes {
            page.labelled("note", note)?;
        }
        let unknown = distinct(told.unknown.iter().map(String::as_str));
        for why in unknown {
            page.labelled("unknown", why)?;
        }
        if nothing && !self.everything {
            return Ok(());
        }
        for practice in &told.practices {
            let label = format!("practice {}", practice.number);
            let (before, after) = (practice.before, practice.after);
            page.labelled(&label, &format!("{before} → {after}: {}", practice.name))?;
        }
        self.difference(("Gained", "+", "before"), &told.gained, page)?;
        self.difference(("Lost", "-", "after"), &told.lost, page)
    }

    fn headline(&self, told: &Comparison, page: &mut Page<'_>) -> io::Result<()> {
        let (before, after) = (clean(self.states.0), clean(self.states.1));
        let operator = [&told.after, &told.before]
            .into_iter()
            .find_map(|state| state.operator.as_ref());
        let name = operator.map_or("", |operator| operator.name.as_str());
        let (word, style): (&str, Style) = match told.outcome {
            ComparisonOutcome::NothingGained => ("nothing gained", GREEN),
            ComparisonOutcome::Gained => ("GAINED", RED),
            ComparisonOutcome::Unknown => ("UNKNOWN", YELLOW),
        };
        let mut head = vec![
            Span::bold(name),
            Span::plain(" · "),
            Span::styled(word, style),
            Span::plain(format!(" from {before} to {after}")),
        ];
        let lost = format!("lost: {}", counts(&told.lost));
        if told.outcome == ComparisonOutcome::NothingGained {
            if !told.lost.is_empty() {
                let hint = if self.everything { "" } else { " (-o wide)" };
                head.push(Span::plain(format!(" · {lost}{hint}")));
            }
            return page.line(&head);
        }
        page.line(&head)?;
        let mut parts = vec![match told.outcome {
            ComparisonOutcome::Gained => format!("gained: {}", counts(&told.gained)),
            _ => "nothing is known to be gained".to_owned(),
        }];
        if !told.lost.is_empty() {
            parts.push(lost);
        }
        page.parts(&parts)
    }

    fn difference(
        &self,
        (heading, sign, other): (&str, &str, &str),
        difference: &Difference,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        if difference.is_empty() {
            return Ok(());
        }
        page.blank()?;
        page.line(&[Span::bold(heading)])?;
        for section in self.sections(difference, other) {
            self.section(&section, sign, page)?;
        }
        Ok(())
    }

    fn section(&self, section: &Section, sign: &str, page: &mut Page<'_>) -> io::Result<()> {
        let most = if self.everything { usize::MAX } else { LINES };
        let columns = page.width().saturating_sub(INDENT + 2);
        let mut heading = section.heading;
        for line in section.lines.iter().take(most) {
            let (mut sign, line) = match line {
                Line::Of(line) => (None, line),
                Line::Only(line) => (Some(sign), line),
            };
            let columns = if sign.is_some() { columns } else { columns + 2 };
            for part in layout::wrap(line, columns) {
                let margin = match sign {
                    Some(sign) => layout::pad(sign, 2),
                    None => String::new(),
                };
                page.line(&[
                    Span::dim(format!("  {}", layout::pad(heading, INDENT - 2))),
                    Span::plain(margin),
                    Span::plain(part),
                ])?;
                (heading, sign) = ("", sign.map(|_| ""));
            }
        }
        let more = section.lines.len().saturating_sub(most);
        if more > 0 {
            let text = format!("and {} (-o wide)", count(more, "more line"));
            page.line(&[Span::plain(" ".repeat(INDENT + 2)), Span::dim(text)])?;
        }
        Ok(())
    }

    fn sections(&self, difference: &Difference, other: &str) -> Vec<Section> {
        let Difference {
            rights,
            connections,
            pods,
            objects,
            paths,
            findings,
            gains,
        } = difference;
        let names = if self.everything { usize::MAX } else { NAMES };
        let gains: Vec<&str> = gains.iter().map(|gain| gain.as_str()).collect();
        let gains = (!gains.is_empty()).then(|| gains.join(", "));
        let objects = objects.iter();
        let objects =
            objects.map(|one| format!("{}: {} {}", one.aspect.as_str(), one.object, one.what));
        let all = [
            ("in short", only(gains)),
            ("chains", only(paths.iter().map(comes_to))),
            ("rights", rights_lines(rights)),
            ("connections", only(connections::lines(connections, names))),
            (
                "pods",
                pods.iter().flat_map(|it| pod_lines(it, other)).collect(),
            ),
            ("objects", only(objects)),
            (
                "findings",
                only(findings.iter().map(|it| finding_line(it, other))),
            ),
        ];
        all.into_iter()
            .filter(|(_, lines)| !lines.is_empty())
            .map(|(heading, lines)| Section { heading, lines })
            .collect()
    }
}

fn only(lines: impl IntoIterator<Item = String>) -> Vec<Line> {
    lines.into_iter().map(Line::Only).collect()
}

/// `3 rights, 1 chain to node`.
fn counts(difference: &Difference) -> String {
    let rights: usize = difference.rights.iter().map(|one| one.rules.len()).sum();
    let settings: usize = difference.pods.iter().map(|one| one.settings.len()).sum();
    let lines = connections::lines(&difference.connections, NAMES).len();
    let ends: Vec<&str> = PathEnd::ALL
        .into_iter()
        .filter(|end| difference.paths.iter().any(|path| path.end == *end))
        .map(PathEnd::as_str)
        .collect();
    let chains = difference.paths.len();
    let of_aspect = |aspect: ObjectAspect| {
        let all = difference.objects.iter();
        let number = all.filter(|one| one.aspect == aspect).count();
        (number, plural(number, aspect.as_str()))
    };
    let mut counted = vec![
        (rights, count(rights, "right")),
        (lines, count(lines, "connection")),
        (settings, count(settings, "pod setting")),
    ];
    counted.extend(ObjectAspect::ALL.map(of_aspect));
    let chains_to = format!("{} to {}", count(chains, "chain"), ends.join(", "));
    let findings = difference.findings.len();
    counted.extend([(chains, chains_to), (findings, count(findings, "finding"))]);
    let words = counted.into_iter().filter(|(number, _)| *number > 0);
    let words: Vec<String> = words.map(|(_, words)| words).collect();
    words.join(", ")
}

fn plural(number: usize, noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if number != 1 => format!("{number} {stem}ies"),
        _ => count(number, noun),
    }
}

/// Who and where, and below it rule by rule what, with what of it is dangerous.
fn rights_lines(rights: &[RightsDifference]) -> Vec<Line> {
    let mut lines = Vec::new();
    for difference in rights {
        let (account, place) = (&difference.service_account, scope(&difference.scope));
        let reach = match difference.scope {
            GrantScope::Named(_) => String::new(),
            GrantScope::Namespaces { .. } => format!(" (reach {})", difference.reach),
        };
        lines.push(Line::Of(format!("{account}, {place}{reach}")));
        lines.extend(difference.rules.iter().map(|one| {
            let (what, dangers) = (rule(&one.rule), danger_words(&one.dangers));
            Line::Only(format!("{what}{dangers}"))
        }));
    }
    lines
}

fn danger_words(dangers: &[Danger]) -> String {
    let words: Vec<String> = dangers
        .iter()
        .map(|danger| format!("{} {}", danger.right, danger.severity))
        .collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(": {}", some(&words, NAMES))
    }
}

fn pod_lines(difference: &PodDifference, called: &str) -> Vec<Line> {
    let level = difference.level.as_str();
    let head = match difference.other_level {
        Some(other) if other != difference.level => {
            let other = other.as_str();
            format!(
                "{}, which meets {level} ({called}: {other})",
                difference.component
            )
        }
        _ => format!("{}, which meets {level}", difference.component),
    };
    let settings = difference.settings.iter().map(|setting| {
        let PodSetting {
            level,
            field,
            message,
        } = setting;
        Line::Only(format!(
            "{field}: {message} ({} forbids it)",
            level.as_str()
        ))
    });
    std::iter::once(Line::Of(head)).chain(settings).collect()
}

fn finding_line(finding: &FindingDifference, called: &str) -> String {
    let rules = std::iter::once(&finding.rule).chain(&finding.also);
    let rules: Vec<&str> = rules.map(|rule| handle(rule)).collect();
    let accounts = finding.service_accounts.iter().map(ToString::to_string);
    let components = finding.components.iter().map(ToString::to_string);
    let subjects: Vec<String> = accounts.chain(components).collect();
    let whose = match subjects.as_slice() {
        [] => String::new(),
        subjects => format!(" [{}]", some(subjects, NAMES)),
    };
    let other = match (finding.other_severity, finding.other_status) {
        (Some(severity), Some(status)) => {
            format!(" ({called}: {severity} {})", status_word(status))
        }
        _ => String::new(),
    };
    format!(
        "OPSEC{} {} {}: {}{whose}{other}",
        rules.join(" "),
        finding.severity,
        status_word(finding.status),
        finding.title
    )
}

fn status_word(status: FindingStatus) -> &'static str {
    match status {
        FindingStatus::Fail => "FAIL",
        FindingStatus::Unknown => "UNKNOWN",
        FindingStatus::Accepted => "ACCEPTED",
        FindingStatus::Noted => "NOTED",
    }
}
