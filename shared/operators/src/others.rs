//! The namespaces that are another operator's.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use opsec_facts::Facts;
use opsec_model::objects::Object as _;

use crate::operator::Operator;

/// The namespaces of every other installation that is an operator, and of the components of a
/// policy engine, CNI, GitOps tool or OLM of the shipped list (`data/guardians.txt`) that are not
/// this operator's own.
pub fn namespaces_of_others(
    facts: &Facts<'_>,
    operators: &[Operator],
    operator: &Operator,
) -> BTreeSet<String> {
    let others = operators
        .iter()
        .filter(|other| other.is_operator && !is_same(other, operator))
        .flat_map(|other| other.namespaces.iter().cloned());
    let guardians = facts
        .workloads()
        .iter()
        .filter(|workload| guardians().contains(workload.metadata.name.as_str()))
        .filter(|workload| !operator.is_component(&workload.object_ref()))
        .map(|workload| workload.namespace().to_owned());
    others.chain(guardians).collect()
}

fn is_same(a: &Operator, b: &Operator) -> bool {
    (&a.namespaces, &a.components, &a.accounts) == (&b.namespaces, &b.components, &b.accounts)
}

fn guardians() -> &'static BTreeSet<&'static str> {
    static NAMES: OnceLock<BTreeSet<&str>> = OnceLock::new();
    NAMES.get_or_init(|| {
        include_str!("../data/guardians.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_whitespace().nth(2))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_a_comment_or_three_words() {
        let lines = include_str!("../data/guardians.txt").lines();
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let kinds = ["policy-engine", "cni", "gitops", "olm"];
            assert!(words.len() == 3 && kinds.contains(&words[0]), "{line}");
        }
        assert!(guardians().contains("cilium") && !guardians().contains("cni"));
    }
}
