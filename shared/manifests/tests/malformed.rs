//! Input that is damaged, mistyped or meant for something else: it is refused, or what of it the
//! API server would refuse is told; nothing panics.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::time::{Duration, Instant};

use opsec_manifests::{Input, Limits, ManifestError, Manifests, Options, read, read_documents};
use serde_json::{Value, json};

/// Objects of the kinds that are judged, with all that is read of them.
const OBJECTS: &str = include_str!("objects.yaml");

fn input(bytes: impl Into<Vec<u8>>) -> Input {
    Input {
        name: "a.yaml".into(),
        bytes: bytes.into(),
    }
}

fn read_bytes(bytes: impl Into<Vec<u8>>) -> Result<Manifests, ManifestError> {
    read(&[input(bytes)], &Options::default())
}

fn objects() -> Vec<Value> {
    let documents = read_documents(&input(OBJECTS), &Limits::default()).unwrap();
    documents
        .into_iter()
        .map(|document| document.value)
        .collect()
}

/// Runs what must not take longer than two seconds.
fn promptly<T>(run: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = run();
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    result
}

#[test]
fn the_objects_are_valid() {
    let manifests = read_bytes(OBJECTS).unwrap();
    assert_eq!(manifests.snapshot.notices, []);
    assert_eq!(manifests.objects, objects().len());
}

#[test]
fn text_that_ends_early_is_read_up_to_there_or_refused() {
    let whole = read_bytes(OBJECTS).unwrap().objects;
    let (mut read, mut refused) = (0, 0);
    for end in (0..OBJECTS.len()).step_by(3) {
        match read_bytes(OBJECTS.as_bytes().get(..end).unwrap()) {
            Ok(manifests) => {
                assert!(manifests.objects <= whole, "{end}");
                read += 1;
            }
            Err(error) => {
                assert!(error.to_string().starts_with("a.yaml: "), "{end}: {error}");
                refused += 1;
            }
        }
    }
    assert!(
        read > 100 && refused > 100,
        "{read} read, {refused} refused"
    );
}

#[test]
fn what_is_no_text_is_refused() {
    let noise = |seed: u64| -> Vec<u8> {
        let mut state = seed;
        std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56).to_le_bytes()[0]
        })
        .take(1_000_000)
        .collect()
    };
    let utf16 =
        |order: fn(u16) -> [u8; 2]| OBJECTS.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let after = |text: &str, bytes: &[u8]| [text.as_bytes(), bytes].concat();
    for (name, bytes) in [
        ("noise", noise(1)),
        ("other noise", noise(2)),
        ("zeros", vec![0; 1_000_000]),
        ("a program", after("\u{7f}ELF", &[2, 1, 1, 0, 0, 0])),
        ("an archive", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed]),
        ("text with an end of noise", after(OBJECTS, &noise(3))),
        ("UTF-16, little end first", utf16(u16::to_le_bytes)),
        ("UTF-16, big end first", utf16(u16::to_be_bytes)),
        (
            "UTF-16 with a byte order mark",
            [vec![0xff, 0xfe], utf16(u16::to_le_bytes)].concat(),
        ),
        (
            "UTF-32 with a byte order mark",
            vec![0xff, 0xfe, 0, 0, b'a', 0, 0, 0],
        ),
        (
            "Latin-1",
            after(
                "apiVersion: v1\nkind: Pod\nmetadata: {name: caf",
                b"\xe9}\n",
            ),
        ),
        (
            "a hidden line break",
            after(OBJECTS, "# a\u{85}b: c\n".as_bytes()),
        ),
        (
            "another hidden line break",
            after(OBJECTS, "# a\u{2028}b: c\n".as_bytes()),
        ),
        (
            "a hidden paragraph break",
            after(OBJECTS, "# a\u{2029}b: c\n".as_bytes()),
        ),
    ] {
        let refused = promptly(|| read_bytes(bytes)).map(|manifests| manifests.objects);
        let error = refused.unwrap_err().to_string();
        assert!(error.starts_with("a.yaml: "), "{name}: {error}");
    }
}

#[test]
fn templates_of_charts_are_told_how_they_are_rendered() {
    for template in [
        "metadata:\n  name: {{ .Release.Name }}\n",
        "{{- if .Values.rbac }}\nmetadata: {name: a}\n{{- end }}\n",
        "metadata:\n  name: a\n  labels:\n{{ include \"labels\" . | indent 4 }}\n",
        "metadata: {name: a}\nspec:\n  replicas: {{ .Values.replicas }}\n",
        "metadata: {name: a}\nspec: {{- toYaml .Values.spec | nindent 2 }}\n",
        "{{/* a comment */}}\nmetadata: {name: a}\n",
    ] {
        let text = format!("apiVersion: v1\nkind: Pod\n{template}");
        let error = read_bytes(text.clone()).unwrap_err().to_string();
        assert!(
            error.contains("helm template … | kubectl opsec check"),
            "{text}\n{error}"
        );
    }
}

