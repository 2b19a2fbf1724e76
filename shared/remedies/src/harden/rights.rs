//! Rights, narrowed until no finding about them is left: what is dangerous everywhere is granted in
//! the intended namespaces alone, and what is dangerous there too is taken away. What a binding gives
//! that is no finding stays, rule by rule, in roles of the ServiceAccount's own.

use std::collections::{BTreeMap, BTreeSet};

use opsec_kubernetes::Scope;
use opsec_model::objects::{PolicyRule, Subject as BindingSubject};
use opsec_model::report::{Finding, FindingStatus};
use opsec_model::{EffectiveBaseline, ObjectRef, Report, RightsGrant, ServiceAccountRef, Snapshot};
use opsec_practices::{CheckError, Prepared};
use opsec_rbac::{EffectiveRights, Kinds, Reaching, excess, rule_covers};
use opsec_rights::{GradedRight, Grading, GradingInput};
use serde_json::{Value, json};

use super::edit::Edits;
use super::{Work, aimed_at, snapshot};
use crate::declare::name_of;
use crate::rules::{Held, shorten};
use crate::subject;

/// More rounds than any operator takes; each takes something away or is the last.
const ROUNDS: usize = 24;
/// What ends the name of a role that is written here.
const SUFFIX: &str = "opsec";
/// What `*` is among verbs, but for those that give more than they say.
const VERBS: [&str; 8] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
];

/// What becomes of one account's rights.
#[derive(Debug, Clone)]
struct Account {
    rights: EffectiveRights,
    /// Bindings whose rules are rewritten.
    touched: BTreeSet<ObjectRef>,
    /// What it loses.
    removed: BTreeSet<Held>,
    /// What it is given in namespaces instead.
    moved: BTreeSet<Held>,
}

/// The accounts, and the facts that they are narrowed on.
struct Plan<'a> {
    before: &'a Snapshot,
    kinds: Kinds,
    own_groups: BTreeSet<String>,
    accounts: BTreeMap<ServiceAccountRef, Account>,
    rules: BTreeSet<String>,
}

/// The changes of RBAC that narrow an operator's rights on these facts.
///
/// # Errors
/// When the operator is not there.
pub(crate) fn narrow(work: &Work<'_>, before: &Snapshot) -> Result<Edits, CheckError> {
    let baseline = aimed_at(work);
    let prepared = Prepared::new(before);
    let operator = prepared.resolve(Some(&work.name))?;
    let accounts = operator.accounts.iter().map(|account| {
        let account = account.account.clone();
        let rights = subject::rights(&prepared, &account);
        let entry = Account {
            rights,
            touched: BTreeSet::new(),
            removed: BTreeSet::new(),
            moved: BTreeSet::new(),
        };
        (account, entry)
    });
    let mut plan = Plan {
        before,
        kinds: prepared.kinds().clone(),
        own_groups: operator
            .own_groups()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        accounts: accounts.collect(),
        rules: BTreeSet::new(),
    };
    let mut edits = Edits::default();
    for _ in 0..ROUNDS {
        let now = snapshot::with(before, &edits);
        if !plan.round(work, &now, &baseline)? {
            break;
        }
        edits = plan.edits();
    }
    Ok(edits)
}

