//! Every operator of the corpus on a control plane of its own: as it ships it fails; what hardens it
//! the API server accepts, by a dry run and then for good; then it passes live but for what is kept,
//! the rights that were taken away are gone by the API server's own word, those in the intended
//! namespaces remain, and the guards refuse what they are for.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

#[path = "../harden/kept.rs"]
mod kept;
mod plane;
mod reviews;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use opsec_corpus::corpus;
use opsec_model::{Report, Status};
use serde_json::{Value, json};

use kept::{Kept, failing, kept, letters};
use plane::{Plane, known, objects};
use reviews::{granted_in, lost};

/// Where every operator is told to work.
const INTENDED: [&str; 2] = ["shop", "blog"];
/// A kind that nobody has.
const DEFINITION: &str = r#"{
  "apiVersion": "apiextensions.k8s.io/v1",
  "kind": "CustomResourceDefinition",
  "metadata": {"name": "caches.demo.kubectl-opsec.dev"},
  "spec": {
    "group": "demo.kubectl-opsec.dev",
    "scope": "Namespaced",
    "names": {"kind": "Cache", "plural": "caches", "singular": "cache", "listKind": "CacheList"},
    "versions": [{"name": "v1", "served": true, "storage": true,
      "schema": {"openAPIV3Schema": {"type": "object"}}}]
  }
}"#;

/// What an operator comes to: what is shown, and what is not as it should be.
struct Outcome {
    told: String,
    wrong: Vec<String>,
}

impl Outcome {
    fn fallen(name: &str, panic: &(dyn std::any::Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().cloned();
        Self {
            told: format!("{name}: fell\n"),
            wrong: vec![format!("{name}: {}", text.unwrap_or_default())],
        }
    }
}

/// An operator as it ships and what hardens it.
struct Subject {
    name: String,
    /// A name that none but it has, where a cluster has two of the first.
    deployment: Option<String>,
    namespace: String,
    shipped: Vec<Value>,
    hardened: Vec<Value>,
    /// The command that hardens it.
    line: String,
    directory: tempfile::TempDir,
}

impl Subject {
    /// Reads and hardens it, from files alone.
    fn new(file: &Path, kept: &[&Kept]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let overlay = directory.path().join("overlay");
        let (file, overlay) = (file.display(), overlay.display());
        let before = plane::opsec(None, &format!("check -f {file} -o json"));
        let before: Report = serde_json::from_str(&before.stdout).unwrap();
        let name = before.operator.name.clone();
        let intended = INTENDED.join(",");
        let mut line = format!("harden {name} -f {file} --intended {intended}");
        for kept in kept {
            write!(line, " --keep {}", kept.flag()).unwrap();
        }
        let ran = plane::opsec(None, &format!("{line} --output-dir {overlay}"));
        assert_ne!(ran.status, 2, "{}", ran.stderr);
        let rendered = plane::kubectl(None, &format!("kustomize {overlay}"), "");
        assert_eq!(rendered.status, 0, "{}", rendered.stderr);
        let path = directory.path().join("hardened.yaml");
        std::fs::write(path, &rendered.stdout).unwrap();
        let shipped = std::fs::read(file.to_string()).unwrap();
        std::fs::write(directory.path().join("shipped.yaml"), &shipped).unwrap();
        let mut components = before.operator.components.iter();
        let deployment = components.find(|component| component.kind == "Deployment");
        Self {
            deployment: deployment.map(|it| format!("deployment/{}", it.name)),
            name,
            namespace: before.operator.namespaces.first().unwrap().clone(),
            shipped: known(objects(shipped)),
            hardened: known(objects(rendered.stdout.into_bytes())),
            line,
            directory,
        }
    }

    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// What is written down to be deleted.
    fn removed(&self) -> Vec<Value> {
        let file = self.directory.path().join("overlay/removed.yaml");
        std::fs::read(file).map_or_else(|_| Vec::new(), objects)
    }

    /// How many objects of the files the overlay does not render.
    fn left_out(&self) -> usize {
        let key = |object: &Value| {
            let word = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
            let namespace = word("/metadata/namespace").unwrap_or(&self.namespace);
            let group = word("/apiVersion").unwrap_or_default().split('/').next();
            let (kind, name) = (word("/kind"), word("/metadata/name"));
            format!("{group:?} {kind:?} {namespace} {name:?}")
        };
        let rendered: BTreeSet<String> = self.hardened.iter().map(key).collect();
        let shipped: BTreeSet<String> = self.shipped.iter().map(key).collect();
        shipped.difference(&rendered).count()
    }

