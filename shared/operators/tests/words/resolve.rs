//! From what a person calls an operator to the operator: the steps in their order, and errors.

use opsec_facts::Facts;
use opsec_operators::{ResolveError, resolve};

use crate::harness::{find, snapshot};

fn workload(kind: &str, namespace: &str, name: &str, metadata: &str) -> String {
    format!(
        "
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}{metadata}}}
spec:
  selector: {{matchLabels: {{app: a}}}}
  template:
    metadata: {{labels: {{app: a}}}}
    spec: {{serviceAccountName: {name}, containers: [{{name: main, image: a}}]}}
---"
    )
}

fn labelled(namespace: &str, name: &str, label: &str, value: &str) -> String {
    let labels = format!(", labels: {{app.kubernetes.io/{label}: {value}}}");
    workload("Deployment", namespace, name, &labels)
}

fn definition(group: &str) -> String {
    format!(
        "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: things.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: things, singular: thing, kind: Thing, listKind: ThingList}}
  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]
---"
    )
}

/// A right to watch a custom resource.
fn watcher(namespace: &str, name: &str) -> String {
    format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}}}
rules: [{{apiGroups: [example.com], resources: [things], verbs: [watch]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}
subjects: [{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}]
---"
    )
}

/// The namespaces of the operator that a name means, or the error.
fn resolved(files: &[(&str, &str)], name: Option<&str>) -> Result<String, ResolveError> {
    let snapshot = snapshot(files);
    let operators = find(&snapshot);
    let operator = resolve(&operators, &Facts::new(&snapshot), name)?;
    let namespaces: Vec<&str> = operator.namespaces.iter().map(String::as_str).collect();
    Ok(namespaces.join(","))
}

#[test]
fn each_step_finds_the_operator() {
    let other = workload("Deployment", "elsewhere", "other", "");
    let release =
        ", annotations: {meta.helm.sh/release-name: rel, meta.helm.sh/release-namespace: x}";
    for (text, name) in [
        (workload("Deployment", "o", "ctl", ""), "deployment/ctl"),
        (workload("DaemonSet", "o", "ctl", ""), "daemonset/ctl"),
        (workload("Deployment", "o", "ctl", ""), "ctl"),
        (labelled("o", "ctl", "part-of", "p"), "p"),
        (labelled("o", "ctl", "instance", "p"), "p"),
        (labelled("o", "ctl", "name", "p"), "p"),
        (
            workload(
                "Deployment",
                "o",
                "ctl",
                ", labels: {olm.owner: thing.v1.2.3}",
            ),
            "thing.v1.2.3",
        ),
        (
            workload(
                "Deployment",
                "o",
                "ctl",
                ", labels: {olm.owner: thing.v1.2.3}",
            ),
            "thing",
        ),
        (workload("Deployment", "o", "ctl", release), "rel"),
        (workload("Deployment", "o", "ctl", ""), "o"),
        (
            workload("Deployment", "o-controller-manager", "ctl", ""),
            "o",
        ),
        (workload("Deployment", "o-system", "ctl", ""), "o"),
        (
            workload("Deployment", "o", "ctl", "") + &definition("keda.sh"),
            "keda",
        ),
        (workload("Deployment", "o", "ctl", ""), "install"),
    ] {
        let files = [
            ("deploy/install.yaml", text.as_str()),
            ("other.yaml", other.as_str()),
        ];
        let found = resolved(&files, Some(name)).unwrap();
        assert!(found.starts_with('o'), "{name}: {found}");
    }
}

#[test]
fn the_first_step_that_matches_wins() {
    // For each pair of steps: the name means the first namespace by an earlier step.
    for (first, second) in [
        (
            workload("Deployment", "one", "x", ""),
            labelled("two", "b", "part-of", "x"),
        ),
        (
            labelled("one", "a", "name", "x"),
            workload("Deployment", "two", "b", ", labels: {olm.owner: x.v1}"),
        ),
        (
            workload("Deployment", "one", "a", ", labels: {olm.owner: x.v1}"),
            workload("Deployment", "x", "b", ""),
        ),
        (
            workload("Deployment", "x", "a", ""),
            workload("Deployment", "x-system", "b", ""),
        ),
        (
            workload("Deployment", "x-system", "a", ""),
            workload("Deployment", "two", "b", "") + &definition("x.example.com"),
        ),
    ] {
        let one = resolved(&[("a.yaml", &first)], None).unwrap();
        let files = [("a.yaml", first.as_str()), ("b.yaml", second.as_str())];
        assert_eq!(resolved(&files, Some("x")), Ok(one.clone()), "{second}");
        let swapped = [("b.yaml", second.as_str()), ("a.yaml", first.as_str())];
        assert_eq!(resolved(&swapped, Some("x")), Ok(one));
    }
    // The file comes last.
    let text = workload("Deployment", "one", "a", "") + &definition("x.example.com");
    let files = [
        ("a.yaml", text.as_str()),
        ("x.yaml", &workload("Deployment", "two", "b", "")),
    ];
    assert_eq!(resolved(&files, Some("x")), Ok("one".to_owned()));
}