impl Plan<'_> {
    /// Takes away what the findings on these facts rest on. Whether anything was.
    fn round(
        &mut self,
        work: &Work<'_>,
        now: &Snapshot,
        baseline: &EffectiveBaseline,
    ) -> Result<bool, CheckError> {
        let prepared = Prepared::new(now);
        let report = prepared.check_one(Some(&work.name), baseline, work.asked.now)?;
        let operator = prepared.resolve(Some(&work.name))?;
        let grading = Grading::new(GradingInput {
            facts: prepared.facts(),
            holdings: prepared.holdings(),
            kinds: prepared.kinds(),
            operators: prepared.operators(),
            operator,
            baseline,
            node_pods: prepared.node_pods(),
        });
        let mut changed = false;
        for finding in failing(work, &report) {
            for account in &finding.service_accounts {
                if kept(work, finding, account) {
                    continue;
                }
                let rights = grading.rights_of(account);
                let held = rights
                    .iter()
                    .find(|right| finding.right.as_deref() == Some(right.id));
                let took = match held {
                    Some(right) => self.take(work, account, right, grading.effective(account)),
                    None => self.take_wildcards(account, finding),
                };
                if took {
                    self.rules.insert(finding.rule.clone());
                    self.rules.extend(finding.also.iter().cloned());
                }
                changed |= took;
            }
        }
        Ok(changed)
    }

    /// Takes a right from an account: its bindings are rewritten first, and of what is written for
    /// it what the right rests on goes.
    fn take(
        &mut self,
        work: &Work<'_>,
        account: &ServiceAccountRef,
        right: &GradedRight,
        now: Option<&EffectiveRights>,
    ) -> bool {
        let (Some(entry), Some(now)) = (self.accounts.get_mut(account), now) else {
            return false;
        };
        let grave: Vec<_> = right
            .hits
            .iter()
            .filter(|hit| hit.severity >= work.fail_on && !hit.granted)
            .collect();
        let all: Vec<_> = right.hits.iter().collect();
        let hits = if grave.is_empty() { all } else { grave };
        let mut changed = false;
        for hit in &hits {
            for grant in &hit.hit.grants {
                let binding = now.grants().get(*grant).map(|grant| &grant.binding);
                if let Some(binding) = binding.filter(|binding| !is_ours(binding)) {
                    changed |= entry.touched.insert((**binding).clone());
                }
            }
        }
        if changed {
            return true;
        }
        let written = entry.written(&self.kinds, &self.own_groups);
        for hit in hits {
            let atoms: Vec<PolicyRule> = hit
                .hit
                .atoms
                .iter()
                .map(|atom| rule(&atom.verb, &atom.group, &atom.resource))
                .collect();
            for held in &written {
                let meant = atoms
                    .iter()
                    .any(|atom| covers(&held.atom, atom) || covers(atom, &held.atom));
                if held.scope == hit.hit.scope && meant {
                    changed |= entry.removed.insert(held.clone());
                    entry
                        .moved
                        .extend(elsewhere(held, &self.kinds, &work.intended));
                }
            }
        }
        changed
    }

    /// Takes what a finding without a right rests on: rules with `*`, of bindings that it names.
    fn take_wildcards(&mut self, account: &ServiceAccountRef, finding: &Finding) -> bool {
        if !["OPSEC304", "OPSEC312"].contains(&finding.rule.as_str()) {
            return false;
        }
        let Some(entry) = self.accounts.get_mut(account) else {
            return false;
        };
        let mut changed = false;
        for grant in &finding.granted_by {
            if !is_ours(&grant.binding) {
                changed |= entry.touched.insert(grant.binding.clone());
            }
        }
        if changed {
            return true;
        }
        for held in entry.written(&self.kinds, &self.own_groups) {
            let has = |list: &[String]| list.iter().any(|word| word == "*");
            let own = held
                .atom
                .api_groups
                .iter()
                .all(|group| self.own_groups.contains(group));
            if has(&held.atom.api_groups) || (has(&held.atom.resources) && !own) {
                changed |= entry.removed.insert(held);
            }
        }
        changed
    }

    /// The changes that come to what is planned.
    fn edits(&self) -> Edits {
        let mut edits = Edits::default();
        let answers: Vec<&str> = self.rules.iter().map(String::as_str).collect();
        let mut gone: BTreeMap<ObjectRef, BTreeSet<ServiceAccountRef>> = BTreeMap::new();
        for (account, entry) in &self.accounts {
            for binding in &entry.touched {
                gone.entry(binding.clone())
                    .or_default()
                    .insert(account.clone());
            }
            let rest = entry.written(&self.kinds, &self.own_groups);
            for grant in shorten(account, rest, &BTreeSet::new()) {
                grants(&grant, &answers, &mut edits);
            }
        }
        for (binding, accounts) in gone {
            self.unbind(&binding, &accounts, &answers, &mut edits);
        }
        edits
    }

    /// Takes accounts out of a binding, or the binding away when nobody is left.
    fn unbind(
        &self,
        binding: &ObjectRef,
        accounts: &BTreeSet<ServiceAccountRef>,
        answers: &[&str],
        edits: &mut Edits,
    ) {
        let is = |metadata: &opsec_model::objects::Metadata| {
            metadata.name == binding.name && metadata.namespace == binding.namespace
        };
        let mut of_namespace = self.before.role_bindings.iter();
        let mut of_cluster = self.before.cluster_role_bindings.iter();
        let subjects = if binding.kind == "RoleBinding" {
            let found = of_namespace.find(|it| is(&it.metadata));
            found.map(|it| &it.subjects)
        } else {
            let found = of_cluster.find(|it| is(&it.metadata));
            found.map(|it| &it.subjects)
        };
        let Some(subjects) = subjects else {
            return;
        };
        let others: Vec<&BindingSubject> = subjects
            .iter()
            .filter(|subject| !names(subject, binding, accounts))
            .collect();
        if others.is_empty() {
            edits.delete(binding.clone(), answers);
        } else {
            edits.patch(binding.clone(), &json!({"subjects": others}), answers);
        }
    }
}

