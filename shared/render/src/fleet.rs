//! Postures over clusters, one line an operator: by cluster, the worst first. What has no room on a line
//! is left out by whole columns, and that is said.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use jiff::Timestamp;
use opsec_model::posture::CollectionMode;
use opsec_model::{Posture, Status};

use crate::PostureChange;
use crate::age::age;
use crate::layout::width;
use crate::page::{Page, Span};
use crate::words::{count, letter, severity_span, status_span};

/// Spaces between two columns; between the marks of practices there is one.
const GAP: usize = 2;

/// How postures are laid out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    /// The time that ages are counted to.
    pub(crate) now: Timestamp,
    /// Whether everything is shown, however long lines become.
    pub(crate) everything: bool,
}

/// What a column says of an operator.
type Cell = fn(&Posture) -> Span;

/// One column.
struct Column {
    heading: &'static str,
    /// Spaces after it.
    gap: usize,
    cells: Vec<Span>,
    /// Whether it goes where there is no room: the greatest first.
    spare: u8,
}

impl Column {
    fn new(heading: &'static str, spare: u8, cells: impl Iterator<Item = Span>) -> Self {
        Self {
            heading,
            gap: GAP,
            cells: cells.collect(),
            spare,
        }
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| width(&cell.text));
        cells.max().unwrap_or(0).max(width(self.heading))
    }
}

impl View {
    pub(crate) fn write(self, postures: &[Posture], page: &mut Page<'_>) -> io::Result<()> {
        let mut rows: Vec<&Posture> = postures.iter().collect();
        rows.sort_by_key(|one| {
            let worst = (Reverse(one.status), Reverse(one.worst()));
            (&one.cluster, worst, one.operator_name(), &one.operator)
        });
        let mut columns = self.columns(&rows);
        let left_out = if self.everything {
            Vec::new()
        } else {
            fit(&mut columns, page.width())
        };
        lines(&columns, rows.len(), page)?;
        page.blank()?;
        let mut legend = vec!["P pass, F fail, ? unknown, – nothing to judge".to_owned()];
        let has = |heading| columns.iter().any(|column| column.heading == heading);
        match (has("FACTS"), has("MODE")) {
            (true, true) => legend.push("FACTS: how old; MODE: who read them".to_owned()),
            (true, false) => legend.push("FACTS: how old".to_owned()),
            _ => {}
        }
        if !left_out.is_empty() {
            legend.push(format!("no room for {}: -o wide", left_out.join(", ")));
        }
        page.parts(&legend)?;
        page.parts(&summary(&rows))
    }

    fn columns(self, rows: &[&Posture]) -> Vec<Column> {
        let named = names(rows);
        let of = |cell: &dyn Fn(&Posture) -> Span| -> Vec<Span> {
            rows.iter().map(|posture| cell(posture)).collect()
        };
        let column = |heading, spare, cell: &dyn Fn(&Posture) -> Span| {
            Column::new(heading, spare, of(cell).into_iter())
        };
        let mut columns = vec![
            column("CLUSTER", 0, &|one| Span::plain(one.cluster.as_str())),
            column("OPERATOR", 0, &|one| {
                let is_told_apart = self.everything || named.contains(&key(one));
                let name = if is_told_apart {
                    &one.operator
                } else {
                    one.operator_name()
                };
                Span::plain(name)
            }),
        ];
        for (number, heading) in (1..=6).zip(["1", "2", "3", "4", "5", "6"]) {
            let mut marks = column(heading, 0, &|one| {
                let status = one.practice(number);
                status_span(letter(status).to_owned(), status)
            });
            marks.gap = if number == 6 { GAP } else { 1 };
            columns.push(marks);
        }
        columns.push(column("WORST", 1, &worst));
        if self.everything {
            columns.push(column("GAINS", 0, &gains));
        }
        columns.push(column("SINCE", 0, &|one| {
            Span::plain(age(one.status_since_time, self.now))
        }));
        columns.push(column("FACTS", 2, &|one| {
            Span::plain(age(one.gather_time, self.now))
        }));
        columns.push(column("MODE", 3, &|one| Span::plain(mode(one.mode))));
        if self.everything {
            columns.push(column("BASELINE", 0, &baseline));
            columns.push(column("CHECK", 0, &|one| Span::plain(one.check.as_str())));
        }
        columns
    }
}

/// Takes columns away until a line has room for the others; the headings of those that went.
fn fit(columns: &mut Vec<Column>, room: usize) -> Vec<&'static str> {
    let mut left_out = Vec::new();
    loop {
        let taken: usize = columns.iter().map(|one| one.width() + one.gap).sum();
        let sparest = columns.iter().enumerate().max_by_key(|(_, one)| one.spare);
        match sparest {
            Some((place, column)) if column.spare > 0 && taken > room + GAP => {
                left_out.push(column.heading);
                columns.remove(place);
            }
            _ => return left_out,
        }
    }
}

