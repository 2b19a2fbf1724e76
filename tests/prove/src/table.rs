//! What a proof comes to, and the table that says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// How the answers compare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Both said the same.
    pub agree: usize,
    /// Of these, what was allowed.
    pub allowed: usize,
    /// Ours said that it does not know.
    pub unknown: usize,
    /// The same by what it does not know; a case can want several.
    pub wanting: BTreeMap<String, usize>,
    /// They differ; each in a line, with where it can be replayed.
    pub disagreements: Vec<String>,
}

impl Tally {
    /// How many cases there were.
    pub fn cases(&self) -> usize {
        self.agree + self.unknown + self.disagreements.len()
    }

    /// Counts one case on which both agree.
    pub fn agreed(&mut self, allowed: bool) {
        self.agree += 1;
        self.allowed += usize::from(allowed);
    }

    /// Counts one case of which ours says that it does not know, and why.
    pub fn not_known<'f>(&mut self, features: impl IntoIterator<Item = &'f String>) {
        self.unknown += 1;
        for feature in features {
            *self.wanting.entry(feature.clone()).or_default() += 1;
        }
    }

    /// The smaller of the shares of allowed and of refused, in percent of what was agreed on: a
    /// sample in which one of them hardly occurs proves little.
    pub fn smaller_share(&self) -> usize {
        let smaller = self.allowed.min(self.agree - self.allowed);
        smaller * 100 / self.agree.max(1)
    }

    /// Adds what another part of the sample came to.
    pub fn add(&mut self, other: Self) {
        self.agree += other.agree;
        self.allowed += other.allowed;
        self.unknown += other.unknown;
        for (feature, count) in other.wanting {
            *self.wanting.entry(feature).or_default() += count;
        }
        self.disagreements.extend(other.disagreements);
    }
}

/// A deliberately broken engine, and how often the same sample noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What is broken.
    pub how: &'static str,
    /// Cases in which its answer is not the true one.
    pub noticed: usize,
}

/// A row of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was compared with what.
    pub what: &'static str,
    /// What it came to.
    pub tally: Tally,
    /// How long it took.
    pub took: Duration,
    /// The broken engines that the sample was also held against.
    pub broken: Vec<Broken>,
}

/// The table, with what disagreed and what was noticed of broken engines below it.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let head = ("what", "cases", "agree", "unknown", "disagree", "seconds");
    let width = rows.iter().map(|row| row.what.len()).max().unwrap_or(4);
    // Writing into a string cannot fail.
    let _ = writeln!(
        text,
        "{:width$}  {:>9}  {:>9}  {:>7}  {:>8}  {:>7}  {:>7}",
        head.0, head.1, head.2, head.3, head.4, "allowed", head.5
    );
    for Row {
        what, tally, took, ..
    } in rows
    {
        let share = tally.allowed * 100 / tally.agree.max(1);
        let _ = writeln!(
            text,
            "{what:width$}  {:>9}  {:>9}  {:>7}  {:>8}  {share:>5} %  {:>7}",
            tally.cases(),
            tally.agree,
            tally.unknown,
            tally.disagreements.len(),
            took.as_secs(),
        );
    }
    for row in rows {
        for line in &row.tally.disagreements {
            let _ = writeln!(text, "disagree: {}: {line}", row.what);
        }
        for (feature, count) in &row.tally.wanting {
            let _ = writeln!(text, "unknown: {}: {count} times {feature}", row.what);
        }
        for broken in &row.broken {
            let noticed = broken.noticed;
            let _ = writeln!(
                text,
                "broken: {}: {}: noticed {noticed} times",
                row.what, broken.how
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_counts_and_names_what_differs() {
        let mut tally = Tally::default();
        (0..6).for_each(|number| tally.agreed(number < 2));
        tally.unknown = 1;
        tally.disagreements.push("a case".to_owned());
        assert_eq!((tally.cases(), tally.smaller_share()), (8, 33));
        let row = Row {
            what: "rights",
            tally,
            took: Duration::from_secs(3),
            broken: vec![Broken {
                how: "groups are ignored",
                noticed: 4,
            }],
        };
        let text = table(&[row]);
        assert!(
            text.contains("rights          8          6        1         1     33 %        3"),
            "{text}"
        );
        assert!(text.contains("disagree: rights: a case"), "{text}");
        assert!(
            text.contains("groups are ignored: noticed 4 times"),
            "{text}"
        );
    }
}