impl Account {
    /// What is written for it in roles of its own: what its rewritten bindings give, each `*` spelt
    /// out, and what it is given in namespaces, without what it loses.
    fn written(&self, kinds: &Kinds, own_groups: &BTreeSet<String>) -> BTreeSet<Held> {
        let grants = self.rights.grants();
        let mut all: BTreeSet<Held> = self.moved.clone();
        for entry in excess(&self.rights, &[]) {
            let touched = grants
                .get(entry.grant)
                .is_some_and(|grant| self.touched.contains(&*grant.binding));
            if touched {
                let scope = entry.scope;
                all.extend(
                    spelt_out(&entry.atom, kinds, own_groups)
                        .into_iter()
                        .map(|atom| Held {
                            scope: scope.clone(),
                            atom,
                        }),
                );
            }
        }
        all.retain(|held| !self.removed.contains(held));
        all
    }
}

/// Failing findings about rights that are to be answered.
fn failing<'a>(work: &'a Work<'_>, report: &'a Report) -> impl Iterator<Item = &'a Finding> {
    report.findings().filter(move |finding| {
        let rules = std::iter::once(&finding.rule).chain(&finding.also);
        let rules: Vec<&str> = rules.map(String::as_str).collect();
        finding.status == FindingStatus::Fail
            && !finding.granted_by.is_empty()
            && work.answers(&rules)
    })
}

fn kept(work: &Work<'_>, finding: &Finding, account: &ServiceAccountRef) -> bool {
    let account = account.to_string();
    let ids = std::iter::once(&finding.rule).chain(&finding.right);
    ids.into_iter().any(|id| work.keeps(id, &account))
}

/// Whether a binding was written here.
fn is_ours(binding: &ObjectRef) -> bool {
    binding.name.ends_with(&format!("-{SUFFIX}"))
}

/// Whether a subject is one of these accounts, or a group that they are in.
fn names(
    subject: &BindingSubject,
    binding: &ObjectRef,
    accounts: &BTreeSet<ServiceAccountRef>,
) -> bool {
    match subject.kind.as_str() {
        "ServiceAccount" => {
            let namespace = subject.namespace.as_ref().or(binding.namespace.as_ref());
            accounts.iter().any(|account| {
                account.name == subject.name
                    && namespace.is_none_or(|namespace| *namespace == account.namespace)
            })
        }
        "User" => accounts
            .iter()
            .any(|account| account.user_name() == subject.name),
        "Group" => accounts.iter().any(|account| {
            let of_namespace = format!("system:serviceaccounts:{}", account.namespace);
            [
                of_namespace.as_str(),
                "system:serviceaccounts",
                "system:authenticated",
            ]
            .contains(&subject.name.as_str())
        }),
        _ => false,
    }
}

fn rule(verb: &str, group: &str, resource: &str) -> PolicyRule {
    let path = resource.starts_with('/');
    let resources = (!path).then(|| resource.to_owned());
    PolicyRule {
        verbs: vec![verb.to_owned()],
        api_groups: if path {
            Vec::new()
        } else {
            vec![group.to_owned()]
        },
        resources: resources.into_iter().collect(),
        resource_names: Vec::new(),
        non_resource_urls: path.then(|| resource.to_owned()).into_iter().collect(),
    }
}

/// Whether one rule covers another, but for the names that they are limited to.
fn covers(owner: &PolicyRule, sub: &PolicyRule) -> bool {
    let unnamed = |rule: &PolicyRule| PolicyRule {
        resource_names: Vec::new(),
        ..rule.clone()
    };
    rule_covers(&unnamed(owner), &unnamed(sub))
}