fn lines(columns: &[Column], rows: usize, page: &mut Page<'_>) -> io::Result<()> {
    let line = |cell: &dyn Fn(&Column) -> Span| -> Vec<Span> {
        let cells = columns.iter().flat_map(|column| {
            let padded = cell(column).padded(column.width());
            [padded, Span::plain(" ".repeat(column.gap))]
        });
        cells.collect()
    };
    page.line(&line(&|column| Span::bold(column.heading)))?;
    for row in 0..rows {
        page.line(&line(&|column| {
            let cell = column.cells.get(row);
            cell.cloned().unwrap_or_else(|| Span::plain(""))
        }))?;
    }
    Ok(())
}

/// Where an operator is: its cluster and its name.
type Key<'a> = (&'a str, &'a str);

fn key(posture: &Posture) -> Key<'_> {
    (&posture.cluster, posture.operator_name())
}

/// Names that two operators of one cluster share.
fn names<'a>(rows: &[&'a Posture]) -> BTreeSet<Key<'a>> {
    let mut known: BTreeMap<Key<'a>, usize> = BTreeMap::new();
    for posture in rows {
        *known.entry(key(posture)).or_default() += 1;
    }
    let shared = known.into_iter().filter(|(_, count)| *count > 1);
    shared.map(|(key, _)| key).collect()
}

fn worst(posture: &Posture) -> Span {
    posture.worst().map_or_else(
        || Span::plain("–"),
        |(severity, count)| severity_span(format!("{count} {severity}"), severity),
    )
}

fn gains(posture: &Posture) -> Span {
    let gains: Vec<String> = posture.gains.iter().map(ToString::to_string).collect();
    Span::plain(if gains.is_empty() {
        "–".to_owned()
    } else {
        gains.join(",")
    })
}

fn baseline(posture: &Posture) -> Span {
    let baseline = &posture.baseline;
    Span::plain(format!("{}@{}", baseline.name, baseline.revision))
}

/// Who read the facts.
fn mode(mode: CollectionMode) -> &'static str {
    match mode {
        CollectionMode::ClientAsserted => "client",
        CollectionMode::ServerCollected => "service",
    }
}

fn summary(rows: &[&Posture]) -> Vec<String> {
    let number = |status| rows.iter().filter(|one| one.status == status).count();
    let clusters: BTreeSet<&str> = rows.iter().map(|one| one.cluster.as_str()).collect();
    let failing = number(Status::Fail);
    let mut parts = vec![format!(
        "{failing} of {} on {} {}",
        count(rows.len(), "operator"),
        count(clusters.len(), "cluster"),
        if failing == 1 { "fails" } else { "fail" },
    )];
    if number(Status::Unknown) > 0 {
        parts.push(format!("{} unknown", number(Status::Unknown)));
    }
    parts
}

/// What became another of an operator, on one line.
pub(crate) fn change(change: PostureChange<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let PostureChange {
        before,
        after,
        is_gone,
    } = change;
    let Some(posture) = after.or(before) else {
        return Ok(());
    };
    let mut spans = vec![
        Span::bold(format!("{} {}", posture.cluster, posture.operator)),
        Span::plain(" · "),
    ];
    spans.extend(turned(before.map(|before| before.status), posture.status));
    if let (Some(before), Some(after)) = (before, after) {
        differences(before, after, &mut spans);
    } else if !is_gone {
        spans.push(Span::plain(" · new"));
    }
    if is_gone {
        spans.push(Span::plain(" · gone"));
    }
    page.line(&spans)
}

fn differences(before: &Posture, after: &Posture, spans: &mut Vec<Span>) {
    let mut turns: Vec<((Status, Status), Vec<String>)> = Vec::new();
    for number in 1..=6 {
        let turn = (before.practice(number), after.practice(number));
        let number = number.to_string();
        match turns.iter_mut().find(|(known, _)| *known == turn) {
            Some((_, numbers)) => numbers.push(number),
            None => turns.push((turn, vec![number])),
        }
    }
    for ((was, is), numbers) in turns.into_iter().filter(|((was, is), _)| was != is) {
        let noun = if numbers.len() == 1 {
            "practice"
        } else {
            "practices"
        };
        spans.push(Span::plain(format!(" · {noun} {} ", numbers.join(", "))));
        spans.extend(turned(Some(was), is));
    }
    let cells: [(Cell, &str); 4] = [
        (worst, ""),
        (gains, "gains "),
        (baseline, "baseline "),
        (|one| Span::plain(mode(one.mode)), "facts read by "),
    ];
    for (cell, name) in cells {
        let (was, is) = (cell(before), cell(after));
        if was.text != is.text {
            spans.push(Span::plain(format!(" · {name}")));
            spans.push(is);
            spans.push(Span::plain(format!(" (was {})", was.text)));
        }
    }
}

/// A status, and what it was where that is another.
fn turned(was: Option<Status>, is: Status) -> Vec<Span> {
    let mut spans = vec![status_span(is.as_str().to_owned(), is)];
    if let Some(was) = was.filter(|was| *was != is) {
        spans.push(Span::plain(format!(" (was {})", was.as_str())));
    }
    spans
}
