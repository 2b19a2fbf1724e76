//! A small cluster in which one account, `app/op`, holds chosen rights, and its graded rights.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use opsec_facts::Facts;
use opsec_manifests::{Input, Limits, Options, read, read_documents};
use opsec_model::{
    Baseline, EffectiveBaseline, Gain, Reach, ServiceAccountRef, Severity, SourceKind,
};
use opsec_rbac::{Kinds, Policy};
use opsec_rights::{GradedRight, Grading, GradingInput, Holdings, gains};

/// The installation: a Deployment `op` in the namespace `app`, with its ServiceAccount.
const INSTALLATION: &str = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: op, namespace: app}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: op, namespace: app}
spec: {template: {spec: {serviceAccountName: op, containers: [{name: c, image: c}]}}}
";

/// What is in the cluster, and how it is looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    installation: String,
    others: String,
    baseline: Option<String>,
    live: bool,
    version: String,
    node_pods: BTreeSet<String>,
    bindings: usize,
}

/// The graded rights of `app/op`.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) rights: Vec<GradedRight>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            installation: INSTALLATION.to_owned(),
            ..Self::default()
        }
    }

    /// Rights in every namespace. Rules read `create,patch pods`, `get secrets.group name,name`,
    /// `get path:/metrics`, and are separated by `;`.
    pub(crate) fn everywhere(self, rules: &str) -> Self {
        self.everywhere_for("app/op", rules)
    }

    pub(crate) fn everywhere_for(mut self, account: &str, rules: &str) -> Self {
        self.bindings += 1;
        let n = self.bindings;
        let (namespace, name) = account.split_once('/').unwrap();
        let rules = self::rules(rules);
        self.with(&format!(
            "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: role-{n}}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: binding-{n}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: role-{n}}}
subjects: [{{kind: ServiceAccount, namespace: {namespace}, name: {name}}}]
"
        ))
    }

    /// Rights in one namespace.
    pub(crate) fn in_namespace(self, namespace: &str, rules: &str) -> Self {
        self.in_namespace_for("app/op", namespace, rules)
    }

    pub(crate) fn in_namespace_for(mut self, account: &str, namespace: &str, rules: &str) -> Self {
        self.bindings += 1;
        let n = self.bindings;
        let (home, name) = account.split_once('/').unwrap();
        let rules = self::rules(rules);
        self.with(&format!(
            "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: role-{n}, namespace: {namespace}}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: binding-{n}, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: role-{n}}}
subjects: [{{kind: ServiceAccount, namespace: {home}, name: {name}}}]
"
        ))
    }

    /// Bound to a ClusterRole, everywhere or in a namespace.
    pub(crate) fn bound(mut self, role: &str, namespace: Option<&str>) -> Self {
        self.bindings += 1;
        let n = self.bindings;
        let (kind, place) = match namespace {
            Some(namespace) => ("RoleBinding", format!(", namespace: {namespace}")),
            None => ("ClusterRoleBinding", String::new()),
        };
        self.with(&format!(
            "
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: binding-{n}{place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{{kind: ServiceAccount, namespace: app, name: op}}]
"
        ))
    }

    /// A ServiceAccount.
    pub(crate) fn account(self, account: &str) -> Self {
        let (namespace, name) = account.split_once('/').unwrap();
        self.with(&format!(
            "
apiVersion: v1
kind: ServiceAccount
metadata: {{name: {name}, namespace: {namespace}}}
"
        ))
    }

    /// A ServiceAccount that may read every Secret.
    pub(crate) fn strong_account(self, account: &str) -> Self {
        self.account(account)
            .everywhere_for(account, "get secrets; create pods/exec")
    }

    /// Any manifests of the installation.
    pub(crate) fn with(mut self, manifests: &str) -> Self {
        let _ = write!(self.installation, "\n---\n{manifests}");
        self
    }

    /// Manifests of another installation.
    pub(crate) fn beside(mut self, manifests: &str) -> Self {
        let _ = write!(self.others, "---\n{manifests}");
        self
    }

    /// Definitions that another installation holds, as `plural.group`.
    pub(crate) fn defined(mut self, definitions: &str) -> Self {
        for name in definitions.split_whitespace() {
            self.others.push_str(&definition(name));
        }
        self
    }

    /// Definitions that the installation holds.
    pub(crate) fn owning(self, definitions: &str) -> Self {
        let text: String = definitions.split_whitespace().map(definition).collect();
        self.with(&text)
    }

    /// A Namespace with an enforced Pod Security Standard.
    pub(crate) fn namespace(self, name: &str, level: Option<&str>) -> Self {
        let labels = level
            .map(|level| format!(", labels: {{pod-security.kubernetes.io/enforce: {level}}}"))
            .unwrap_or_default();
        self.with(&format!(
            "
apiVersion: v1
kind: Namespace
metadata: {{name: {name}{labels}}}
"
        ))
    }

    pub(crate) fn live(mut self) -> Self {
        self.live = true;
        self
    }

    pub(crate) fn release(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    pub(crate) fn baseline(mut self, spec: &str) -> Self {
        self.baseline = Some(spec.to_owned());
        self
    }

    /// A baseline with the intended namespace `tenant` that grants nothing, so that every column
    /// of the table speaks.
    pub(crate) fn granting_nothing(self) -> Self {
        self.baseline("{intendedNamespaces: {names: [tenant]}, rights: []}")
    }

    /// The same without a list of rights.
    pub(crate) fn intending_tenant(self) -> Self {
        self.baseline("{intendedNamespaces: {names: [tenant]}}")
    }

    pub(crate) fn node_pod_in(mut self, namespace: &str) -> Self {
        self.node_pods.insert(namespace.to_owned());
        self
    }

    pub(crate) fn judge(&self) -> Outcome {
        self.judge_account("app/op")
    }

    pub(crate) fn judge_account(&self, account: &str) -> Outcome {
        let mut inputs = vec![file("installation.yaml", &self.installation)];
        if !self.others.is_empty() {
            let other = "apiVersion: apps/v1
kind: Deployment
metadata: {name: other, namespace: other-system}
spec: {template: {spec: {serviceAccountName: other, containers: [{name: c, image: c}]}}}
";
            inputs.push(file("others.yaml", &format!("{other}{}", self.others)));
        }
        let mut snapshot = read(&inputs, &Options::default()).unwrap().snapshot;
        if self.live {
            snapshot.source.kind = SourceKind::Cluster;
        }
        snapshot.kubernetes_version.clone_from(&self.version);
        let baseline = effective(self.baseline.as_deref());
        let facts = Facts::new(&snapshot);
        let policy = Policy::from_snapshot(&snapshot);
        let kinds = Kinds::from_snapshot(&snapshot);
        let operators = opsec_operators::find(&facts, &policy, &kinds);
        let operator = operators
            .iter()
            .find(|operator| operator.namespaces.contains("app"))
            .unwrap();
        let holdings = Holdings::new(&facts, &policy, &kinds, &operators);
        let grading = Grading::new(GradingInput {
            facts: &facts,
            holdings: &holdings,
            kinds: &kinds,
            operators: &operators,
            operator,
            baseline: &baseline,
            node_pods: &self.node_pods,
        });
        let (namespace, name) = account.split_once('/').unwrap();
        Outcome {
            rights: grading.rights_of(&ServiceAccountRef::new(namespace, name)),
        }
    }
}