    /// The verdict of the cluster as it is.
    fn judged(&self, plane: &Plane) -> Report {
        let (name, namespace) = (&self.name, &self.namespace);
        let check = |name: &str| plane.opsec(&format!("check {name} -n {namespace} -o json"));
        let mut ran = check(name);
        if let (2, Some(deployment)) = (ran.status, &self.deployment) {
            ran = check(deployment);
        }
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{name}: {}", ran.stderr))
    }
}

fn proved(file: &Path, kept: &[&Kept]) -> Outcome {
    let label = file.file_stem().unwrap().to_str().unwrap();
    let subject = Subject::new(file, kept);
    let [shop, blog] = INTENDED;
    let plane = Plane::start(&[&subject.namespace, shop, blog]);
    let mut wrong = Vec::new();
    plane.apply(&subject.shipped);
    let before = subject.judged(&plane);
    let ran = plane.opsec(&format!("{} --dry-run=server", subject.line));
    if !ran.stderr.contains(" changes accepted, 0 refused, ") {
        wrong.push(format!("{label}: a dry run comes to {}", ran.stderr));
    }
    let accepted = plane.accepts(&subject.hardened);
    let removed = plane.remove(&subject.removed());
    if removed != subject.left_out() {
        let left_out = subject.left_out();
        wrong.push(format!(
            "{label}: {removed} are deleted, {left_out} are left out"
        ));
    }
    plane.roll_out();
    let after = subject.judged(&plane);
    let mut told = format!("{label}: {} -> {}\n", letters(&before), letters(&after));
    if before.status != Status::Fail {
        wrong.push(format!("{label}: it does not fail as it ships"));
    }
    remaining(label, &after, kept, (&mut told, &mut wrong));
    let gone = lost(
        &subject.file("shipped.yaml"),
        &subject.file("hardened.yaml"),
    );
    let there = granted_in(&subject.file("hardened.yaml"), INTENDED[0]);
    wrong.extend(plane.disagrees(&gone, false));
    wrong.extend(plane.disagrees(&there, true));
    writeln!(
        told,
        "  accepted {accepted}, removed {removed}; by the API server {} rights are gone, {} remain in {}",
        gone.len(),
        there.len(),
        INTENDED[0]
    )
    .unwrap();
    let namespaces = after.operator.namespaces.iter().map(String::as_str);
    for namespace in namespaces.filter(|it| *it != "default").chain(INTENDED) {
        refuses(&plane, namespace);
    }
    Outcome { told, wrong }
}

/// What fails must be kept, and what is UNKNOWN is told.
fn remaining(
    label: &str,
    after: &Report,
    kept: &[&Kept],
    (told, wrong): (&mut String, &mut Vec<String>),
) {
    let failing = failing(after);
    for finding in &failing {
        if kept.iter().any(|kept| kept.means(finding)) {
            writeln!(told, "  kept: {} ({})", finding.rule, finding.severity).unwrap();
        } else {
            wrong.push(format!("{label}: {}: {}", finding.rule, finding.title));
        }
    }
    for kept in kept {
        if !failing.iter().any(|finding| kept.means(finding)) {
            wrong.push(format!(
                "{label}: {} does not remain ({})",
                kept.flag(),
                kept.why
            ));
        }
    }
    let rules = after.practices.iter().flat_map(|it| &it.rules);
    for rule in rules.filter(|rule| rule.status == Status::Unknown) {
        wrong.push(format!("{label}: {} UNKNOWN {:?}", rule.id, rule.reason));
    }
}

/// The guards hold an account that RBAC lets do everything, and let others through.
fn refuses(plane: &Plane, namespace: &str) {
    let everything = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": format!("sibling-{namespace}")},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "sibling", "namespace": namespace}],
    });
    plane.apply(&[everything]);
    let sibling = format!("system:serviceaccount:{namespace}:sibling");
    let create = format!("create --dry-run=server --as {sibling} -f -");
    plane.eventually(&create, DEFINITION, |ran| {
        ran.stderr.contains("do not create or change kinds")
    });
    let patch = r#"{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}"#;
    let status = format!(
        "patch namespace {namespace} --subresource=status --type=merge --dry-run=server --as {sibling} -p {patch}"
    );
    plane.eventually(&status, "", |ran| {
        ran.stderr
            .contains("do not change NetworkPolicies, Namespaces")
    });
    let own = plane.kubectl("create --dry-run=server -f -", DEFINITION);
    assert_eq!(own.status, 0, "{}", own.stderr);
}

#[test]
fn every_operator_of_the_corpus_fails_is_hardened_and_passes_live() {
    let test = "every_operator_of_the_corpus_fails_is_hardened_and_passes_live";
    let Some(folder) = corpus(test) else {
        return;
    };
    let list = kept();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("operators"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    if let Ok(only) = std::env::var("OPSEC_OPERATOR") {
        files.retain(|file| file.to_string_lossy().contains(&only));
    }
    // A control plane waits more than it works: two at once.
    let queue = Mutex::new(files.clone());
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().pop();
                    let Some(file) = next else { break };
                    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
                    let mine: Vec<&Kept> = list.iter().filter(|it| it.operator == name).collect();
                    // What one operator comes to does not hide what the others do.
                    let proved = catch_unwind(AssertUnwindSafe(|| proved(&file, &mine)));
                    let outcome = proved.unwrap_or_else(|panic| Outcome::fallen(&name, &*panic));
                    outcomes.lock().unwrap().push((name, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap();
    outcomes.sort_by(|(a, _), (b, _)| a.cmp(b));
    let wrong: Vec<&String> = outcomes.iter().flat_map(|(_, it)| &it.wrong).collect();
    let told: String = outcomes.iter().map(|(_, it)| it.told.as_str()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{told}");
    if std::env::var_os("OPSEC_OPERATOR").is_some() {
        opsec_testbed::say(&told);
    } else {
        insta::assert_snapshot!("operators", told);
    }
}

#[test]
fn a_dry_run_names_what_is_refused_in_the_servers_words_and_writes_nothing() {
    let plane = Plane::start(&["cache-operator"]);
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/as-shipped.yaml");
    let demo = demo.display();
    let ran = plane.opsec(&format!(
        "harden -f {demo} --intended shop --dry-run=server"
    ));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    for words in [
        "refused: Deployment/cache-operator/cache-operator: deployments.apps \"cache-operator\" not found",
        "rests on CustomResourceDefinition/operatorrights.kubectl-opsec.dev, which these changes make",
        "dry run on https://127.0.0.1:",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    let written = "get validatingadmissionpolicies,networkpolicies,crd -A -o name";
    let there = plane.kubectl(written, "");
    assert_eq!(
        (there.status, there.stdout.as_str()),
        (0, ""),
        "{}",
        there.stderr
    );
}

/// How long a cluster may take for what it does by itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
