//! Questions near a grant: what a rule gives to whom it is bound, and then a step aside. Questions
//! at random would nearly all be refused, whatever the engine believed.

use opsec_model::objects::{PolicyRule, RoleRef, Subject};
use opsec_model::{ServiceAccountRef, Snapshot};
use opsec_rbac::User;

use super::kinds::{NAMES, NAMESPACES};
use super::universe::{ACCOUNTS, GROUPS, RESOURCES, URLS, USERS, VERBS};
use crate::chance::Chance;

/// Who does what where, near a grant.
#[derive(Debug, Clone)]
pub(crate) struct Aim {
    pub(crate) account: Option<ServiceAccountRef>,
    pub(crate) user: User,
    pub(crate) verb: String,
    pub(crate) group: String,
    /// With its subresource.
    pub(crate) resource: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// Outside the resource API, when the rule is about that.
    pub(crate) path: Option<String>,
}

/// One binding of either kind.
struct Bound<'s> {
    namespace: Option<&'s str>,
    subjects: &'s [Subject],
    role: &'s RoleRef,
}

impl Aim {
    /// At some grant of a snapshot.
    pub(crate) fn at(snapshot: &Snapshot, chance: &mut Chance) -> Self {
        let bound = bound(snapshot);
        let binding = chance.pick(&bound);
        let subject = binding.and_then(|binding| chance.pick(binding.subjects));
        let (account, user) = who(
            subject,
            binding.and_then(|binding| binding.namespace),
            chance,
        );
        let rules = binding
            .map(|binding| rules(snapshot, binding))
            .unwrap_or_default();
        let rule = chance.pick(&rules).copied().cloned().unwrap_or_default();
        let of = |list: &[String], otherwise: &[&'static str], chance: &mut Chance| {
            let word = chance.pick(list).cloned();
            let concrete = word.filter(|word| word != "*" || chance.percent(10));
            concrete.unwrap_or_else(|| chance.word(otherwise).to_owned())
        };
        let path = (!rule.non_resource_urls.is_empty())
            .then(|| aimed_path(&of(&rule.non_resource_urls, &URLS, chance), chance));
        let resource = of(&rule.resources, &RESOURCES, chance);
        let name = match rule.resource_names.as_slice() {
            [] if chance.percent(60) => chance.word(&NAMES).to_owned(),
            [] => String::new(),
            names => of(names, &NAMES, chance),
        };
        let namespace = match binding.and_then(|binding| binding.namespace) {
            Some(namespace) => namespace.to_owned(),
            None if chance.percent(30) => String::new(),
            None => chance.word(&NAMESPACES).to_owned(),
        };
        Self {
            account,
            user,
            verb: of(&rule.verbs, &VERBS, chance),
            group: of(&rule.api_groups, &GROUPS, chance),
            resource: concrete(&resource, chance),
            name,
            namespace,
            path,
        }
    }

    /// A step aside, in so many of a hundred cases.
    pub(crate) fn strayed(mut self, percent: usize, chance: &mut Chance) -> Self {
        if !chance.percent(percent) {
            return self;
        }
        match chance.below(7) {
            0 => chance.word(&VERBS).clone_into(&mut self.verb),
            1 => chance.word(&GROUPS).clone_into(&mut self.group),
            2 => chance.word(&RESOURCES).clone_into(&mut self.resource),
            3 => chance
                .word(&["", "here", "alpha", "*"])
                .clone_into(&mut self.name),
            4 => chance
                .word(&["", "ops", "blue", "green"])
                .clone_into(&mut self.namespace),
            5 => {
                let other =
                    ServiceAccountRef::new(chance.word(&NAMESPACES), chance.word(&ACCOUNTS));
                self.user = User::service_account(&other);
                self.account = Some(other);
            }
            _ => self.user.groups = Vec::new(),
        }
        self
    }
}

fn bound(snapshot: &Snapshot) -> Vec<Bound<'_>> {
    let cluster = snapshot.cluster_role_bindings.iter().map(|binding| Bound {
        namespace: None,
        subjects: &binding.subjects,
        role: &binding.role_ref,
    });
    let namespaced = snapshot.role_bindings.iter().map(|binding| Bound {
        namespace: binding.metadata.namespace.as_deref(),
        subjects: &binding.subjects,
        role: &binding.role_ref,
    });
    cluster.chain(namespaced).collect()
}

