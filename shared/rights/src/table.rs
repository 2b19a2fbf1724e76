//! The table of dangerous rights, arranged for the search: what every row asks, each question
//! once, and which rows an answer can make speak.

use std::sync::OnceLock;

use opsec_rbac::{Questions, Request};

use crate::row::{Needs, Part, Row, Special};
use crate::{rows, special};

/// The table, arranged.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) questions: Questions<'static>,
    /// What each question asks, by its place.
    asked: Vec<Asked>,
    pub(crate) rows: Vec<TableRow>,
    /// The rows that ask a question, by its place.
    rows_of: Vec<Vec<usize>>,
}

/// One verb on one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) verb: &'static str,
    pub(crate) group: &'static str,
    /// `resource` or `resource/subresource`.
    pub(crate) resource: &'static str,
}

/// A row with the places of its questions.
#[derive(Debug)]
pub(crate) struct TableRow {
    pub(crate) row: &'static Row,
    pub(crate) needed: Needed,
    pub(crate) alone: Vec<usize>,
    /// Whether it must be looked at whatever the answers are.
    always: bool,
}

/// What a row needs, as [`Needs`] has it.
#[derive(Debug)]
pub(crate) enum Needed {
    Any(Vec<usize>),
    Together(Vec<Vec<Vec<usize>>>),
    Special(Special),
}

impl Table {
    /// The table.
    pub(crate) fn get() -> &'static Self {
        static TABLE: OnceLock<Table> = OnceLock::new();
        TABLE.get_or_init(Self::arranged)
    }

    fn arranged() -> Self {
        let all = || rows::all().flat_map(parts_of).flat_map(each);
        let questions = Questions::new(all().map(Asked::request));
        let mut asked = vec![Asked::NOTHING; questions.len()];
        for one in all() {
            let place = questions.place(&one.request());
            if let Some(entry) = place.and_then(|place| asked.get_mut(place)) {
                *entry = one;
            }
        }
        let rows: Vec<TableRow> = rows::all().map(|row| arrange(&questions, row)).collect();
        let mut rows_of = vec![Vec::new(); questions.len()];
        for (number, row) in rows::all().enumerate() {
            for place in places(&questions, parts_of(row)) {
                if let Some(rows) = rows_of.get_mut(place) {
                    rows.push(number);
                }
            }
        }
        Self {
            questions,
            asked,
            rows,
            rows_of,
        }
    }

    /// What the question at a place asks.
    pub(crate) fn asked(&self, place: usize) -> Option<Asked> {
        self.asked.get(place).copied()
    }

    /// The rows that can speak when the questions at these places have an answer, in the order of
    /// the table.
    pub(crate) fn speaking(
        &self,
        answered: impl Iterator<Item = usize>,
    ) -> impl Iterator<Item = &TableRow> {
        let mut speaks: Vec<bool> = self.rows.iter().map(|row| row.always).collect();
        for place in answered {
            for &row in self.rows_of.get(place).into_iter().flatten() {
                if let Some(speaks) = speaks.get_mut(row) {
                    *speaks = true;
                }
            }
        }
        let rows = self.rows.iter().zip(speaks);
        rows.filter(|(_, speaks)| *speaks).map(|(row, _)| row)
    }
}

impl Asked {
    const NOTHING: Self = Self {
        verb: "",
        group: "",
        resource: "",
    };

    fn request(self) -> Request<'static> {
        Request::new(self.verb, self.group, self.resource)
    }
}

fn arrange(questions: &Questions<'static>, row: &'static Row) -> TableRow {
    TableRow {
        row,
        needed: match row.needs {
            Needs::Any(parts) => Needed::Any(places(questions, parts.iter().collect())),
            Needs::Together(combinations) => Needed::Together(
                combinations
                    .iter()
                    .map(|groups| {
                        let each = groups.iter();
                        each.map(|parts| places(questions, parts.iter().collect()))
                            .collect()
                    })
                    .collect(),
            ),
            Needs::Special(special) => Needed::Special(special),
        },
        alone: places(questions, row.alone.iter().collect()),
        always: match row.needs {
            Needs::Special(special) => special::asks_more(special),
            _ => false,
        },
    }
}

/// Every part of a row.
fn parts_of(row: &'static Row) -> Vec<&'static Part> {
    let needed: Vec<&Part> = match row.needs {
        Needs::Any(parts) => parts.iter().collect(),
        Needs::Together(combinations) => combinations
            .iter()
            .flat_map(|groups| groups.iter())
            .flat_map(|parts| parts.iter())
            .collect(),
        Needs::Special(special) => special::parts(special).iter().copied().flatten().collect(),
    };
    needed.into_iter().chain(row.alone).collect()
}

fn each(part: &'static Part) -> impl Iterator<Item = Asked> {
    part.resources.iter().flat_map(move |&resource| {
        part.verbs.iter().map(move |&verb| Asked {
            verb,
            group: part.group,
            resource,
        })
    })
}

fn places(questions: &Questions<'static>, parts: Vec<&'static Part>) -> Vec<usize> {
    let asked = parts.into_iter().flat_map(each);
    asked
        .filter_map(|one| questions.place(&one.request()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_every_row_has_its_questions() {
        let table = Table::get();
        assert!(table.asked.iter().all(|asked| *asked != Asked::NOTHING));
        for (number, row) in rows::all().enumerate() {
            for asked in parts_of(row).into_iter().flat_map(each) {
                let place = table.questions.place(&asked.request()).unwrap();
                assert_eq!(table.asked(place), Some(asked), "{}", row.id);
                assert!(table.rows_of[place].contains(&number), "{}", row.id);
            }
        }
    }

    #[test]
    fn a_row_that_no_question_wakes_is_always_looked_at() {
        for row in &Table::get().rows {
            let asks = !parts_of(row.row).is_empty();
            assert!(
                asks || row.always || row.row.id == "ESC-GHOST",
                "{}",
                row.row.id
            );
        }
    }
}
