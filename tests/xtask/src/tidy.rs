//! The shape of the tree, as tests: who may depend on whom, what pure crates may not touch, how
//! long files are, what they are called and what they may not say.

mod complaint;
mod edges;
mod metadata;
mod packages;
mod proofs;
mod purity;
mod sizes;
mod sources;
mod table;
mod words;

use crate::workspace::{Outcome, say};
use complaint::Complaint;

/// Every rule, by name.
const RULES: [(&str, Rule); 6] = [
    ("edges", edges::complaints),
    ("packages", packages::complaints),
    ("proofs", proofs::complaints),
    ("purity", purity::complaints),
    ("sizes", sizes::complaints),
    ("words", words::complaints),
];

type Rule = fn() -> Result<Vec<Complaint>, String>;

/// Applies every rule, says each complaint, and warns of files that grow long.
///
/// # Errors
/// When a rule complains, with the number of complaints.
pub(crate) fn run() -> Outcome {
    let mut all = Vec::new();
    for (name, rule) in RULES {
        all.extend(rule()?.into_iter().map(|complaint| (name, complaint)));
    }
    for warning in sizes::warnings()? {
        say(&format!("   warning: {warning}"));
    }
    for (name, complaint) in &all {
        say(&format!("   tidy {name}: {complaint}"));
    }
    if all.is_empty() {
        Ok(())
    } else {
        Err(format!("tidy complains of {} things", all.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(name: &str) {
        let (_, rule) = RULES.iter().find(|(known, _)| *known == name).unwrap();
        let complaints: Vec<String> = rule().unwrap().iter().map(ToString::to_string).collect();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }

    #[test]
    fn crates_depend_only_on_those_that_the_table_of_architecture_allows() {
        holds("edges");
    }

    #[test]
    fn every_crate_is_named_placed_and_filled_as_the_table_says() {
        holds("packages");
    }

    #[test]
    fn what_the_documents_point_at_is_there() {
        holds("proofs");
    }

    #[test]
    fn pure_crates_reach_no_network_no_disk_no_clock_and_no_chance() {
        holds("purity");
    }

    #[test]
    fn files_open_with_what_to_know_and_stay_short() {
        holds("sizes");
    }

    #[test]
    fn files_speak_of_this_project_alone() {
        holds("words");
    }
}