/// Where the values of a value are, as JSON pointers.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (index.to_string(), item))
            .collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| (key.replace('~', "~0").replace('/', "~1"), member))
            .collect(),
        _ => Vec::new(),
    };
    for (step, value) in below {
        let pointer = format!("{at}/{step}");
        pointers(value, &pointer, found);
        found.push(pointer);
    }
}

#[test]
fn whatever_has_the_wrong_type_is_judged_or_told_and_never_panics() {
    let others = [
        json!(1),
        json!(-1.5),
        json!(u64::MAX),
        json!(true),
        json!("x"),
        json!(""),
        json!("*"),
        json!(null),
        json!([]),
        json!([1]),
        json!([null]),
        json!([[]]),
        json!({}),
        json!({"a": "b"}),
        json!({"name": 1}),
        json!([{}]),
    ];
    let (mut told, mut refused) = (0, 0);
    for object in objects() {
        let mut places = Vec::new();
        pointers(&object, "", &mut places);
        for place in places {
            for other in &others {
                let mut changed = object.clone();
                *changed.pointer_mut(&place).unwrap() = other.clone();
                match read_bytes(changed.to_string()) {
                    Ok(manifests) => told += usize::from(!manifests.snapshot.notices.is_empty()),
                    Err(error) => {
                        assert!(error.to_string().starts_with("a.yaml: "), "{error}");
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(told > 2000, "{told} told");
    assert!(refused > 100, "{refused} refused");
}

#[test]
fn long_lines_long_keys_and_many_documents_are_read_within_two_seconds() {
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";
    let key = "k".repeat(1000);
    let nested = (0..150)
        .map(|level| "  ".repeat(level) + &key + ":\n")
        .collect::<Vec<_>>()
        .concat();
    let leaf = |what: &str| format!("{nested}{}{what}\n", "  ".repeat(150));
    for (name, text) in [
        (
            "a line",
            format!("{head}data: {{a: \"{}\"}}\n", "x".repeat(4_000_000)),
        ),
        ("a comment", format!("{head}# {}\n", "x".repeat(4_000_000))),
        ("a key", format!("{head}? {}\n: b\n", "x".repeat(1_000_000))),
        (
            "long keys over many values",
            format!("{head}{}", leaf(&format!("[{}]", "a,".repeat(20_000)))),
        ),
        (
            "long keys over a key that stands often",
            format!("{head}{}", leaf(&format!("{{{}}}", "a,".repeat(20_000)))),
        ),
        (
            "values of JSON without separators",
            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\n"
                .repeat(2000),
        ),
        ("documents", format!("{head}---\n").repeat(3000)),
        ("separators", format!("{head}{}", "---\n".repeat(200_000))),
    ] {
        let manifests =
            promptly(|| read_bytes(text)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(manifests.objects, 1, "{name}");
    }
    let documents = "a: b\n---\n".repeat(20_001);
    assert!(
        promptly(|| read_bytes(documents))
            .unwrap_err()
            .to_string()
            .contains("--max-documents")
    );
    let values = format!("{{\"a\":1}}\n{{\"a\":[{}1]}}\n", "[],".repeat(2_000));
    let options = Options {
        limits: Limits {
            nodes: 1000,
            ..Limits::default()
        },
        ..Options::default()
    };
    let refused = read(&[input(values)], &options).unwrap_err().to_string();
    assert!(
        refused.contains("line 2: the input holds more than 1,000 values"),
        "{refused}"
    );
}

#[test]
fn what_may_be_combined_does_not_multiply() {
    let account = |index: usize| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: x, namespace: a{index}}}\n---\n"
        )
    };
    let accounts = (0..1500).map(account).collect::<Vec<_>>().concat();
    let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: x}\nsubjects:\n";
    let subjects = "- {kind: ServiceAccount, name: x}\n".repeat(1500);
    let manifests = promptly(|| read_bytes(format!("{accounts}{binding}{subjects}"))).unwrap();
    let subjects: Vec<usize> = manifests
        .snapshot
        .cluster_role_bindings
        .iter()
        .map(|binding| binding.subjects.len())
        .collect();
    assert_eq!(subjects, [2999]);
    let files: Vec<Input> = (0..5000).map(|index| input(account(index))).collect();
    let manifests = promptly(|| read(&files, &Options::default())).unwrap();
    assert_eq!(manifests.objects, 5000);
}
