//! Real manifests: every file of the corpus reads, or fails as expected.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::path::{Path, PathBuf};

use opsec_corpus::corpus;
use opsec_manifests::{Input, Limits, Manifests, Options, read, read_documents};
use opsec_model::NoticeCode;
use opsec_model::objects::Object;
use opsec_model::snapshot::PlacementReason;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn input(path: &Path) -> Input {
    Input {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        bytes: std::fs::read(path).unwrap(),
    }
}

fn read_file(path: &Path) -> Manifests {
    read(&[input(path)], &Options::default()).unwrap()
}

#[test]
fn every_file_reads_and_little_of_it_is_invalid() {
    let Some(corpus) = corpus("every_file_reads_and_little_of_it_is_invalid") else {
        return;
    };
    let mut invalid = Vec::new();
    let mut read = 0;
    for folder in [
        "operators",
        "versions",
        "olm",
        "attacks",
        "netpol",
        "pod-security",
        "badrobot",
    ] {
        for path in files(&corpus.join(folder)) {
            if path
                .extension()
                .is_none_or(|ending| ending != "yaml" && ending != "yml")
            {
                continue;
            }
            let manifests = read_file(&path);
            assert!(manifests.objects > 0, "{} holds no object", path.display());
            for notice in manifests.snapshot.notices {
                match notice.code {
                    NoticeCode::InvalidObject => invalid.push(notice.message),
                    NoticeCode::NamespacePlaced
                    | NoticeCode::UnknownKinds
                    | NoticeCode::ClusterServiceVersion => {}
                    // A version spells a field otherwise, which OLM reads all the same.
                    NoticeCode::Input if notice.message.contains("is read as") => {}
                    _ => panic!("{}: {}", path.display(), notice.message),
                }
            }
            read += 1;
        }
    }
    assert!(read > 500, "{read} files");
    // Two files are made so; two policies have names that the API server refuses.
    let name = "NetworkPolicy/default/use_common_labels_same_values: metadata.name: `use_common_labels_same_values` is not a name; the API server refuses it, so it counts for nothing";
    let kind = |version: &str| {
        format!(
            "Deployment2/system/controller-manager: `Deployment2` of `apps/{version}` is not served by Kubernetes 1.36; the API server refuses it, so it counts for nothing"
        )
    };
    // The fixtures of Pod Security have such names too, and are judged all the same.
    invalid.retain(|message| !message.ends_with("but what it asks for is plain and is judged"));
    invalid.sort();
    assert_eq!(
        invalid,
        [
            kind("v1"),
            kind("v1beta1"),
            name.to_owned(),
            name.to_owned()
        ]
    );
}

#[test]
fn malformed_files_fail_as_expected() {
    let Some(corpus) = corpus("malformed_files_fail_as_expected") else {
        return;
    };
    let empty = read_file(&corpus.join("badrobot/reg-empty-file"));
    assert_eq!(empty.objects, 0);
    let json = input(&corpus.join("badrobot/reg-empty-json-file"));
    assert_eq!(
        read(&[json], &Options::default()).unwrap_err().to_string(),
        "reg-empty-json-file: document 1, line 1, column 1: the object has no `apiVersion`"
    );
}

#[test]
fn objects_without_a_namespace_go_where_the_bindings_say() {
    let Some(corpus) = corpus("objects_without_a_namespace_go_where_the_bindings_say") else {
        return;
    };
    for (file, namespace, account) in [
        ("argo-cd", "argocd", "argocd-application-controller"),
        (
            "strimzi-kafka-operator",
            "myproject",
            "strimzi-cluster-operator",
        ),
    ] {
        let path = corpus.join(format!("operators/{file}.yaml"));
        let snapshot = read_file(&path).snapshot;
        let [placement] = snapshot.placements.as_slice() else {
            panic!("{file}: {:?}", snapshot.placements);
        };
        assert_eq!(placement.namespace, namespace, "{file}");
        assert_eq!(placement.reason, PlacementReason::Bindings, "{file}");
        let there = |metadata: &opsec_model::objects::Metadata| {
            metadata.name == account && metadata.namespace() == namespace
        };
        assert!(
            snapshot
                .service_accounts
                .iter()
                .any(|account| there(&account.metadata)),
            "{file}"
        );
        let options = Options {
            namespace: Some("foo".into()),
            ..Options::default()
        };
        assert_eq!(
            read(&[input(&path)], &options).unwrap_err().to_string(),
            format!(
                "the bindings in {file}.yaml grant to namespace {namespace}, not to `foo`; use -n {namespace}, or --namespace-as-given to judge it as written"
            )
        );
    }
}

#[test]
fn the_value_tag_is_a_string_and_octals_are_octal() {
    let Some(corpus) = corpus("the_value_tag_is_a_string_and_octals_are_octal") else {
        return;
    };
    for (file, kind) in [
        ("prometheus-operator", "ClusterRole"),
        ("kyverno", "Deployment"),
    ] {
        let manifests = read_file(&corpus.join(format!("operators/{file}.yaml")));
        assert!(
            manifests
                .sources
                .objects
                .keys()
                .any(|object| object.kind == kind),
            "{file}"
        );
    }
    let documents = read_documents(
        &input(&corpus.join("operators/kyverno.yaml")),
        &Limits::default(),
    )
    .unwrap();
    let modes: Vec<i64> = documents
        .iter()
        .filter_map(|document| {
            document
                .value
                .pointer("/spec/template/spec/volumes")?
                .as_array()
        })
        .flatten()
        .flat_map(|volume| {
            volume
                .pointer("/projected/sources")
                .and_then(|sources| sources.as_array())
                .into_iter()
                .flatten()
        })
        .filter_map(|source| source.pointer("/secret/items/0/mode")?.as_i64())
        .collect();
    let defaults = documents.iter().filter_map(|document| {
        document
            .value
            .pointer("/spec/template/spec/volumes")?
            .as_array()
    });
    let found = defaults.flatten().filter_map(|volume| {
        [
            "/secret/defaultMode",
            "/projected/defaultMode",
            "/configMap/defaultMode",
        ]
        .iter()
        .find_map(|pointer| volume.pointer(pointer)?.as_i64())
    });
    let all: Vec<i64> = found.chain(modes).collect();
    assert!(all.contains(&0o444), "{all:?}");
}

#[test]
fn lines_point_at_the_rule_that_grants() {
    let Some(corpus) = corpus("lines_point_at_the_rule_that_grants") else {
        return;
    };
    let path = corpus.join("operators/cert-manager.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let manifests = read_file(&path);
    let mut checked = 0;
    for role in &manifests.snapshot.cluster_roles {
        for index in 0..role.rules.len() {
            let source = manifests
                .sources
                .locate(&role.object_ref(), &format!("rules[{index}].verbs"));
            let line = lines[source.unwrap().line as usize - 1];
            assert!(
                line.contains("verbs:"),
                "{} rules[{index}]: {line}",
                role.metadata.name
            );
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked} rules");
}
