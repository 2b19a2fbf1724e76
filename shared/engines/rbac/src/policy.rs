//! All roles and bindings that count, indexed by whom they grant to.

use std::collections::BTreeMap;
use std::sync::Arc;

use opsec_model::{ServiceAccountRef, Snapshot};

use crate::aggregation::AggregationDifference;
use crate::bindings::{self, Binding, BoundSubject, DanglingRoleRef, ServiceAccountSubject};
use crate::grant::{Grant, GrantScope, SubjectVia};
use crate::matching::rule_allows;
use crate::roles::{ResolvedRole, ResolvedRule, RoleTable};
use crate::user::{Attributes, Decision, User};

/// The group that the API server lets pass before it asks RBAC.
const MASTERS: &str = "system:masters";

/// All roles and bindings that count.
#[derive(Debug)]
pub struct Policy {
    bindings: Vec<Binding>,
    /// Binding and subject, by user name.
    users: BTreeMap<String, Vec<Place>>,
    /// The same by group.
    groups: BTreeMap<String, Vec<Place>>,
    differences: Vec<AggregationDifference>,
}

/// A binding's place, and its subject's.
type Place = (usize, usize);

impl Policy {
    /// The policy of a snapshot. Files are judged over the API server's own objects: of equal
    /// kind, namespace and name the input wins, and aggregation is resolved. From a live cluster
    /// the objects are the truth, aggregated rules as they stand.
    pub fn from_snapshot(snapshot: &Snapshot) -> Self {
        let mut roles = RoleTable::of(snapshot);
        let bindings = bindings::resolve(snapshot, &mut roles);
        let (mut users, mut groups) = (BTreeMap::new(), BTreeMap::new());
        for (place, binding) in bindings.iter().enumerate() {
            for (subject_place, subject) in binding.subjects.iter().enumerate() {
                let (index, name) = match subject.via {
                    SubjectVia::Group => (&mut groups, subject.object.name.clone()),
                    SubjectVia::User => (&mut users, subject.object.name.clone()),
                    SubjectVia::ServiceAccount => match subject.account() {
                        Some(account) => (&mut users, account.user_name()),
                        None => continue,
                    },
                };
                let places: &mut Vec<Place> = index.entry(name).or_default();
                places.push((place, subject_place));
            }
        }
        Self {
            bindings,
            users,
            groups,
            differences: roles.aggregation_differences(),
        }
    }

    /// What a SubjectAccessReview answers. The groups are those of the user, none are added; a
    /// kind's scope is not known here, nor whether a request with these attributes exists.
    pub fn authorize(&self, user: &User, attributes: &Attributes) -> Decision {
        let namespace = match attributes {
            Attributes::Resource { namespace, .. } if !namespace.is_empty() => Some(namespace),
            _ => None,
        };
        let groups = user.groups.iter().map(String::as_str);
        for (binding, subject) in self.reaching(&user.name, groups) {
            let here = match &binding.scope {
                GrantScope::Cluster => true,
                GrantScope::Namespace(own) => namespace == Some(own),
            };
            let Some(role) = binding.role.as_ref().filter(|_| here) else {
                continue;
            };
            for (place, rule) in role.rules.iter().enumerate() {
                if rule_allows(&rule.rule, attributes) {
                    return Decision {
                        allowed: true,
                        grant: Some(grant(binding, subject, role, place, rule)),
                    };
                }
            }
        }
        Decision {
            allowed: user.groups.iter().any(|group| group == MASTERS),
            grant: None,
        }
    }

    /// Every rule that reaches an account through its user name or one of its three groups,
    /// ClusterRoleBindings first.
    pub fn grants(&self, account: &ServiceAccountRef) -> Vec<Grant> {
        self.grants_to(&User::service_account(account))
    }

    /// Every rule that reaches a user by its name or one of its groups, ClusterRoleBindings
    /// first. As in [`Policy::authorize`] no group is added.
    pub fn grants_to(&self, user: &User) -> Vec<Grant> {
        let groups = user.groups.iter().map(String::as_str);
        let mut grants = Vec::new();
        for (binding, subject) in self.reaching(&user.name, groups) {
            let Some(role) = &binding.role else {
                continue;
            };
            let rules = role.rules.iter().enumerate();
            grants.extend(rules.map(|(place, rule)| grant(binding, subject, role, place, rule)));
        }
        grants
    }

    /// The bindings, other than the API server's own, whose role does not exist.
    pub fn dangling_role_refs(&self) -> impl Iterator<Item = DanglingRoleRef> {
        let dangling = self
            .bindings
            .iter()
            .filter(|binding| binding.role.is_none() && !binding.bootstrap);
        dangling.map(|binding| DanglingRoleRef {
            binding: Arc::clone(&binding.object),
            role: (*binding.role_ref).clone(),
        })
    }

    /// Every ServiceAccount that a binding names, as ServiceAccount or as User
    /// `system:serviceaccount:NAMESPACE:NAME`, whether it exists or not; the API server's own
    /// are marked.
    pub fn service_account_subjects(&self) -> impl Iterator<Item = ServiceAccountSubject> {
        self.bindings.iter().flat_map(|binding| {
            let named = binding.subjects.iter();
            named.filter_map(move |subject| {
                Some(ServiceAccountSubject {
                    account: subject.account()?,
                    binding: Arc::clone(&binding.object),
                    subject: Arc::clone(&subject.object),
                    role: Arc::clone(&binding.role_ref),
                    role_exists: binding.role.is_some(),
                    bootstrap: subject.bootstrap,
                })
            })
        })
    }

    /// Every user name that a binding grants to, those of ServiceAccounts included.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(String::as_str)
    }

    /// Every group that a binding grants to.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// Live, the aggregated ClusterRoles whose rules differ from what their selectors gather;
    /// from files there are none, for there the union is what is judged.
    pub fn aggregation_differences(&self) -> &[AggregationDifference] {
        &self.differences
    }

    /// The bindings with the subject that names a user, ClusterRoleBindings first.
    fn reaching<'a>(
        &'a self,
        user: &str,
        groups: impl Iterator<Item = &'a str>,
    ) -> impl Iterator<Item = (&'a Binding, &'a BoundSubject)>
    where
        Self: 'a,
    {
        let mut places: Vec<Place> = self.users.get(user).cloned().unwrap_or_default();
        for group in groups {
            places.extend(self.groups.get(group).into_iter().flatten());
        }
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|(place, subject)| {
            let binding = self.bindings.get(place)?;
            Some((binding, binding.subjects.get(subject)?))
        })
    }
}

fn grant(
    binding: &Binding,
    subject: &BoundSubject,
    role: &ResolvedRole,
    rule_index: usize,
    resolved: &ResolvedRule,
) -> Grant {
    Grant {
        subject: Arc::clone(&subject.object),
        via: subject.via,
        binding: Arc::clone(&binding.object),
        role: Arc::clone(&role.object),
        rule_index,
        source_role: Arc::clone(&resolved.source),
        source_rule_index: resolved.source_index,
        rule: Arc::clone(&resolved.rule),
        scope: binding.scope.clone(),
        bootstrap: subject.bootstrap && role.bootstrap && resolved.bootstrap,
        source_bootstrap: resolved.bootstrap,
    }
}
