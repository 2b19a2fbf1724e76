//! "YAML as kubectl reads it": what kubectl makes of a file, and ours.

use std::io::Write as _;
use std::process::{Command, Stdio};

use opsec_manifests::{Input, Options, read};
use opsec_testbed::{Assets, RELEASE};
use serde_json::{Value, json};

use crate::server::kubeconfig;

/// What kubectl would create of a file.
fn by_kubectl(text: &str) -> Value {
    let kubectl = Assets::of(RELEASE).unwrap().kubectl().unwrap();
    let mut child = Command::new(kubectl)
        .args(["create", "--dry-run=client", "--validate=false"])
        .args(["-o", "json", "-f", "-", "--kubeconfig"])
        .arg(kubeconfig())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A file of a ConfigMap whose data is the scalar.
fn file(scalar: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: scalar}}\ndata: {{k: {scalar}}}\n")
}

/// `yes`, `on` and `y` are true, `no`, `off` and `n` false; `010` is 8, `0444` is 292, `1_000` is
/// 1000, `=` is a string.
#[test]
fn scalars_are_those_of_yaml_1_1() {
    for (scalar, value) in [
        ("yes", json!(true)),
        ("on", json!(true)),
        ("y", json!(true)),
        ("no", json!(false)),
        ("off", json!(false)),
        ("n", json!(false)),
        ("010", json!(8)),
        ("0444", json!(292)),
        ("1_000", json!(1000)),
        ("=", json!("=")),
    ] {
        let made = by_kubectl(&file(scalar));
        assert_eq!(made["data"]["k"], value, "{scalar}");
    }
}

fn pod(lines: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: default}}\nspec:\n  containers: [{{name: c, image: i}}]\n{lines}"
    )
}

fn ours(text: &str) -> Result<opsec_model::Snapshot, String> {
    let input = Input {
        name: "p.yaml".to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let manifests = read([input], &Options::default());
    manifests
        .map(|manifests| manifests.snapshot)
        .map_err(|error| error.to_string())
}

/// Of duplicate keys the last holds, and a word that is false to kubectl is false to ours.
#[test]
fn the_last_of_duplicate_keys_holds() {
    let text = pod(
        "  serviceAccountName: first\n  automountServiceAccountToken: no\n  serviceAccountName: last\n",
    );
    let spec = by_kubectl(&text)["spec"].clone();
    assert_eq!(spec["serviceAccountName"], json!("last"));
    assert_eq!(spec["automountServiceAccountToken"], json!(false));
    let snapshot = ours(&text).unwrap();
    let spec = &snapshot.workloads[0].template.spec;
    assert_eq!(spec.service_account(), "last");
    assert_eq!(spec.automount_service_account_token, Some(false));
}

/// U+0085, U+2028 and U+2029 start a new line, and so hide a key: ours refuses the file.
#[test]
fn other_line_ends_hide_a_key() {
    for end in ['\u{85}', '\u{2028}', '\u{2029}'] {
        let text = pod(&format!("  # a comment{end}  serviceAccountName: hidden\n"));
        let made = by_kubectl(&text);
        assert_eq!(
            made["spec"]["serviceAccountName"],
            json!("hidden"),
            "{end:?}"
        );
        assert!(ours(&text).is_err(), "{end:?}");
    }
}