impl Outcome {
    /// Every right, those folded into another too.
    pub(crate) fn flat(&self) -> Vec<&GradedRight> {
        fn gather<'a>(rights: &'a [GradedRight], into: &mut Vec<&'a GradedRight>) {
            for right in rights {
                into.push(right);
                gather(&right.folded, into);
            }
        }
        let mut all = Vec::new();
        gather(&self.rights, &mut all);
        all
    }

    /// The right of an id, wherever it is folded.
    pub(crate) fn find(&self, id: &str) -> Option<&GradedRight> {
        self.flat()
            .into_iter()
            .find(|right| right.id == id || right.hits.iter().any(|graded| graded.hit.row.id == id))
    }

    /// The severity of an id's worst hit.
    pub(crate) fn severity(&self, id: &str) -> Option<Severity> {
        self.flat()
            .into_iter()
            .flat_map(|right| &right.hits)
            .filter(|graded| graded.hit.row.id == id)
            .map(|graded| graded.severity)
            .max()
    }

    pub(crate) fn reach(&self, id: &str) -> Option<Reach> {
        self.find(id).map(|right| right.reach)
    }

    /// Ids of findings of their own, the worst first.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.rights.iter().map(|right| right.id).collect()
    }

    pub(crate) fn gains(&self) -> BTreeSet<Gain> {
        gains(&self.rights)
    }
}

