//! The rules that this build judges by.

use opsec_practices::contract::{Practice, Rule};
use opsec_practices::registry::PRACTICES;

/// Every rule with its practice, in the order of the ids.
pub(crate) fn list_rules() -> Vec<(&'static Practice, &'static Rule)> {
    let mut rules: Vec<_> = PRACTICES
        .into_iter()
        .flat_map(|practice| practice.rules.iter().map(move |&rule| (practice, rule)))
        .collect();
    rules.sort_by_key(|(_, rule)| rule.id);
    rules
}
