//! Whose kinds are that no label says it of: whoever alone writes their status. A controller
//! reports on the objects of its kinds, and nobody else has a reason to.

use std::collections::{BTreeMap, BTreeSet};

use opsec_facts::Facts;
use opsec_model::Kind;
use opsec_model::objects::PolicyRule;
use opsec_rbac::Policy;

use crate::deployed::Deployed;
use crate::groups_of_kubernetes::is_built_in;
use crate::installation::Installation;

/// What a controller writes of the objects of its kinds.
const WRITTEN: [&str; 2] = ["status", "finalizers"];

/// The lists that say who may write what; where one is not whole, another may write as well.
const TOLD_BY: [(&str, &str); 4] = [
    ("roles", "rbac.authorization.k8s.io"),
    ("rolebindings", "rbac.authorization.k8s.io"),
    ("clusterroles", "rbac.authorization.k8s.io"),
    ("clusterrolebindings", "rbac.authorization.k8s.io"),
];

/// Whose a kind is as far as its writers tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Writer {
    /// One installation's.
    Only(usize),
    /// One of these, and not known whose.
    Several(BTreeSet<usize>),
    /// Nobody's that is here.
    Nobody,
}

/// Who may write the status or the finalizers of which kinds, as far as rules name their groups.
/// What a wildcard for every group gives says nothing of whose they are.
#[derive(Debug, Default)]
pub(crate) struct Writers {
    /// Those that name the kind.
    kinds: BTreeMap<Kind, BTreeSet<usize>>,
    /// Those that name the group and take all of its kinds.
    whole_groups: BTreeMap<String, BTreeSet<usize>>,
}

impl Writers {
    /// Those among the installations. What a custom resource of a group deployed writes its own
    /// resource's status at most, on behalf of who deployed it.
    pub(crate) fn new(facts: &Facts<'_>, policy: &Policy, installations: &[Installation]) -> Self {
        let mut writers = Self::default();
        if TOLD_BY
            .iter()
            .any(|(resource, group)| facts.missing(resource, group).is_some())
        {
            return writers;
        }
        for (place, installation) in installations.iter().enumerate() {
            let deployed_by = match &installation.deployed {
                Some(Deployed::CustomResource(group, ..)) => Some(group.as_str()),
                _ => None,
            };
            for account in installation.accounts() {
                for grant in policy.grants(account) {
                    writers.add(place, &grant.rule, deployed_by);
                }
            }
        }
        writers
    }

    fn add(&mut self, place: usize, rule: &PolicyRule, deployed_by: Option<&str>) {
        let writes = |verb: &String| matches!(verb.as_str(), "update" | "patch" | "*");
        // Whoever may write certain objects alone does not look after a kind.
        if !rule.verbs.iter().any(writes) || !rule.resource_names.is_empty() {
            return;
        }
        let groups = rule.api_groups.iter();
        for group in groups.filter(|group| !is_built_in(group) && *group != "*") {
            if deployed_by == Some(group) {
                continue;
            }
            for resource in &rule.resources {
                match resource.split_once('/') {
                    Some((plural, subresource)) if WRITTEN.contains(&subresource) => {
                        self.written(place, group, plural);
                    }
                    None if resource == "*" => self.written(place, group, "*"),
                    _ => {}
                }
            }
        }
    }

    fn written(&mut self, place: usize, group: &str, plural: &str) {
        let places = if plural == "*" {
            self.whole_groups.entry(group.to_owned()).or_default()
        } else {
            self.kinds.entry(Kind::new(plural, group)).or_default()
        };
        places.insert(place);
    }

