//! Crates depend on each other as ARCHITECTURE.md's table allows. Tests may use any crate.

use std::collections::BTreeSet;

use super::complaint::Complaint;
use super::metadata::{self, Member};
use super::table::{self, Row};

/// Edges that the table does not have.
///
/// # Errors
/// When cargo fails or the table cannot be read.
pub(crate) fn complaints() -> Result<Vec<Complaint>, String> {
    let members = metadata::members()?;
    let rows = table::rows()?;
    let ours: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    Ok(members
        .iter()
        .flat_map(|member| beyond(member, &rows, &ours))
        .collect())
}

/// The edges of one crate that its row does not have.
fn beyond(member: &Member, rows: &[Row], ours: &BTreeSet<&str>) -> Vec<Complaint> {
    let row = rows.iter().find(|row| row.name == member.name);
    member
        .dependencies
        .iter()
        .filter(|used| ours.contains(used.as_str()))
        .filter(|used| !row.is_some_and(|row| row.allows(used)))
        .map(|used| {
            let what = format!("may not use {used}: ARCHITECTURE.md's table has no such edge");
            Complaint::of(&member.name, what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_that_the_row_lacks_is_named() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let member = Member {
            name: "opsec-model".to_owned(),
            folder: "shared/model".to_owned(),
            dependencies: set(&["serde", "opsec-facts", "opsec-proto"]),
        };
        let row = Row::of("shared/model", "opsec-model", &["proto"]);
        let ours = BTreeSet::from(["opsec-model", "opsec-facts", "opsec-proto"]);
        let said: Vec<String> = beyond(&member, &[row], &ours)
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected =
            "opsec-model: may not use opsec-facts: ARCHITECTURE.md's table has no such edge";
        assert_eq!(said, [expected]);
        assert_eq!(beyond(&member, &[], &ours).len(), 2);
    }
}
