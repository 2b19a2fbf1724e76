//! Hostile and oversized input is refused, fast, with what to do.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::time::{Duration, Instant};

use opsec_manifests::{Input, Limits, Options, read};
use proptest::prelude::*;

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop}\n";

fn inputs(texts: &[&str]) -> Vec<Input> {
    texts
        .iter()
        .enumerate()
        .map(|(index, text)| Input {
            name: format!("{index}.yaml"),
            bytes: text.as_bytes().to_vec(),
        })
        .collect()
}

fn error(texts: &[&str], limits: Limits) -> String {
    let options = Options {
        limits,
        ..Options::default()
    };
    read(inputs(texts), &options).unwrap_err().to_string()
}

fn options(limits: Limits) -> Options {
    Options {
        limits,
        ..Options::default()
    }
}

#[test]
fn each_limit_says_what_is_there_what_is_allowed_and_how_to_raise_it() {
    let three = [HEAD, HEAD, HEAD].join("---\n");
    let default = Limits::default;
    for (texts, limits, expected) in [
        (
            vec![three.as_str(), three.as_str()],
            Limits {
                documents: 5,
                ..default()
            },
            "1.yaml holds 6 documents; the limit is 5 (raise it with --max-documents)",
        ),
        (
            vec![HEAD],
            Limits {
                file_bytes: 10,
                ..default()
            },
            "0.yaml holds 68 bytes; the limit is 10 (raise it with --max-file-bytes)",
        ),
        (
            vec![HEAD, HEAD],
            Limits {
                total_bytes: 100,
                ..default()
            },
            "the input holds 136 bytes up to 1.yaml; the limit is 100 (raise it with --max-bytes)",
        ),
        (
            vec![HEAD],
            Limits {
                depth: 1,
                ..default()
            },
            "0.yaml: document 1, line 1: values are nested deeper than 1 levels (raise the limit with --max-depth)",
        ),
        (
            vec![HEAD, HEAD],
            Limits {
                nodes: 15,
                ..default()
            },
            "1.yaml: document 1, line 2: the input holds more than 15 values, aliases replaced by what they stand for (raise the limit with --max-nodes)",
        ),
        (
            vec![HEAD, HEAD],
            Limits {
                memory: 2000,
                ..default()
            },
            "the objects up to 1.yaml take more than 2,000 bytes of memory once they are read, far more than their text: read fewer at once, or raise the limit with --max-memory",
        ),
    ] {
        assert_eq!(error(&texts, limits), expected);
    }
}

#[test]
fn what_is_exactly_at_a_limit_is_read() {
    let three = [HEAD, HEAD, HEAD].join("---\n");
    let default = Limits::default;
    let exact = Limits {
        documents: 3,
        file_bytes: 212,
        total_bytes: 212,
        depth: 3,
        nodes: 33,
        ..default()
    };
    let _ = read(inputs(&[&three]), &options(exact)).unwrap_or_else(|error| panic!("{error}"));
}

/// Values that each hold ten of the one before.
fn bomb() -> String {
    let mut bomb = format!("{HEAD}a: &a [x,x,x,x,x,x,x,x,x,x]\n");
    for (before, name) in ["a", "b", "c", "d", "e", "f", "g", "h"]
        .iter()
        .zip(["b", "c", "d", "e", "f", "g", "h", "i"])
    {
        let aliases = vec![format!("*{before}"); 10].join(",");
        bomb = bomb + name + ": &" + name + " [" + &aliases + "]\n";
    }
    bomb
}