#[test]
fn two_operators_in_the_same_step_are_an_error_that_lists_them() {
    let files = [
        ("a.yaml", labelled("one", "a", "name", "x")),
        ("b.yaml", labelled("two", "b", "name", "x")),
    ];
    let files = [
        ("a.yaml", files[0].1.as_str()),
        ("b.yaml", files[1].1.as_str()),
    ];
    let error = resolved(&files, Some("x")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`x` matches 2 operators: x (namespace one), x (namespace two); name one by its namespace or as `deployment/NAME`"
    );
}

#[test]
fn a_name_that_nothing_has_is_an_error_with_the_nearest_one() {
    let text = workload("Deployment", "cert-manager", "cert-manager", "");
    for (name, expected) in [
        (
            "cert-manger",
            "no operator matches `cert-manger`; found: cert-manager (namespace cert-manager). Did you mean cert-manager?",
        ),
        (
            "keda",
            "no operator matches `keda`; found: cert-manager (namespace cert-manager)",
        ),
        (
            "",
            "no operator matches ``; found: cert-manager (namespace cert-manager)",
        ),
    ] {
        let error = resolved(&[("a.yaml", &text)], Some(name)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn without_a_name_the_one_operator_that_is_there_is_meant() {
    let app = workload("Deployment", "shop", "cart", "");
    let operator = workload("Deployment", "one", "a", "") + &watcher("one", "a");
    let second = workload("Deployment", "two", "b", "") + &watcher("two", "b");
    // A single installation is judged whatever it is.
    assert_eq!(resolved(&[("a.yaml", &app)], None), Ok("shop".to_owned()));
    // One operator beside an application.
    let files = [("a.yaml", app.as_str()), ("b.yaml", &operator)];
    assert_eq!(resolved(&files, None), Ok("one".to_owned()));
    let files = [
        ("a.yaml", operator.as_str()),
        ("b.yaml", &second),
        ("c.yaml", &app),
    ];
    assert_eq!(
        resolved(&files, None).unwrap_err().to_string(),
        "there are 2 operators: a (namespace one), b (namespace two); name one of them"
    );
    // What is named is judged although it is no operator.
    assert_eq!(resolved(&files, Some("cart")), Ok("shop".to_owned()));
    assert_eq!(
        resolved(&[("a.yaml", "")], None),
        Err(ResolveError::NoneFound { refused: vec![] })
    );
    assert_eq!(
        resolved(&[("a.yaml", "")], Some("x")),
        Err(ResolveError::NoneFound { refused: vec![] })
    );
}

#[test]
fn within_a_namespace_only_what_runs_there_is_meant() {
    let files = [
        (
            "a.yaml",
            workload("Deployment", "one", "b", "") + &watcher("one", "b"),
        ),
        (
            "b.yaml",
            workload("Deployment", "b", "c", "") + &watcher("b", "c"),
        ),
        ("c.yaml", workload("Deployment", "two", "b", "")),
    ];
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let says = |name| resolved(&files, Some(name)).map_err(|error| error.to_string());
    for (name, expected) in [
        ("one~b", "one"),
        ("two~b", "two"),
        ("b~c", "b"),
        ("one~", "one"),
        ("b~", "b"),
    ] {
        assert_eq!(says(name), Ok(expected.to_owned()), "{name}");
    }
    assert!(says("b").unwrap_err().contains("`b` matches 2 operators"));
    assert_eq!(
        says("one~c").unwrap_err(),
        "no operator matches `c`; found: b (namespace one). Did you mean b?"
    );
    let elsewhere = says("three~b").unwrap_err();
    assert!(
        elsewhere.starts_with("no operator runs in namespace `three`; found: "),
        "{elsewhere}"
    );
}

#[test]
fn where_none_watches_the_installations_are_listed_to_be_named() {
    let text = workload("Deployment", "a", "one", "") + &workload("Deployment", "b", "two", "");
    let snapshot = snapshot(&[("x.yaml", &text)]);
    let operators = find(&snapshot);
    assert_eq!(
        opsec_operators::none_watches(&operators, &Facts::new(&snapshot)).to_string(),
        "no operator is here: none may watch a kind outside Kubernetes' own groups; name what is to be judged: one (namespace a), two (namespace b)"
    );
    assert_eq!(
        opsec_operators::none_watches(&[], &Facts::new(&snapshot)),
        ResolveError::NoneFound { refused: vec![] }
    );
}

#[test]
fn where_the_only_workload_would_be_refused_the_error_says_so() {
    let text =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: one}\nspec: 3\n";
    let error = resolved(&[("x.yaml", text)], None).unwrap_err().to_string();
    assert!(
        error.contains(
            "; Deployment/one/a: spec.template.spec.containers: a pod needs at least one container"
        ),
        "{error}"
    );
}
