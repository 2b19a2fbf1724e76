//! Who reaches whom: a block for each who, its destinations together that it reaches on the same
//! ports. Those that may do the same are one block.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use opsec_model::{Connection, ConnectionList, Peer, PortRange};

use crate::clean::clean;
use crate::columns::GAP;
use crate::layout::{width, wrap};
use crate::outside;
use crate::page::{Page, Span};
use crate::words::{count, distinct};

/// How many names stand in a cell before they are counted.
const NAMES: usize = 4;
/// How far destinations are indented.
const INDENT: usize = 2;

/// What one end reaches, by the ports that it reaches it on.
type Reached<'a> = BTreeMap<&'a [PortRange], BTreeSet<&'a Peer>>;

pub(crate) fn write(
    list: &ConnectionList,
    everything: bool,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let connections = &list.connections;
    let workloads: BTreeSet<&str> = connections
        .iter()
        .flat_map(|connection| [&connection.from, &connection.to])
        .filter_map(workload)
        .collect();
    if connections.is_empty() {
        page.paragraph(0, "no connection is allowed")?;
    } else {
        let names = Names {
            workloads: &workloads,
            most: if everything { usize::MAX } else { NAMES },
        };
        table(&blocks(connections, &names), page)?;
    }
    for reason in distinct(list.unknown.iter().map(String::as_str)) {
        page.parts(&[format!("unknown: {}", clean(reason))])?;
    }
    let mut summary = format!(
        "{} of {}",
        count(connections.len(), "connection"),
        count(workloads.len(), "workload")
    );
    if !everything {
        summary = format!("{summary}. Every name: -o wide; every range: -o json");
    }
    page.paragraph(0, &summary)
}

/// The same in lines, a line for each who and set of ports: `a, b → c on TCP 80`. What is shown must
/// be clean already.
pub(crate) fn lines(connections: &[Connection], most: usize) -> Vec<String> {
    let nobody = BTreeSet::new();
    let names = Names {
        workloads: &nobody,
        most,
    };
    let blocks = blocks(connections, &names);
    let lines = blocks.iter().flat_map(|block| {
        block.reached.iter().map(|(to, ports)| {
            let ports = match ports.as_str() {
                "all" => "every port",
                ports => ports,
            };
            format!("{} → {to} on {ports}", block.from)
        })
    });
    lines.collect()
}

/// Who connects, and its destinations with the ports that each is reached on, in words.
struct Block {
    from: String,
    reached: Vec<(String, String)>,
}

fn blocks(connections: &[Connection], names: &Names<'_>) -> Vec<Block> {
    let mut by_from: BTreeMap<&Peer, Reached<'_>> = BTreeMap::new();
    for Connection { from, to, ports } in connections {
        let reached = by_from.entry(from).or_default();
        reached.entry(ports).or_default().insert(to);
    }
    let mut alike: BTreeMap<Reached<'_>, BTreeSet<&Peer>> = BTreeMap::new();
    for (from, reached) in by_from {
        alike.entry(reached).or_default().insert(from);
    }
    let mut groups: Vec<(BTreeSet<&Peer>, Reached<'_>)> = alike
        .into_iter()
        .map(|(reached, from)| (from, reached))
        .collect();
    groups.sort();
    let block = |(from, reached): &(BTreeSet<&Peer>, Reached<'_>)| {
        let alone = (from.len() == 1).then(|| from.first().copied()).flatten();
        Block {
            from: names.words(from, None),
            reached: reached
                .iter()
                .map(|(ports, to)| (names.words(to, alone), ports_words(ports)))
                .collect(),
        }
    };
    groups.iter().map(block).collect()
}

/// How ends are called.
struct Names<'a> {
    workloads: &'a BTreeSet<&'a str>,
    most: usize,
}

impl Names<'_> {
    /// Ends in words; with `from` those that it reaches, itself left out.
    fn words(&self, ends: &BTreeSet<&Peer>, from: Option<&Peer>) -> String {
        let mut words = outside::words(ends.iter().copied().filter_map(range));
        let named: BTreeSet<&str> = ends.iter().filter_map(|end| workload(end)).collect();
        let itself = from.and_then(workload);
        let others = self.workloads.iter().filter(|name| Some(**name) != itself);
        let all = others.clone().count();
        if all > 1 && named.len() == all && others.clone().all(|name| named.contains(name)) {
            words.push(match itself {
                Some(_) => format!("every other workload ({all})"),
                None => format!("every workload ({all})"),
            });
        } else {
            words.extend(named.into_iter().map(ToOwned::to_owned));
        }
        let more = words.len().saturating_sub(self.most);
        if more > 0 {
            words.truncate(self.most);
            return format!("{} and {more} more", words.join(", "));
        }
        words.join(", ")
    }
}

fn workload(end: &Peer) -> Option<&str> {
    match end {
        Peer::Workload(name) => Some(name),
        Peer::Range(_) => None,
    }
}

fn range(end: &Peer) -> Option<&str> {
    match end {
        Peer::Range(range) => Some(range),
        Peer::Workload(_) => None,
    }
}

/// `all`, `TCP 80,443 UDP 53`.
fn ports_words(ports: &[PortRange]) -> String {
    let is_whole = |range: &PortRange| range.first <= 1 && range.last == u16::MAX;
    if ports.len() == 3 && ports.iter().all(is_whole) {
        return "all".to_owned();
    }
    let protocols = distinct(ports.iter().map(|range| range.protocol.as_str()));
    let words = protocols.into_iter().map(|protocol| {
        let ranges = ports.iter().filter(|range| range.protocol == protocol);
        let ranges: Vec<String> = ranges
            .map(|range| match range {
                _ if is_whole(range) => "all".to_owned(),
                PortRange { first, last, .. } if first == last => first.to_string(),
                PortRange { first, last, .. } => format!("{first}-{last}"),
            })
            .collect();
        format!("{protocol}\u{a0}{}", ranges.join(", "))
    });
    words.collect::<Vec<_>>().join(" ")
}

fn table(blocks: &[Block], page: &mut Page<'_>) -> io::Result<()> {
    let (to, ports) = widths(blocks, page.width());
    let margin = || Span::plain(" ".repeat(INDENT));
    let gap = || Span::plain(" ".repeat(GAP));
    page.line(&[Span::bold("FROM")])?;
    let head = [Span::bold("TO").padded(to), gap(), Span::bold("PORTS")];
    page.line(&[&[margin()], head.as_slice()].concat())?;
    for block in blocks {
        page.blank()?;
        page.paragraph(0, &clean(&block.from))?;
        for (to_text, ports_text) in &block.reached {
            let (left, right) = (wrap(&clean(to_text), to), wrap(&clean(ports_text), ports));
            for index in 0..left.len().max(right.len()) {
                let cell =
                    |lines: &[String]| Span::plain(lines.get(index).cloned().unwrap_or_default());
                page.line(&[margin(), cell(&left).padded(to), gap(), cell(&right)])?;
            }
        }
    }
    page.blank()
}

/// Widths of the columns: the longest cell, or what the page leaves.
fn widths(blocks: &[Block], page: usize) -> (usize, usize) {
    let cells = || blocks.iter().flat_map(|block| &block.reached);
    let longest =
        |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| width(text)).max().unwrap_or(0);
    let ports = longest(&mut cells().map(|(_, ports)| ports));
    let ports = ports.min(page / 4).max("PORTS".len());
    let to = longest(&mut cells().map(|(to, _)| to));
    let to = to
        .min(page.saturating_sub(INDENT + GAP + ports))
        .max("TO".len());
    (to, ports)
}