#[test]
fn alias_bombs_are_refused_within_two_seconds() {
    let many = |what: &str, count: usize| vec![what; count].join(",");
    let nested = (0..190)
        .map(|level| format!("&a{level} ["))
        .collect::<Vec<_>>()
        .concat();
    let started = Instant::now();
    for text in [
        bomb(),
        format!(
            "{HEAD}a: &a {{k: [x,x]}}\nb: &b [{}]\nc: [{}]\n",
            many("*a", 1000),
            many("*b", 1000)
        ),
        format!(
            "{HEAD}a: &a {{k: v}}\nb: &b {{<<: [{}]}}\nc: [{}]\n",
            many("*a", 1000),
            many("*b", 1000)
        ),
        format!("{HEAD}a: {nested}{}{}\n", many("x", 3000), "]".repeat(190)),
    ] {
        let error = error(&[&text], Limits::default());
        assert!(
            error.contains("aliases (`*name`) repeat too much"),
            "{error}"
        );
    }
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn aliases_are_read_as_long_as_kubectl_reads_them() {
    let text = |count: usize| {
        let aliases = vec!["*a"; count].join(",");
        format!("{HEAD}data: &a {{a: b, c: d}}\nx: [{aliases}]\n")
    };
    for count in [1, 20, 199] {
        assert!(
            read(inputs(&[&text(count)]), &Options::default()).is_ok(),
            "{count}"
        );
    }
    let beyond = Limits {
        nodes: 500,
        ..Limits::default()
    };
    assert!(error(&[&text(150)], beyond).contains("the input holds more than 500 values"));
}

#[test]
fn keys_that_stand_twice_are_told_up_to_a_number() {
    let keys = (0..60).map(|_| "  k: v\n").collect::<String>();
    let text = format!("{HEAD}data:\n{keys}");
    let notices = read(inputs(&[&text]), &Options::default())
        .unwrap()
        .snapshot
        .notices;
    assert_eq!(notices.len(), 51);
    let last = &notices.last().unwrap().message;
    assert!(
        last.starts_with("0.yaml: document 1 sets 9 more fields twice; "),
        "{last}"
    );
}

#[test]
fn deep_nesting_is_refused_within_two_seconds() {
    let started = Instant::now();
    let block = (0..1000)
        .map(|level| " ".repeat(level) + "a:\n")
        .collect::<Vec<_>>()
        .concat();
    for text in [
        format!("a: {}", "[".repeat(100_000)),
        format!("a: {}", "{a: ".repeat(100_000)),
        format!("a: {}", "[{a: ".repeat(100_000)),
        "- ".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "? ".repeat(100_000),
        block,
    ] {
        let error = error(&[&text], Limits::default());
        assert!(
            error.contains("values are nested deeper than 200 levels"),
            "{error}"
        );
    }
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn two_hundred_levels_are_read() {
    let levels = |count: usize| format!("{HEAD}data: {}{}\n", "[".repeat(count), "]".repeat(count));
    assert!(read(inputs(&[&levels(199)]), &Options::default()).is_ok());
    assert!(error(&[&levels(200)], Limits::default()).contains("deeper than 200"));
    let aliased = format!(
        "{HEAD}a: &a {}{}\nb: [*a]\n",
        "[".repeat(199),
        "]".repeat(199)
    );
    assert!(error(&[&aliased], Limits::default()).contains("deeper than 200"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&[Input { name: "a".into(), bytes }], &Options::default());
    }

    #[test]
    fn random_yaml_never_panics(pieces in proptest::collection::vec(prop::sample::select(vec![
        "a", ": ", ":", "\n", " ", "  ", "- ", "[", "]", "{", "}", ",", "'", "\"", "|", ">", "&a ", "*a",
        "!!str ", "!", "<<", "---\n", "...\n", "#", "\t", "? ", "%", "~", "010", "\r", "\u{feff}", "é", "kind: ",
    ]), 0..60)) {
        let _ = read(&[Input { name: "a".into(), bytes: pieces.concat().into_bytes() }], &Options::default());
    }

    #[test]
    fn objects_with_any_member_replaced_never_panic(
        field in prop::sample::select(vec!["metadata", "spec", "rules", "subjects", "roleRef", "items", "data", "aggregationRule", "webhooks"]),
        kind in prop::sample::select(vec!["v1 Pod", "v1 Secret", "v1 Service", "apps/v1 Deployment", "batch/v1 CronJob",
            "rbac.authorization.k8s.io/v1 Role", "rbac.authorization.k8s.io/v1 ClusterRole", "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
            "networking.k8s.io/v1 NetworkPolicy", "networking.k8s.io/v1 Ingress", "apiextensions.k8s.io/v1 CustomResourceDefinition",
            "gateway.networking.k8s.io/v1 HTTPRoute", "kubectl-opsec.dev/v1alpha1 OperatorRights"]),
        value in prop::sample::select(vec!["1", "[]", "{}", "x", "[1]", "[{}]", "{a: b}", "null", "[null]", "{name: 1}", "{template: {spec: {containers: [1]}}}"]),
    ) {
        let (api_version, kind) = kind.split_once(' ').unwrap();
        let text = format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n{field}: {value}\n");
        let _ = read(&[Input { name: "a".into(), bytes: text.into_bytes() }], &Options::default());
    }
}
