//! The code map of ARCHITECTURE.md, read as what it is: the law of who may depend on whom.

use std::collections::BTreeSet;

use crate::workspace::root;

/// One row: `| folder | crate | what it owns | crates that it may use |`. A crate of tests may
/// have `*`: every crate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) folder: String,
    pub(crate) name: String,
    may_use: BTreeSet<String>,
}

impl Row {
    /// Whether the row allows the use of this crate.
    pub(crate) fn allows(&self, name: &str) -> bool {
        self.may_use.contains(name) || self.may_use.contains(EVERY)
    }

    /// A row as the table would have it.
    #[cfg(test)]
    pub(crate) fn of(folder: &str, name: &str, may_use: &[&str]) -> Self {
        Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            may_use: may_use.iter().map(|short| full_name(short)).collect(),
        }
    }
}

const EVERY: &str = "*";

/// The rows of the table.
///
/// # Errors
/// When the file cannot be read or has no such table.
pub(crate) fn rows() -> Result<Vec<Row>, String> {
    let path = root().join("ARCHITECTURE.md");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let rows = parse(&text);
    if rows.is_empty() {
        return Err("ARCHITECTURE.md has no table `folder | crate | owns | may use`".to_owned());
    }
    Ok(rows)
}

fn parse(text: &str) -> Vec<Row> {
    text.lines()
        .skip_while(|line| !line.starts_with("| folder | crate |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .filter_map(row)
        .collect()
}

fn row(line: &str) -> Option<Row> {
    let mut cells = line.trim_matches('|').split('|');
    let folder = quoted(cells.next()?).next()?;
    let name = quoted(cells.next()?).next()?;
    let _owns = cells.next()?;
    let may_use = quoted(cells.next()?).map(full_name).collect();
    Some(Row {
        folder: folder.trim_end_matches('/').to_owned(),
        name: name.to_owned(),
        may_use,
    })
}

/// The table names `opsec-facts` by `facts`.
fn full_name(short: &str) -> String {
    if short == EVERY {
        return short.to_owned();
    }
    format!("opsec-{short}")
}

/// What stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_from_the_table_of_that_heading_alone() {
        let text = "| a | b |\n|---|---|\n| `x` | `y` | z | `w` |\n\n\
            | folder | crate | owns | may use |\n|---|---|---|---|\n\
            | `shared/facts/` | `opsec-facts` | the view, `Facts` | `model`, `kubernetes` |\n\
            | `proto/` | `opsec-proto` | the contract | – |\n\nafter\n";
        let facts = Row::of("shared/facts", "opsec-facts", &["kubernetes", "model"]);
        let proto = Row::of("proto", "opsec-proto", &[]);
        assert_eq!(parse(text), [facts, proto]);
    }

    #[test]
    fn a_star_allows_every_crate_and_a_name_only_itself() {
        let row = |may_use| Row::of("tests/e2e", "opsec-e2e", may_use);
        assert!(row(&["*"]).allows("opsec-rbac"));
        assert!(row(&["rbac"]).allows("opsec-rbac"));
        assert!(!row(&["facts"]).allows("opsec-rbac"));
    }
}