    /// Whose a kind is: of those that write its status; where none does, of those that write that
    /// of another kind of its group. Whoever takes a whole group is a rival and never the owner by
    /// that alone.
    pub(crate) fn of(&self, kind: &Kind) -> Writer {
        let whole = self.whole_groups.get(&kind.group);
        let of_kind = self.kinds.get(kind);
        let of_group: BTreeSet<usize> = self
            .kinds
            .iter()
            .filter(|(other, _)| other.group == kind.group)
            .flat_map(|(_, places)| places)
            .copied()
            .collect();
        let named = of_kind.unwrap_or(&of_group);
        let all: BTreeSet<usize> = named
            .iter()
            .chain(whole.into_iter().flatten())
            .copied()
            .collect();
        match (all.len(), named.first()) {
            (0, _) => Writer::Nobody,
            (1, Some(only)) => Writer::Only(*only),
            _ => Writer::Several(all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `0 update things/status` is a rule of the first installation in the group `example.com`.
    fn writers(rules: &[(usize, &str, &str)]) -> Writers {
        let mut writers = Writers::default();
        for (place, verb, resource) in rules {
            writers.add(*place, &rule("example.com", verb, resource), None);
        }
        writers
    }

    fn rule(group: &str, verb: &str, resource: &str) -> PolicyRule {
        PolicyRule {
            verbs: vec![verb.to_owned()],
            api_groups: vec![group.to_owned()],
            resources: vec![resource.to_owned()],
            ..PolicyRule::default()
        }
    }

    fn several(places: impl IntoIterator<Item = usize>) -> Writer {
        Writer::Several(places.into_iter().collect())
    }

    #[test]
    fn a_kind_is_whose_who_alone_writes_its_status() {
        let things = Kind::new("things", "example.com");
        for (rules, expected) in [
            (vec![], Writer::Nobody),
            (vec![(0, "update", "things/status")], Writer::Only(0)),
            (vec![(0, "patch", "things/finalizers")], Writer::Only(0)),
            (vec![(0, "*", "things/status")], Writer::Only(0)),
            // Reading it, or writing the object, says nothing.
            (vec![(0, "get", "things/status")], Writer::Nobody),
            (vec![(0, "update", "things")], Writer::Nobody),
            // Two are two, however they came to it.
            (
                vec![
                    (0, "update", "things/status"),
                    (1, "patch", "things/finalizers"),
                ],
                several([0, 1]),
            ),
            (
                vec![(0, "update", "things/status"), (1, "update", "*")],
                several([0, 1]),
            ),
            // All of a group is no name.
            (vec![(0, "update", "*")], several([0])),
            (vec![(0, "update", "*/status")], several([0])),
            (
                vec![(0, "update", "*"), (0, "update", "things/status")],
                Writer::Only(0),
            ),
            // Another kind of the group, when nobody writes this one.
            (vec![(0, "update", "others/status")], Writer::Only(0)),
            (
                vec![(0, "update", "others/status"), (1, "update", "more/status")],
                several([0, 1]),
            ),
            (
                vec![(0, "update", "things/status"), (1, "update", "more/status")],
                Writer::Only(0),
            ),
        ] {
            assert_eq!(writers(&rules).of(&things), expected, "{rules:?}");
        }
    }

    #[test]
    fn names_of_objects_wildcards_for_groups_and_the_groups_of_kubernetes_say_nothing() {
        let mut writers = Writers::default();
        let mut named = rule("example.com", "update", "things/status");
        named.resource_names.push("one".to_owned());
        writers.add(0, &named, None);
        writers.add(0, &rule("*", "*", "*"), None);
        writers.add(0, &rule("apps", "update", "deployments/status"), None);
        assert_eq!(
            writers.of(&Kind::new("things", "example.com")),
            Writer::Nobody
        );
        assert_eq!(
            writers.of(&Kind::new("deployments", "apps")),
            Writer::Nobody
        );
    }

    #[test]
    fn what_a_resource_of_the_group_deployed_is_no_rival() {
        let mut writers = Writers::default();
        let update = rule("example.com", "update", "things/status");
        writers.add(0, &update, None);
        writers.add(1, &update, Some("example.com"));
        assert_eq!(
            writers.of(&Kind::new("things", "example.com")),
            Writer::Only(0)
        );
        writers.add(2, &update, Some("another.example.com"));
        assert_eq!(
            writers.of(&Kind::new("things", "example.com")),
            several([0, 2])
        );
    }
}
