//! Which component, account and namespace of one state is which of the other: those of the same
//! name, and those that were renamed or moved where nothing else can be meant.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::{ObjectRef, ServiceAccountRef};
use opsec_operators::Operator;
use opsec_rbac::Reaching;

/// What belongs together.
#[derive(Debug, Default)]
pub(crate) struct Pairing {
    components: Vec<(ObjectRef, ObjectRef)>,
    accounts: Vec<(ServiceAccountRef, ServiceAccountRef)>,
    namespaces: Vec<(String, String)>,
}

/// The same, seen from one of the two states.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    /// Components of this state with those of the other.
    pub(crate) components: BTreeMap<ObjectRef, ObjectRef>,
    /// Accounts of this state with those of the other.
    pub(crate) accounts: BTreeMap<ServiceAccountRef, ServiceAccountRef>,
    /// Namespaces of the other state as this one calls them, where it calls them otherwise.
    into_this: BTreeMap<String, String>,
    /// The reverse.
    into_other: BTreeMap<String, String>,
}

/// Something with names by which it may be found again, the surest first; an empty one is none.
type Named<T> = (T, [String; 3]);

impl Pairing {
    pub(crate) fn new(first: &Operator, second: &Operator) -> Self {
        let components = pair(&components(first), &components(second));
        let named: BTreeMap<&ObjectRef, &ObjectRef> =
            components.iter().map(|(a, b)| (b, a)).collect();
        let as_first = |object: &ObjectRef| {
            let object = named.get(object).copied().unwrap_or(object);
            object.to_string()
        };
        let of_first = accounts(first, &ToString::to_string);
        let of_second = accounts(second, &as_first);
        let accounts = pair(&of_first, &of_second);
        let namespaces = namespaces(&components, &accounts);
        Self {
            components,
            accounts,
            namespaces,
        }
    }

    pub(crate) fn seen_from_the_first(&self) -> Pairs {
        Pairs {
            components: self.components.iter().cloned().collect(),
            accounts: self.accounts.iter().cloned().collect(),
            into_other: self.namespaces.iter().cloned().collect(),
            into_this: reversed(&self.namespaces).collect(),
        }
    }

    pub(crate) fn seen_from_the_second(&self) -> Pairs {
        Pairs {
            components: reversed(&self.components).collect(),
            accounts: reversed(&self.accounts).collect(),
            into_other: reversed(&self.namespaces).collect(),
            into_this: self.namespaces.iter().cloned().collect(),
        }
    }

    /// What was found again under another name, each a clause.
    pub(crate) fn notes(&self) -> Vec<String> {
        let namespaces = self.namespaces.iter().map(|(before, after)| {
            format!("namespace {before} is {after} after: what is in one is compared with what is in the other")
        });
        let moved: BTreeMap<&String, &String> =
            self.namespaces.iter().map(|(a, b)| (a, b)).collect();
        let only_moved = |from: &str, to: &str| {
            from == to || moved.get(&from.to_owned()).is_some_and(|it| *it == to)
        };
        let accounts = self.accounts.iter().filter(|(before, after)| {
            before.name != after.name || !only_moved(&before.namespace, &after.namespace)
        });
        let accounts = accounts.map(|(before, after)| {
            format!("ServiceAccount {before} is {after} after: the same components run as it")
        });
        namespaces.chain(accounts).collect()
    }
}

impl Pairs {
    /// A scope of the other state as this one calls it.
    pub(crate) fn scope(&self, scope: Reaching) -> Reaching {
        match scope {
            Reaching::Cluster => Reaching::Cluster,
            Reaching::Namespace(namespace) => {
                let known = self.into_this.get(&namespace).cloned();
                Reaching::Namespace(known.unwrap_or(namespace))
            }
        }
    }

    /// A namespace of this state as the other calls it.
    pub(crate) fn namespace<'a>(&'a self, namespace: &'a str) -> &'a str {
        let known = self.into_other.get(namespace);
        known.map_or(namespace, String::as_str)
    }

    /// A workload of this state as the other calls it.
    pub(crate) fn workload(&self, object: &ObjectRef) -> ObjectRef {
        if let Some(component) = self.components.get(object) {
            return component.clone();
        }
        let namespace = object.namespace.as_deref();
        ObjectRef {
            namespace: namespace.map(|name| self.namespace(name).to_owned()),
            ..object.clone()
        }
    }

