//! The one list of practices.

use crate::contract::{Practice, Rule};
use crate::{
    p1_separation, p2_api_quarantine, p3_service_account, p4_admins_guards, p5_crd_creation,
    p6_declared_rights,
};

/// The six practices, in order.
pub const PRACTICES: [&Practice; 6] = [
    &p1_separation::PRACTICE,
    &p2_api_quarantine::PRACTICE,
    &p3_service_account::PRACTICE,
    &p4_admins_guards::PRACTICE,
    &p5_crd_creation::PRACTICE,
    &p6_declared_rights::PRACTICE,
];

/// Every rule, in the order of the practices.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    PRACTICES
        .into_iter()
        .flat_map(|practice| practice.rules.iter().copied())
}

/// The rule of an id.
pub fn find(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Ids that once were rules; none may be used again.
    const RETIRED: &[&str] = &[];

    #[test]
    fn ids_and_slugs_are_unique_and_ids_are_never_reused() {
        let ids: BTreeSet<_> = rules().map(|rule| rule.id).collect();
        let slugs: BTreeSet<_> = rules().map(|rule| rule.slug).collect();
        assert_eq!(ids.len(), rules().count());
        assert_eq!(slugs.len(), rules().count());
        assert!(RETIRED.iter().all(|id| !ids.contains(id)));
    }

    #[test]
    fn a_rule_stands_in_the_practice_that_its_id_names() {
        for practice in PRACTICES {
            for rule in practice.rules {
                let digit = rule
                    .id
                    .strip_prefix("OPSEC")
                    .and_then(|digits| digits.chars().next());
                assert_eq!(
                    digit.and_then(|digit| digit.to_digit(10)),
                    Some(u32::from(practice.number)),
                    "{}",
                    rule.id
                );
            }
        }
    }

    #[test]
    fn documentation_is_complete() {
        for rule in rules() {
            let doc = rule.doc;
            for text in [doc.what, doc.why, doc.bad, doc.good, doc.fix] {
                assert!(!text.trim().is_empty(), "{}", rule.id);
            }
            assert!(!doc.references.is_empty(), "{}", rule.id);
            assert!(
                rule.summary.chars().count() <= 80,
                "{}: {}",
                rule.id,
                rule.summary
            );
            assert!(!rule.summary.ends_with('.'), "{}", rule.id);
            assert!(
                rule.slug
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
                "{}",
                rule.slug
            );
        }
    }

    #[test]
    fn every_rule_of_the_page_is_there() {
        let expected: BTreeSet<String> = (101..=105)
            .chain(201..=208)
            .chain(301..=318)
            .chain(401..=407)
            .chain(501..=504)
            .chain(601..=605)
            .map(|number| format!("OPSEC{number}"))
            .collect();
        let ids: BTreeSet<String> = rules().map(|rule| rule.id.to_owned()).collect();
        assert_eq!(ids, expected);
    }
}