/// The rules of the bound role; those of any role where it is not in the universe, or aggregated.
fn rules<'s>(snapshot: &'s Snapshot, binding: &Bound<'_>) -> Vec<&'s PolicyRule> {
    let name = &binding.role.name;
    let any = || {
        snapshot
            .cluster_roles
            .iter()
            .flat_map(|role| &role.rules)
            .collect()
    };
    let rules = if binding.role.kind == "Role" {
        let mut roles = snapshot.roles.iter();
        roles
            .find(|role| {
                role.metadata.name == *name
                    && role.metadata.namespace.as_deref() == binding.namespace
            })
            .map(|role| &role.rules)
    } else {
        let mut roles = snapshot.cluster_roles.iter();
        roles
            .find(|role| role.metadata.name == *name && role.aggregation_rule.is_none())
            .map(|role| &role.rules)
    };
    match rules {
        Some(rules) if !rules.is_empty() => rules.iter().collect(),
        _ => any(),
    }
}

/// Whom a subject stands for, or one of them.
fn who(
    subject: Option<&Subject>,
    namespace: Option<&str>,
    chance: &mut Chance,
) -> (Option<ServiceAccountRef>, User) {
    let anybody = |chance: &mut Chance| {
        ServiceAccountRef::new(chance.word(&NAMESPACES), chance.word(&ACCOUNTS))
    };
    let Some(subject) = subject else {
        return of_account(anybody(chance));
    };
    let name = subject.name.as_str();
    match subject.kind.as_str() {
        "ServiceAccount" => {
            let namespace = subject
                .namespace
                .as_deref()
                .or(namespace)
                .unwrap_or_default();
            of_account(ServiceAccountRef::new(namespace, name))
        }
        "User" => match name
            .strip_prefix("system:serviceaccount:")
            .and_then(|rest| rest.split_once(':'))
        {
            Some((namespace, account)) => of_account(ServiceAccountRef::new(namespace, account)),
            None => (
                None,
                User {
                    name: name.to_owned(),
                    groups: groups(chance),
                },
            ),
        },
        _ => match name.strip_prefix("system:serviceaccounts:") {
            Some(namespace) => {
                of_account(ServiceAccountRef::new(namespace, chance.word(&ACCOUNTS)))
            }
            None if name.starts_with("system:") && chance.percent(70) => {
                of_account(anybody(chance))
            }
            None => {
                let mut groups = groups(chance);
                groups.push(name.to_owned());
                (
                    None,
                    User {
                        name: chance.word(&USERS).to_owned(),
                        groups,
                    },
                )
            }
        },
    }
}

fn of_account(account: ServiceAccountRef) -> (Option<ServiceAccountRef>, User) {
    let user = User::service_account(&account);
    (Some(account), user)
}

fn groups(chance: &mut Chance) -> Vec<String> {
    let some = chance.words(&["system:authenticated", "people", "others"], 2);
    let masters = chance.percent(2).then_some("system:masters");
    let all = some.into_iter().chain(masters);
    all.filter(|_| chance.percent(60))
        .map(str::to_owned)
        .collect()
}

/// What a rule's resource may stand for: `*/exec` for `pods/exec`.
fn concrete(resource: &str, chance: &mut Chance) -> String {
    match resource.strip_prefix("*/") {
        Some(subresource) if chance.percent(85) => {
            let bases = ["pods", "deployments", "namespaces", "nodes", "carts"];
            format!("{}/{subresource}", chance.word(&bases))
        }
        _ if resource == "pods/*" && chance.percent(70) => "pods/exec".to_owned(),
        _ => resource.to_owned(),
    }
}

/// A path that a rule's covers, or nearly: its `*` is replaced, or stays.
fn aimed_path(path: &str, chance: &mut Chance) -> String {
    match path.strip_suffix('*') {
        Some(prefix) if chance.percent(80) => {
            format!("{prefix}{}", chance.word(&["", "x", "a/b", "/y"]))
        }
        _ => path.to_owned(),
    }
}