    /// An account of this state as the other calls it.
    pub(crate) fn account(&self, account: &ServiceAccountRef) -> ServiceAccountRef {
        if let Some(other) = self.accounts.get(account) {
            return other.clone();
        }
        ServiceAccountRef::new(self.namespace(&account.namespace), &account.name)
    }

    /// Any object of this state as the other calls it.
    pub(crate) fn object(&self, object: &ObjectRef) -> ObjectRef {
        match (object.kind.as_str(), &object.namespace) {
            ("ServiceAccount", Some(namespace)) => {
                let account = self.account(&ServiceAccountRef::new(namespace, &object.name));
                ObjectRef::namespaced("ServiceAccount", account.namespace, account.name)
            }
            _ => self.workload(object),
        }
    }
}

fn reversed<T: Clone>(pairs: &[(T, T)]) -> impl Iterator<Item = (T, T)> + '_ {
    pairs.iter().map(|(a, b)| (b.clone(), a.clone()))
}

fn components(operator: &Operator) -> Vec<Named<ObjectRef>> {
    let components = operator.components.iter();
    components
        .map(|component| {
            let object = component.object.clone();
            let names = [
                object.to_string(),
                format!("{}/{}", object.kind, object.name),
                object.name.clone(),
            ];
            (object, names)
        })
        .collect()
}

/// Accounts, found again at last by the components that run as them.
fn accounts(
    operator: &Operator,
    called: &dyn Fn(&ObjectRef) -> String,
) -> Vec<Named<ServiceAccountRef>> {
    let accounts = operator.accounts.iter();
    accounts
        .map(|account| {
            let account = account.account.clone();
            let runs = operator.components.iter();
            let runs = runs.filter(|component| component.account == account);
            let runs: BTreeSet<String> = runs.map(|component| called(&component.object)).collect();
            let runs: Vec<String> = runs.into_iter().collect();
            let names = [account.to_string(), account.name.clone(), runs.join(" ")];
            (account, names)
        })
        .collect()
}

/// Pairs by the surest name that only one of each side has.
fn pair<T: Clone + Ord>(first: &[Named<T>], second: &[Named<T>]) -> Vec<(T, T)> {
    let mut pairs: Vec<(T, T)> = Vec::new();
    for sure in 0..3 {
        let key = |names: &[String; 3]| names.get(sure).cloned().unwrap_or_default();
        let left: Vec<&Named<T>> = first
            .iter()
            .filter(|(it, _)| pairs.iter().all(|(known, _)| known != it))
            .collect();
        let right: Vec<&Named<T>> = second
            .iter()
            .filter(|(it, _)| pairs.iter().all(|(_, known)| known != it))
            .collect();
        for (one, names) in &left {
            let key_of_one = key(names);
            let mut alike = left.iter().filter(|(_, names)| key(names) == key_of_one);
            let mut others = right.iter().filter(|(_, names)| key(names) == key_of_one);
            let alone = alike.next().is_some() && alike.next().is_none();
            if let (true, false, Some((other, _)), None) =
                (alone, key_of_one.is_empty(), others.next(), others.next())
            {
                pairs.push((one.clone(), other.clone()));
            }
        }
    }
    pairs.sort();
    pairs
}

/// Namespaces that are called otherwise: where all that was in one is in one other.
fn namespaces(
    components: &[(ObjectRef, ObjectRef)],
    accounts: &[(ServiceAccountRef, ServiceAccountRef)],
) -> Vec<(String, String)> {
    let of = |object: &ObjectRef| object.namespace.clone().unwrap_or_default();
    let pairs: BTreeSet<(String, String)> = components
        .iter()
        .map(|(a, b)| (of(a), of(b)))
        .chain(
            accounts
                .iter()
                .map(|(a, b)| (a.namespace.clone(), b.namespace.clone())),
        )
        .collect();
    let one_to_one = |(from, to): &&(String, String)| {
        pairs.iter().filter(|(other, _)| other == from).count() == 1
            && pairs.iter().filter(|(_, other)| other == to).count() == 1
    };
    let moved = pairs.iter().filter(one_to_one);
    moved.filter(|(from, to)| from != to).cloned().collect()
}
