//! The table of dangerous rights, as data: one file a section. `ALL` is the one list.

mod become_another;
mod guards;
mod run_code;
mod traffic;

use std::collections::BTreeSet;

use crate::row::{Needs, Row};

/// Every row, in the order of the table.
pub fn all() -> impl Iterator<Item = &'static Row> {
    [
        become_another::ROWS,
        run_code::ROWS,
        guards::ROWS,
        traffic::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// The rows of an id.
pub fn find(id: &str) -> impl Iterator<Item = &'static Row> {
    all().filter(move |row| row.id == id)
}

/// The API groups of controllers that act on custom resources with strong rights of their own.
pub(crate) fn deputy_groups() -> BTreeSet<&'static str> {
    find("ESC-DEPUTY")
        .flat_map(|row| match row.needs {
            Needs::Any(parts) => parts,
            _ => &[],
        })
        .map(|part| part.group)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_complete_and_speak_plainly() {
        for row in all() {
            assert!(!row.rules.is_empty(), "{}", row.id);
            for text in [row.may, row.gain, row.remedy] {
                assert!(
                    !text.is_empty() && !text.ends_with('.'),
                    "{}: {text}",
                    row.id
                );
            }
        }
    }

    #[test]
    fn rows_of_one_id_are_filed_under_the_same_rules() {
        let ids: BTreeSet<&str> = all().map(|row| row.id).collect();
        for id in ids {
            let rules: BTreeSet<_> = find(id).map(|row| row.rules).collect();
            assert_eq!(rules.len(), 1, "{id}");
        }
    }
}
