//! A pipeline from the plugin alone, over a real control plane and a service beside it: an operator is
//! checked, attested, verified offline and revoked, and each command ends as its help says.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use opsec_clients::{Server, plugin, repository, service};
use opsec_testbed::{Assets, ControlPlane, Options, RELEASE};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);
const OPERATOR: &str = "cache-operator";

/// Lets facts do that the plugin reads, and holds the operator to its namespace.
const BASELINE: &str = "\
apiVersion: kubectl-opsec.dev/v1alpha1
kind: OperatorBaseline
metadata: {name: cache}
spec:
  extends: default
  appliesTo: {operators: [cache-operator]}
  operatorNamespaces: [cache-operator]
  attestation: {minimumCollection: CLIENT_ASSERTED}
";

/// Where commands are run, and what they reach.
struct Place {
    home: tempfile::TempDir,
    kubeconfig: PathBuf,
    server: Option<String>,
}

/// How a command ended.
#[derive(Debug)]
struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Place {
    fn run(&self, program: &Path, line: &str) -> Ran {
        let mut command = Command::new(program);
        command
            .args(line.split_whitespace())
            .env_remove("OPSEC_SERVER")
            .env("OPSEC_DATA_DIR", self.home.path().join("own"))
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", self.home.path())
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        if let Some(server) = &self.server {
            command.env("OPSEC_SERVER", server);
        }
        let output = command.output().unwrap();
        Ran {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// A command of the plugin that must end with a status.
    fn opsec(&self, line: &str, status: i32) -> Ran {
        let ran = self.run(&plugin().unwrap(), line);
        assert_eq!(ran.status, Some(status), "{line}: {ran:?}");
        ran
    }

    fn kubectl_ends(&self, line: &str) -> Ran {
        let kubectl = Assets::of(RELEASE).unwrap().kubectl().unwrap();
        self.run(&kubectl, line)
    }

    fn kubectl(&self, line: &str) -> String {
        let ran = self.kubectl_ends(line);
        assert_eq!(ran.status, Some(0), "{line}: {ran:?}");
        ran.stdout
    }

    /// The trust bundle of now, as a file.
    fn export(&self, file: &str) {
        let server = self.server.as_deref().unwrap();
        let line = format!("keys export --server {server} -o {file}");
        let ran = self.run(&service().unwrap(), &line);
        assert_eq!(ran.status, Some(0), "{ran:?}");
    }

    /// The same without any service or cluster to reach.
    fn offline(self) -> Self {
        Self {
            kubeconfig: "absent".into(),
            server: None,
            ..self
        }
    }

    fn bytes(&self, file: &str) -> Vec<u8> {
        let path = self.home.path().join(file);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// The word of a text that is a UUID.
fn id(text: &str) -> String {
    let is_id =
        |word: &&str| word.len() == 36 && word.bytes().filter(|byte| *byte == b'-').count() == 4;
    let mut words = text.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-');
    words
        .find(is_id)
        .unwrap_or_else(|| panic!("{text}"))
        .to_owned()
}

/// A cluster with the demo operator, hardened, on it, and a service that knows and reads both.
fn ready(cluster: &ControlPlane) -> (Place, Server, String) {
    let server = Server::collecting("prod-1", &cluster.kubeconfig()).unwrap();
    let place = Place {
        home: tempfile::tempdir().unwrap(),
        kubeconfig: cluster.kubeconfig(),
        server: Some(server.url()),
    };
    let demo = repository().join("deploy/demo/hardened.yaml");
    // A kind that was defined a moment ago is served a moment later.
    let line = format!("apply -f {}", demo.display());
    let began = Instant::now();
    while place.kubectl_ends(&line).status != Some(0) {
        assert!(began.elapsed() < PATIENCE, "{line}");
        std::thread::sleep(Duration::from_millis(300));
    }
    let path = "{.metadata.uid}";
    let uid = place.kubectl(&format!("get namespace kube-system -o jsonpath={path}"));
    place.opsec(&format!("cluster register prod-1 --uid {uid}"), 0);
    std::fs::write(place.home.path().join("cache.yaml"), BASELINE).unwrap();
    place.opsec("baseline apply -f cache.yaml", 0);
    (place, server, uid)
}

/// Has the operator attested in each of the three ways; the id of the statement `live.json`.
fn attest(place: &Place) -> String {
    // What was checked and recorded is signed by its name, and read from nowhere again.
    let checked = place.opsec(&format!("check {OPERATOR} --record"), 0);
    let check = id(&checked.stderr);
    place.opsec(&format!("attest --check {check} -o check.json"), 0);
    // Statements of one second that say the same are one, and revoked as one.
    std::thread::sleep(Duration::from_millis(1_100));
    let said = place.opsec(&format!("attest {OPERATOR} -o live.json"), 0);
    let live = id(&said.stderr);
    place.opsec(&format!("check {OPERATOR} --record --collect prod-1"), 0);
    let collect = "--collect prod-1 -o collected.json";
    place.opsec(&format!("attest {OPERATOR} {collect}"), 0);
    assert_eq!(
        place.bytes("check.json.target.json"),
        place.bytes("live.json.target.json")
    );
    live
}

/// Verifies what was attested, with nothing but files: `after.json` knows that one was revoked.
fn verify(place: &Place, uid: &str) {
    let verify = |file: &str, bundle: &str, demands: &str, status: i32| {
        let target = format!("--cluster-uid {uid} --operator {OPERATOR}");
        let line = format!("verify {file} --trust-bundle {bundle} {target} {demands}");
        place.opsec(&line, status).stdout
    };
    for file in ["check.json", "live.json", "collected.json"] {
        let demands = "--max-age 10m --require-practices 1,3";
        verify(file, "before.json", demands, 0);
    }
    let collected = "--minimum-collection server-collected";
    verify("collected.json", "after.json", collected, 0);
    let weak = verify("live.json", "before.json", collected, 1);
    assert!(weak.contains("COLLECTION_TOO_WEAK"), "{weak}");
    let revoked = verify("live.json", "after.json", "", 1);
    assert!(revoked.contains("REVOKED"), "{revoked}");
    verify("check.json", "after.json", "", 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_pipeline_checks_attests_verifies_and_revokes() {
    let cluster = ControlPlane::start(Options::default()).await.unwrap();
    let (place, _server, uid) = ready(&cluster);
    let live = attest(&place);

    let listed = place.opsec("attestations list -o json", 0).stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let items = listed["items"].as_array().unwrap();
    let modes: Vec<&str> = items
        .iter()
        .map(|item| item["mode"].as_str().unwrap())
        .collect();
    assert_eq!(
        modes,
        ["CLIENT_ASSERTED", "CLIENT_ASSERTED", "SERVER_COLLECTED"]
    );
    assert_eq!(items[1]["id"], live.as_str());
    place.opsec(&format!("attestations get {live} -o got.json"), 0);
    for end in ["", ".target.json"] {
        let (got, live) = (format!("got.json{end}"), format!("live.json{end}"));
        assert_eq!(place.bytes(&got), place.bytes(&live));
    }

    place.export("before.json");
    place.opsec(&format!("attestations revoke {live} --reason replaced"), 0);
    place.export("after.json");
    let again = format!("attestations revoke {live} --reason again");
    let again = place.opsec(&again, 2).stderr;
    assert!(again.contains("revoked already"), "{again}");

    drop(cluster);
    let place = place.offline();
    verify(&place, &uid);
    place.opsec("attest cache-operator -o none.json", 2);
    assert!(!place.home.path().join("none.json").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_check_is_not_attested_once_its_baseline_is_tightened() {
    let cluster = ControlPlane::start(Options::default()).await.unwrap();
    let (place, _server, _) = ready(&cluster);
    let checked = place.opsec(&format!("check {OPERATOR} --record"), 0);
    let check = id(&checked.stderr);
    let tighter = BASELINE.replace("  extends:", "  failOn: info\n  extends:");
    std::fs::write(place.home.path().join("cache.yaml"), tighter).unwrap();
    place.opsec("baseline apply -f cache.yaml --yes", 0);
    let refused = place.opsec(&format!("attest --check {check} -o check.json"), 2);
    assert!(
        refused.stderr.contains("what applies is baseline `cache`"),
        "{refused:?}"
    );
    assert!(!place.home.path().join("check.json").exists());
    let unknown = "00000000-7a6a-7c4e-8a39-3c7c5f2f6d11";
    let refused = place.opsec(&format!("attest --check {unknown}"), 2);
    assert!(refused.stderr.contains("no check"), "{refused:?}");
}
