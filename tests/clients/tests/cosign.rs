//! cosign, which knows nothing of the service, verifies what it signed: with a public key of the trust
//! bundle, and what was signed about as the blob. What was changed it refuses, and the command is the one
//! that `server/README.md` gives.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::path::Path;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opsec_clients::{Server, cosign, grpcurl};
use serde_json::{Value, json};

const README: &str = include_str!("../../../server/README.md");

const BASELINE: &str = "\
apiVersion: kubectl-opsec.dev/v1alpha1
kind: OperatorBaseline
metadata: {name: default}
spec:
  attestation: {minimumCollection: CLIENT_ASSERTED}
";

fn call(server: &Server, method: &str, request: &Value) -> Value {
    let output = Command::new(grpcurl().unwrap())
        .args(["-plaintext", "-d", &request.to_string()])
        .args([server.address(), &format!("opsec.v1.{method}")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{method}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// A cluster with one Deployment on it, as it was read just now.
fn snapshot(uid: &str) -> Value {
    let image = format!("registry.example.com/shop@sha256:{}", "ab".repeat(32));
    let workloads = json!([{
        "kind": "Deployment",
        "metadata": {"name": "shop", "namespace": "shop"},
        "template": {
            "metadata": {"name": ""},
            "spec": {"containers": [{"name": "manager", "image": image}]},
        },
    }]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    json!({
        "source": {"kind": "SOURCE_KIND_CLUSTER"},
        "gatheredAt": rfc3339(now.as_secs()),
        "clusterUid": uid,
        "facts": [{
            "group": "kubectl-opsec.dev",
            "resource": "workloads",
            "objectsJson": STANDARD.encode(workloads.to_string()),
        }],
    })
}

/// Seconds since 1970, as `date` writes them.
fn rfc3339(seconds: u64) -> String {
    let output = Command::new("date")
        .args(["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%SZ"])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What a service signed, as files: `shop.dsse.json`, `shop.dsse.json.target.json`, and `key.pub`.
fn sign(by: &str, folder: &Path) {
    let server = Server::signing_by(by).unwrap();
    let uid = "11111111-2222-4333-8444-555555555555";
    let cluster = json!({"cluster": {"name": "clusters/prod-1", "uid": uid}});
    call(&server, "ClusterService/CreateCluster", &cluster);
    let baseline = json!({"baseline": {"document": STANDARD.encode(BASELINE)}});
    call(&server, "BaselineService/CreateBaseline", &baseline);
    let asked = json!({"snapshot": snapshot(uid), "operator": "shop", "allowFailed": true});
    let made = call(&server, "AttestationService/Attest", &asked);
    let made = &made["attestation"];
    let bundle = call(&server, "AttestationService/GetTrustBundle", &json!({}));
    let bundle: Value = serde_json::from_slice(&bytes(&bundle["trustBundle"])).unwrap();
    assert_eq!(bundle["keys"][0]["algorithm"], by);
    let key = bundle["keys"][0]["publicKeyPem"].as_str().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    put("shop.dsse.json", &bytes(&made["envelope"]));
    put("shop.dsse.json.target.json", &bytes(&made["target"]));
    put("key.pub", key.as_bytes());
}

/// The command of the README, over the files of a folder.
fn judged(folder: &Path) -> Output {
    let (_, rest) = README
        .split_once("$ cosign verify-blob-attestation ")
        .unwrap();
    let (command, _) = rest.split_once("```").unwrap();
    let words = command.split_whitespace().filter(|word| *word != "\\");
    Command::new(cosign().unwrap())
        .arg("verify-blob-attestation")
        .args(words)
        .current_dir(folder)
        .env("HOME", folder)
        // It verifies by the key alone: nothing may be reached.
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .output()
        .unwrap()
}

/// The same, where it must be refused for a reason.
fn refused(folder: &Path, because: &str) {
    let output = judged(folder);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains(because), "{said}");
}

/// Files of a folder with one of them changed.
fn with(folder: &Path, file: &str, bytes: &[u8]) -> tempfile::TempDir {
    let other = tempfile::tempdir().unwrap();
    for name in ["shop.dsse.json", "shop.dsse.json.target.json", "key.pub"] {
        std::fs::copy(folder.join(name), other.path().join(name)).unwrap();
    }
    std::fs::write(other.path().join(file), bytes).unwrap();
    other
}

#[test]
fn cosign_verifies_what_the_service_signs_and_nothing_else() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let algorithms = ["ed25519", "ecdsa-p256-sha256"];
    for (algorithm, folder) in algorithms.iter().zip([&one, &two]) {
        sign(algorithm, folder.path());
    }
    for (folder, other) in [(&one, &two), (&two, &one)] {
        let folder = folder.path();
        let output = judged(folder);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains("Verified OK"),
            "{said}"
        );

        let text = std::fs::read(folder.join("shop.dsse.json")).unwrap();
        let envelope: Value = serde_json::from_slice(&text).unwrap();
        let mut payload = bytes(&envelope["payload"]);
        let at = payload
            .windows(6)
            .position(|word| word == b"FAILED")
            .unwrap();
        payload[at..at + 6].copy_from_slice(b"PASSED");
        let mut flipped = envelope.clone();
        flipped["payload"] = STANDARD.encode(payload).into();
        let changed = with(folder, "shop.dsse.json", flipped.to_string().as_bytes());
        refused(changed.path(), "signature");

        let mut signature = bytes(&envelope["signatures"][0]["sig"]);
        signature[9] ^= 1;
        let mut flipped = envelope;
        flipped["signatures"][0]["sig"] = STANDARD.encode(signature).into();
        let changed = with(folder, "shop.dsse.json", flipped.to_string().as_bytes());
        refused(changed.path(), "signature");

        let key = std::fs::read(other.path().join("key.pub")).unwrap();
        refused(with(folder, "key.pub", &key).path(), "");

        let target = std::fs::read_to_string(folder.join("shop.dsse.json.target.json")).unwrap();
        let target = target.replace("\"shop\"", "\"bank\"");
        let elsewhere = with(folder, "shop.dsse.json.target.json", target.as_bytes());
        refused(elsewhere.path(), "digest");
    }
}

#[test]
fn a_key_of_the_same_algorithm_that_did_not_sign_verifies_nothing() {
    for algorithm in ["ed25519", "ecdsa-p256-sha256"] {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        sign(algorithm, one.path());
        sign(algorithm, two.path());
        let key = std::fs::read(two.path().join("key.pub")).unwrap();
        refused(with(one.path(), "key.pub", &key).path(), "signature");
    }
}
