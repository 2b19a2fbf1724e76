//! Where an operator seems meant to work, when no baseline says so.

use std::collections::{BTreeMap, BTreeSet};

use opsec_facts::Facts;
use opsec_model::ServiceAccountRef;
use opsec_model::objects::{OperatorGroup, WatchedNamespaces};

use crate::bindings;
use crate::operator::Operator;

/// Namespaces that an operator seems meant to work in, before its own and protected ones are
/// taken away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntendedCandidates {
    /// The namespaces.
    pub namespaces: BTreeSet<String>,
    /// Whether watch settings or an OperatorGroup say every namespace; then these say none.
    pub all: bool,
    /// Whether a watch setting comes from elsewhere and is not known.
    pub unknown: bool,
    /// What says so, for a person: `RoleBinding/shop/edit`, `payload in shop`.
    pub sources: Vec<String>,
}

/// Namespace and name of the RoleBindings that name an account.
pub(crate) type RoleBindings = BTreeMap<ServiceAccountRef, BTreeSet<(String, String)>>;

/// The RoleBindings of the snapshot by the accounts that they name.
pub(crate) fn role_bindings(facts: &Facts<'_>) -> RoleBindings {
    let mut named = RoleBindings::new();
    for binding in bindings::all(facts.snapshot()) {
        let Some(namespace) = binding.namespace else {
            continue;
        };
        for account in binding.accounts {
            let name = (namespace.to_owned(), binding.metadata.name.clone());
            named.entry(account).or_default().insert(name);
        }
    }
    named
}

/// The candidates of an operator whose components, accounts and payload are known.
pub(crate) fn candidates(
    facts: &Facts<'_>,
    role_bindings: &RoleBindings,
    operator: &Operator,
) -> IntendedCandidates {
    let settings = settings(facts, operator);
    let mut found: BTreeSet<(String, String)> = BTreeSet::new();
    if !settings.all {
        found.extend(settings.named);
    }
    for workload in operator.payload_workloads(facts) {
        let namespace = workload.namespace().to_owned();
        found.insert((namespace.clone(), format!("payload in {namespace}")));
    }
    for account in &operator.accounts {
        for (namespace, name) in role_bindings.get(&account.account).into_iter().flatten() {
            found.insert((namespace.clone(), format!("RoleBinding/{namespace}/{name}")));
        }
    }
    IntendedCandidates {
        all: settings.all,
        unknown: settings.unknown,
        namespaces: found
            .iter()
            .map(|(namespace, _)| namespace.clone())
            .collect(),
        sources: found.into_iter().map(|(_, source)| source).collect(),
    }
}

#[derive(Default)]
struct Settings {
    all: bool,
    unknown: bool,
    /// Namespace and what names it.
    named: Vec<(String, String)>,
}

/// What environment variables of its components and OperatorGroups of its namespaces say.
fn settings(facts: &Facts<'_>, operator: &Operator) -> Settings {
    let mut settings = Settings::default();
    for workload in operator.workloads(facts) {
        for setting in &workload.watch_settings {
            let source = || {
                let kind = workload.kind.as_str();
                format!("{} of {kind}/{}", setting.name, workload.metadata.name)
            };
            match &setting.namespaces {
                WatchedNamespaces::All => settings.all = true,
                WatchedNamespaces::Unknown => settings.unknown = true,
                WatchedNamespaces::Own => {
                    let own = workload.namespace().to_owned();
                    settings.named.push((own, source()));
                }
                WatchedNamespaces::Named(names) => {
                    let each = names.iter().map(|name| (name.clone(), source()));
                    settings.named.extend(each);
                }
            }
        }
    }
    for group in &facts.snapshot().operator_groups {
        if operator.namespaces.contains(group.metadata.namespace()) {
            operator_group(facts, group, &mut settings);
        }
    }
    settings
}

/// <https://olm.operatorframework.io/docs/advanced-tasks/operator-scoping-with-operatorgroups/>
fn operator_group(facts: &Facts<'_>, group: &OperatorGroup, settings: &mut Settings) {
    let source = format!("OperatorGroup/{}", group.metadata.name);
    let targets = &group.spec.target_namespaces;
    let named: Vec<String> = match &group.spec.selector {
        _ if !targets.is_empty() => targets.clone(),
        Some(selector) => facts
            .namespace_names()
            .filter(|name| selector.matches(&facts.namespace_labels(name)))
            .map(str::to_owned)
            .collect(),
        None => {
            settings.all = true;
            return;
        }
    };
    let named = named.into_iter().map(|name| (name, source.clone()));
    settings.named.extend(named);
}