/// A right of the whole cluster in the intended namespaces alone, where its kind has namespaces.
fn elsewhere<'a>(
    held: &'a Held,
    kinds: &Kinds,
    intended: &'a BTreeSet<String>,
) -> impl Iterator<Item = Held> + 'a {
    let (group, resource) = (held.atom.api_groups.first(), held.atom.resources.first());
    let moves = match (group, resource, &held.scope) {
        (Some(group), Some(resource), Reaching::Cluster) => {
            group != "*"
                && resource != "*"
                && kinds.scope(group, resource).unwrap_or(Scope::Namespaced) == Scope::Namespaced
        }
        _ => false,
    };
    let namespaces = intended.iter().filter(move |_| moves);
    namespaces.map(|namespace| Held {
        scope: Reaching::Namespace(namespace.clone()),
        atom: held.atom.clone(),
    })
}

/// An atom with each `*` as what it is here: the verbs that do what they say, the kinds of a group
/// that Kubernetes serves, and of all groups the operator's own.
fn spelt_out(atom: &PolicyRule, kinds: &Kinds, own_groups: &BTreeSet<String>) -> Vec<PolicyRule> {
    let (Some(verb), Some(group), Some(resource)) = (
        atom.verbs.first(),
        atom.api_groups.first(),
        atom.resources.first(),
    ) else {
        return vec![atom.clone()];
    };
    let verbs: Vec<&str> = match verb.as_str() {
        "*" => VERBS.to_vec(),
        verb => vec![verb],
    };
    let mut found = Vec::new();
    for (group, resource) in kinds_of(group, resource, kinds, own_groups) {
        found.extend(verbs.iter().map(|verb| PolicyRule {
            resource_names: atom.resource_names.clone(),
            ..rule(verb, &group, &resource)
        }));
    }
    found
}

fn kinds_of(
    group: &str,
    resource: &str,
    kinds: &Kinds,
    own_groups: &BTreeSet<String>,
) -> Vec<(String, String)> {
    let own = || {
        own_groups
            .iter()
            .map(|own| (own.clone(), resource.to_owned()))
    };
    match (group, resource) {
        ("*", "*") => own().collect(),
        ("*", resource) if resource.starts_with("*/") => own().collect(),
        ("*", resource) => {
            let known = kinds.all().filter(|kind| kind.resource == resource);
            let known = known.map(|kind| (kind.group.to_owned(), resource.to_owned()));
            own().chain(known).collect()
        }
        (group, "*") if !own_groups.contains(group) => kinds
            .all()
            .filter(|kind| kind.group == group && !kind.resource.contains('/'))
            .map(|kind| (group.to_owned(), kind.resource.to_owned()))
            .collect(),
        (group, resource) => vec![(group.to_owned(), resource.to_owned())],
    }
}

/// A role of the account's own, and its binding, in each place of a grant.
fn grants(grant: &RightsGrant, answers: &[&str], edits: &mut Edits) {
    use opsec_model::declared_rights::{GrantScope, ScopeName};
    let account = &grant.service_account;
    let subjects = json!([{
        "kind": "ServiceAccount",
        "name": account.name,
        "namespace": account.namespace,
    }]);
    let name = format!("{}-{}-{SUFFIX}", account.namespace, account.name);
    let name = name_of(&name);
    let namespaces = match &grant.scope {
        GrantScope::Named(ScopeName::Cluster) => {
            let role = ObjectRef::cluster("ClusterRole", &name);
            edits.create(role, json!({"rules": grant.rules}), answers);
            let binding = ObjectRef::cluster("ClusterRoleBinding", &name);
            edits.create(binding, bound("ClusterRole", &name, &subjects), answers);
            return;
        }
        GrantScope::Named(_) => std::slice::from_ref(&account.namespace),
        GrantScope::Namespaces { namespaces } => namespaces.as_slice(),
    };
    for namespace in namespaces {
        let role = ObjectRef::namespaced("Role", namespace, &name);
        edits.create(role, json!({"rules": grant.rules}), answers);
        let binding = ObjectRef::namespaced("RoleBinding", namespace, &name);
        edits.create(binding, bound("Role", &name, &subjects), answers);
    }
}

fn bound(kind: &str, name: &str, subjects: &Value) -> Value {
    json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
        "subjects": subjects,
    })
}
