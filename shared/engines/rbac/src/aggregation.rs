//! What aggregated ClusterRoles gather. The union of what the selectors choose replaces a role's
//! own rules; a role never gathers itself; if nothing is gathered, its own rules stay.
//! <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles>

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use opsec_model::ObjectRef;
use opsec_model::objects::PolicyRule;

use crate::roles::{ResolvedRole, ResolvedRule, WrittenRole};

/// A live ClusterRole whose rules are not the union of what its selectors choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregationDifference {
    /// The role.
    pub role: Arc<ObjectRef>,
    /// Rules that the union has and the role has not.
    pub missing: Vec<PolicyRule>,
    /// Rules that the role has and the union has not.
    pub surplus: Vec<PolicyRule>,
}

type ClusterRoles<'a> = BTreeMap<&'a str, WrittenRole<'a>>;

/// Which ClusterRoles each aggregated one selects.
#[derive(Debug)]
pub(crate) struct Selections<'a> {
    selected: BTreeMap<&'a str, Vec<&'a str>>,
    /// Aggregated roles whose own rules others gather: those in a circle, and those that
    /// themselves gather nothing.
    keep_own: BTreeSet<&'a str>,
}

impl<'a> Selections<'a> {
    pub(crate) fn of(roles: &ClusterRoles<'a>) -> Self {
        let mut selections = Self {
            selected: BTreeMap::new(),
            keep_own: BTreeSet::new(),
        };
        for (&name, role) in roles {
            if let Some(rule) = role.aggregation {
                let chosen = roles.iter().filter(|(other, candidate)| {
                    **other != name
                        && rule
                            .cluster_role_selectors
                            .iter()
                            .any(|selector| selector.matches(candidate.labels))
                });
                let chosen = chosen.map(|(&other, _)| other).collect();
                selections.selected.insert(name, chosen);
            }
        }
        let aggregated: Vec<&str> = selections.selected.keys().copied().collect();
        for name in aggregated {
            if selections.keeps_own(name, roles) {
                selections.keep_own.insert(name);
            }
        }
        selections
    }

    /// The rules that a role gathers; none when it gathers nothing. In a circle of roles that
    /// gather each other the server's result hangs on which is filled first: all own rules of
    /// the circle are counted, so that none that may be held is missed.
    pub(crate) fn gather(
        &self,
        root: &'a str,
        roles: &ClusterRoles<'a>,
    ) -> Option<Vec<ResolvedRule>> {
        let mut gathered = Vec::new();
        let mut places = BTreeMap::new();
        self.visit(root, |name| {
            let counts = !self.selected.contains_key(name) || self.keep_own.contains(name);
            if let Some(role) = roles.get(name).filter(|_| counts) {
                add_distinct(&role.own.rules, &mut gathered, &mut places);
            }
            true
        });
        (!gathered.is_empty()).then_some(gathered)
    }

    /// A live role's rules as they stand, each with the gathered role in which an equal one is
    /// written, the API server's own first; with the role itself where none is.
    pub(crate) fn trace(
        &self,
        root: &str,
        own: &ResolvedRole,
        roles: &ClusterRoles<'a>,
    ) -> Vec<ResolvedRule> {
        let mut written = Vec::new();
        let mut places = BTreeMap::new();
        self.visit(root, |name| {
            let aggregated = self.selected.contains_key(name);
            if let Some(role) = roles.get(name).filter(|_| !aggregated) {
                add_distinct(&role.own.rules, &mut written, &mut places);
            }
            true
        });
        let traced = own.rules.iter().map(|rule| {
            let place = places.get(&rule.rule);
            let source = place.and_then(|&place| written.get(place));
            source.unwrap_or(rule).clone()
        });
        traced.collect()
    }

    /// Live, the roles whose rules are not the union of the rules of those they select.
    pub(crate) fn differences(&self, roles: &ClusterRoles<'a>) -> Vec<AggregationDifference> {
        let mut differences = Vec::new();
        for (name, chosen) in &self.selected {
            let Some(role) = roles.get(name) else {
                continue;
            };
            let union: BTreeSet<&PolicyRule> = chosen
                .iter()
                .filter_map(|name| roles.get(name))
                .flat_map(|role| role.own.rules.iter().map(|rule| &*rule.rule))
                .collect();
            let held: BTreeSet<&PolicyRule> =
                role.own.rules.iter().map(|rule| &*rule.rule).collect();
            if !union.is_empty() && union != held {
                differences.push(AggregationDifference {
                    role: Arc::clone(&role.own.object),
                    missing: union.difference(&held).map(|&rule| rule.clone()).collect(),
                    surplus: held.difference(&union).map(|&rule| rule.clone()).collect(),
                });
            }
        }
        differences
    }

    fn keeps_own(&self, root: &str, roles: &ClusterRoles<'a>) -> bool {
        let mut circle = false;
        let mut gathers = false;
        self.visit(root, |name| {
            circle |= name == root;
            gathers |= roles
                .get(name)
                .is_some_and(|role| !role.own.rules.is_empty());
            !circle
        });
        circle || !gathers
    }

    /// Every role that one selects, directly or through others, nearest first; itself too when
    /// it is in a circle. Ends early when the visitor says false.
    fn visit(&self, root: &str, mut visitor: impl FnMut(&'a str) -> bool) {
        let mut seen = BTreeSet::new();
        let mut queue: VecDeque<&'a str> = self.selected_by(root).collect();
        seen.extend(queue.iter().copied());
        while let Some(name) = queue.pop_front() {
            if !visitor(name) {
                return;
            }
            for next in self.selected_by(name) {
                if seen.insert(next) {
                    queue.push_back(next);
                }
            }
        }
    }

    fn selected_by(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.selected.get(name).into_iter().flatten().copied()
    }
}

/// Adds the rules that are not there; of equal ones the API server's own is kept, since the
/// right is there without the other.
fn add_distinct(
    from: &[ResolvedRule],
    rules: &mut Vec<ResolvedRule>,
    places: &mut BTreeMap<Arc<PolicyRule>, usize>,
) {
    for rule in from {
        let place = *places
            .entry(Arc::clone(&rule.rule))
            .or_insert_with(|| rules.len());
        match rules.get_mut(place) {
            None => rules.push(rule.clone()),
            Some(known) if rule.bootstrap && !known.bootstrap => *known = rule.clone(),
            Some(_) => {}
        }
    }
}
