//! The cases with AdminNetworkPolicies and BaselineAdminNetworkPolicies, every connection of each.

use opsec_corpus::corpus;

use crate::cases::{cases, difference, found, snapshot};

/// How many cases there are.
const CASES: usize = 36;

#[test]
fn every_connection_agrees_where_the_administrator_decides() {
    let test = "every_connection_agrees_where_the_administrator_decides";
    let Some(corpus) = corpus(test) else { return };
    let cases = cases(&corpus.join("netpol/admin"));
    assert_eq!(cases.len(), CASES);
    let mut differences = Vec::new();
    for case in &cases {
        let found = found(&snapshot(&case.manifests, str::to_owned));
        differences.extend(difference(case, &found));
    }
    assert_eq!(differences, [""; 0]);
}
