//! A small cluster with an operator `app/op` that holds chosen rights, and its chains in short.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use opsec_facts::Facts;
use opsec_manifests::{Input, Limits, Options, read, read_documents};
use opsec_model::objects::Object as _;
use opsec_model::{Baseline, EffectiveBaseline, Path, PathEnd};
use opsec_operators::Operator;
use opsec_paths::{Chains, Ground};
use opsec_rbac::{Kinds, Policy};
use opsec_rights::{Grading, GradingInput, Holdings};

/// The operator, beside it an account `web` of no right in `shop`, and in `core` the account
/// `root`, which is cluster-admin. Each runs a pod. Every namespace holds pods from their node.
const CLUSTER: &str = "
kind: Namespace
apiVersion: v1
metadata: {name: kube-system, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
kind: Namespace
apiVersion: v1
metadata: {name: default, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
kind: Namespace
apiVersion: v1
metadata: {name: kube-public, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
kind: Namespace
apiVersion: v1
metadata: {name: kube-node-lease, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
kind: Namespace
apiVersion: v1
metadata: {name: app, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
kind: Namespace
apiVersion: v1
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
kind: Namespace
apiVersion: v1
metadata: {name: core, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
kind: ClusterRoleBinding
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: root}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, namespace: core, name: root}]
";

/// What is in the cluster.
#[derive(Debug, Clone)]
pub(crate) struct World {
    operator: String,
    others: String,
    baseline: Option<String>,
    severed: Option<String>,
    bindings: usize,
}

impl World {
    pub(crate) fn new() -> Self {
        let others = format!(
            "{CLUSTER}{}{}",
            running("core/root", ""),
            running("shop/web", "")
        );
        Self {
            operator: running("app/op", ""),
            others,
            baseline: None,
            severed: None,
            bindings: 0,
        }
    }

    /// The same, where the operator's pods have more in their specification.
    pub(crate) fn with_pods(spec: &str) -> Self {
        Self {
            operator: running("app/op", spec),
            ..Self::new()
        }
    }

    /// The same, where nobody that can be become is cluster-admin.
    pub(crate) fn without_administrator() -> Self {
        let mut world = Self::new();
        let to = "kind: ClusterRole, name: ";
        let (strong, weak) = (format!("{to}cluster-admin"), format!("{to}view"));
        world.others = world.others.replace(&strong, &weak);
        world
    }

    /// Rights of `app/op` in every namespace: `create,patch pods; get secrets.group name,name`.
    pub(crate) fn everywhere(self, rules: &str) -> Self {
        self.granted("app/op", None, rules)
    }

    /// Rights of `app/op` in a namespace.
    pub(crate) fn within(self, namespace: &str, rules: &str) -> Self {
        self.granted("app/op", Some(namespace), rules)
    }

    /// Rights of an account, in a namespace or in all.
    pub(crate) fn granted(mut self, account: &str, namespace: Option<&str>, rules: &str) -> Self {
        self.bindings += 1;
        let n = self.bindings;
        let (home, name) = account.split_once('/').unwrap();
        let (prefix, place) = match namespace {
            Some(namespace) => ("", format!(", namespace: {namespace}")),
            None => ("Cluster", String::new()),
        };
        let rules: Vec<String> = rules.split(';').map(rule).collect();
        let rules = rules.join(", ");
        let objects = format!(
            "---
kind: {prefix}Role
apiVersion: rbac.authorization.k8s.io/v1
metadata: {{name: role-{n}{place}}}
rules: [{rules}]
---
kind: {prefix}RoleBinding
apiVersion: rbac.authorization.k8s.io/v1
metadata: {{name: binding-{n}{place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {prefix}Role, name: role-{n}}}
subjects: [{{kind: ServiceAccount, namespace: {home}, name: {name}}}]
"
        );
        let file = if account == "app/op" {
            &mut self.operator
        } else {
            &mut self.others
        };
        file.push_str(&objects);
        self
    }

    /// A workload of another account, as a Deployment of its name.
    pub(crate) fn running(mut self, account: &str, spec: &str) -> Self {
        self.others.push_str(&running(account, spec));
        self
    }

    /// Any manifests.
    pub(crate) fn beside(mut self, manifests: &str) -> Self {
        let _ = write!(self.others, "---\n{manifests}\n");
        self
    }

    /// The cluster without a Namespace object's label.
    pub(crate) fn unlabelled(mut self, namespace: &str) -> Self {
        let label = |level| {
            format!(
                "{{name: {namespace}, labels: {{pod-security.kubernetes.io/enforce: {level}}}}}"
            )
        };
        for level in ["baseline", "restricted"] {
            let bare = format!("{{name: {namespace}}}");
            self.others = self.others.replace(&label(level), &bare);
        }
        self
    }

    /// A baseline's specification.
    pub(crate) fn baseline(mut self, spec: &str) -> Self {
        self.baseline = Some(spec.to_owned());
        self
    }

    /// A baseline by which the operator is meant to work in a namespace, and in no other.
    pub(crate) fn meant_for(self, namespace: &str) -> Self {
        self.baseline(&format!("{{intendedNamespaces: {{names: [{namespace}]}}}}"))
    }

    /// The operator's pods cannot use the API.
    pub(crate) fn severed(mut self, why: &str) -> Self {
        self.severed = Some(why.to_owned());
        self
    }

    /// The chains of the operator, sorted.
    pub(crate) fn chains(&self) -> Vec<Path> {
        let inputs = [
            file("operator.yaml", &self.operator),
            file("others.yaml", &self.others),
        ];
        let snapshot = read(&inputs, &Options::default()).unwrap().snapshot;
        let baseline = effective(self.baseline.as_deref());
        let facts = Facts::new(&snapshot);
        let policy = Policy::from_snapshot(&snapshot);
        let kinds = Kinds::from_snapshot(&snapshot);
        let operators = opsec_operators::find(&facts, &policy, &kinds);
        let is_ours = |operator: &&Operator| operator.namespaces.contains("app");
        let operator = operators.iter().find(is_ours).unwrap();
        let holdings = Holdings::new(&facts, &policy, &kinds, &operators);
        let node_pods = BTreeSet::new();
        let grading = Grading::new(GradingInput {
            facts: &facts,
            holdings: &holdings,
            kinds: &kinds,
            operators: &operators,
            operator,
            baseline: &baseline,
            node_pods: &node_pods,
        });
        let mut severed = BTreeMap::new();
        if let Some(why) = &self.severed {
            for component in operator.workloads(&facts) {
                severed.insert(component.object_ref(), why.clone());
            }
        }
        let ground = Ground::new(&facts, &policy, &kinds, &holdings);
        Chains::new(&ground, operator, &grading, severed).all()
    }

    /// The chain to an end.
    pub(crate) fn chain(&self, end: PathEnd) -> Option<Path> {
        self.chains().into_iter().find(|path| path.end == end)
    }

    /// The chain to an end as a line.
    pub(crate) fn line(&self, end: PathEnd) -> String {
        let chain = self.chain(end);
        chain.map_or_else(|| "no chain".to_owned(), |path| line(&path))
    }
}

/// `ESC-TOKENREQ core/root, ESC-WILDCARD cluster-admin`; what is cut says by which practice.
pub(crate) fn line(path: &Path) -> String {
    let hops: Vec<String> = path
        .hops
        .iter()
        .map(|hop| {
            let right = hop.right.as_deref().unwrap_or("-");
            let to = match &hop.to.namespace {
                Some(namespace) => format!("{namespace}/{}", hop.to.name),
                None if hop.to.name == "*" => hop.to.kind.to_ascii_lowercase(),
                None => hop.to.name.clone(),
            };
            match (hop.cut, hop.practice) {
                (false, _) => format!("{right} {to}"),
                (true, Some(practice)) => format!("{right} {to} cut by {practice}"),
                (true, None) => format!("{right} {to} cut"),
            }
        })
        .collect();
    hops.join(", ")
}

/// An account and a Deployment of its name that runs as it.
fn running(account: &str, spec: &str) -> String {
    let (namespace, name) = account.split_once('/').unwrap();
    let spec = if spec.is_empty() {
        "containers: [{name: c, image: c}]"
    } else {
        spec
    };
    format!(
        "---
kind: ServiceAccount
apiVersion: v1
metadata: {{name: {name}, namespace: {namespace}}}
---
kind: Deployment
apiVersion: apps/v1
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{template: {{spec: {{serviceAccountName: {name}, {spec}}}}}}}
"
    )
}

fn rule(text: &str) -> String {
    let mut words = text.split_whitespace();
    let verbs = quoted(words.next().unwrap());
    let what = words.next().unwrap();
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