fn file(name: &str, text: &str) -> Input {
    Input {
        name: name.into(),
        bytes: text.as_bytes().to_vec(),
    }
}

fn effective(spec: Option<&str>) -> EffectiveBaseline {
    let Some(spec) = spec else {
        return EffectiveBaseline::builtin().unwrap();
    };
    let text = format!(
        "apiVersion: kubectl-opsec.dev/v1alpha1\nkind: OperatorBaseline\nmetadata: {{name: b}}\nspec: {spec}\n"
    );
    let documents = read_documents(&file("baseline.yaml", &text), &Limits::default()).unwrap();
    let value = documents.into_iter().next().unwrap().value;
    EffectiveBaseline::new(&Baseline::from_value(value).unwrap(), 1, true, None).unwrap()
}

/// Rules in short, as flow YAML.
fn rules(text: &str) -> String {
    text.split(';')
        .map(str::trim)
        .filter(|rule| !rule.is_empty())
        .map(rule)
        .collect::<Vec<_>>()
        .join(", ")
}

fn rule(text: &str) -> String {
    let mut words = text.split_whitespace();
    let verbs = quoted(words.next().unwrap());
    let what = words.next().unwrap();
    if let Some(path) = what.strip_prefix("path:") {
        return format!("{{nonResourceURLs: [\"{path}\"], verbs: {verbs}}}");
    }
    let (resources, group) = what.split_once('.').unwrap_or((what, ""));
    let names = words
        .next()
        .map(|names| format!(", resourceNames: {}", quoted(names)))
        .unwrap_or_default();
    format!(
        "{{apiGroups: [\"{group}\"], resources: {}, verbs: {verbs}{names}}}",
        quoted(resources)
    )
}

fn quoted(words: &str) -> String {
    let words: Vec<String> = words.split(',').map(|word| format!("\"{word}\"")).collect();
    format!("[{}]", words.join(", "))
}

/// Kinds of definitions that are cluster-scoped.
pub(crate) const CLUSTER_SCOPED: &[&str] = &[
    "baselineadminnetworkpolicies",
    "clusteradmissionpolicies",
    "policyservers",
    "clusterextensions",
    "machineconfigs",
    "securitycontextconstraints",
    "ciliumclusterwidenetworkpolicies",
    "globalnetworkpolicies",
    "adminnetworkpolicies",
    "clusternetworkpolicies",
    "clusterpolicies",
    "compositions",
    "constrainttemplates",
    "k8srequiredlabels",
];

fn definition(name: &str) -> String {
    let (plural, group) = name.split_once('.').unwrap();
    let scope = if CLUSTER_SCOPED.contains(&plural) {
        "Cluster"
    } else {
        "Namespaced"
    };
    format!(
        "---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {name}}}
spec:
  group: {group}
  scope: {scope}
  names: {{plural: {plural}, singular: thing, kind: Thing}}
  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]
"
    )
}
