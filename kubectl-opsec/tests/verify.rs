//! `verify` as a shell sees it: statuses, what is printed, and that nothing else is asked.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use jiff::{SignedDuration, Timestamp};
use opsec_attest::{
    Algorithm, Baseline, BaselineRef, Cluster, Descriptor, Envelope, Facts, Halves, ImageRef,
    KeyRing, Operator, PAYLOAD_TYPE, PREDICATE_TYPE, Practice, Predicate, STATEMENT_TYPE,
    SigningKey, Statement, Subject, Target, Verifier,
};
use tempfile::TempDir;

const UID: &str = "11111111-2222-4333-8444-555555555555";
const VERIFIER: &str = "https://opsec.example.org";

fn before(seconds: i64) -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    Timestamp::from_second(i64::try_from(since).unwrap() - seconds).unwrap()
}

fn descriptor() -> Descriptor {
    let image = format!("reg/shop:1@sha256:{}", "ab".repeat(32));
    Descriptor {
        cluster_uid: UID.to_owned(),
        operator_id: "shop~shop".to_owned(),
        images: [ImageRef::of("manager", &image)].into(),
        ..Descriptor::default()
    }
}

fn practice((number, status): (u8, &str)) -> Practice {
    Practice {
        number,
        name: format!("practice {number}"),
        status: status.to_owned(),
        halves: Halves {
            operator: status.to_owned(),
            cluster: status.to_owned(),
        },
    }
}

fn target() -> Target {
    Target {
        cluster: Cluster {
            id: "prod-1\u{1b}[31m".to_owned(),
            uid: UID.to_owned(),
        },
        operator: Operator {
            id: "shop~shop".to_owned(),
            name: "shop".to_owned(),
            namespaces: vec!["shop".to_owned()],
        },
        descriptor_digest: descriptor().digest().unwrap(),
        images_complete: true,
    }
}

fn statement(result: &str, practices: [&str; 6]) -> Statement {
    let own = BaselineRef {
        name: "shop".to_owned(),
        revision: 3,
        digest: "sha256:00".to_owned(),
    };
    Statement {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: Subject::of(&descriptor()).unwrap(),
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate: Predicate {
            verifier: Verifier {
                id: VERIFIER.to_owned(),
                engine_version: "0.1.0".to_owned(),
            },
            time_verified: before(10).to_string(),
            valid_until: before(-86_400).to_string(),
            target: target(),
            baseline: Baseline {
                own,
                parent: None,
                effective_digest: "sha256:01".to_owned(),
            },
            approval: None,
            snapshot: Facts {
                digest: "sha256:02".to_owned(),
                facts_digest: "sha256:03".to_owned(),
                gathered_at: before(3_600).to_string(),
                mode: "CLIENT_ASSERTED".to_owned(),
                collector: "corp/user:ci".to_owned(),
            },
            result: result.to_owned(),
            counts: opsec_model::Counts::default(),
            practices: (1..=6).zip(practices).map(practice).collect(),
            exemptions: Vec::new(),
        },
    }
}

/// A folder with a trust bundle and two statements: one that passed, one that did not.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::from_seed(Algorithm::Ed25519, &[7; 32]).unwrap();
    let mut ring = KeyRing::default();
    ring.add(key.public(), before(1_000)).unwrap();
    let week = SignedDuration::from_hours(7 * 24);
    let bundle = ring.bundle(VERIFIER, Vec::new(), before(100), week);
    let stale = ring.bundle(VERIFIER, Vec::new(), before(100), SignedDuration::ZERO);
    let passed = ["PASS", "PASS", "PASS", "PASS", "NOT_APPLICABLE", "PASS"];
    let failed = ["PASS", "FAIL", "PASS", "PASS", "PASS", "PASS"];
    let signed = |statement: Statement| {
        Envelope::sign(statement.bytes().unwrap(), PAYLOAD_TYPE, &key).write()
    };
    let valid = signed(statement("PASSED", passed));
    let mut changed = valid.clone();
    changed.swap(40, 41);
    assert_ne!(changed, valid);
    let files = [
        ("trust.json", bundle.bytes().unwrap()),
        ("stale.json", stale.bytes().unwrap()),
        ("passed.json", valid),
        ("failed.json", signed(statement("FAILED", failed))),
        ("words.json", b"words".to_vec()),
        ("changed.json", changed),
    ];
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn run(folder: &TempDir, line: &str) -> (Option<i32>, String, String) {
    // Nobody is asked: not a service that is configured, not a cluster.
    let mut program = plugin(folder, &format!("verify {line}"));
    ended(program.env("OPSEC_SERVER", "http://127.0.0.1:1"))
}

fn command(folder: &TempDir, line: &str) -> (Option<i32>, String, String) {
    ended(plugin(folder, line).env_remove("OPSEC_SERVER"))
}

fn plugin(folder: &TempDir, line: &str) -> Command {
    let mut command = Command::new(cargo_bin("kubectl-opsec"));
    command
        .args(line.split(' '))
        .current_dir(folder.path())
        .env("KUBECONFIG", "/dev/null/none")
        .env("OPSEC_CONFIG", "/dev/null")
        .env("OPSEC_DATA_DIR", folder.path().join("data"))
        .stdin(Stdio::null());
    command
}

fn ended(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A status, a statement, what is asked, and what is said.
type Row = (i32, &'static str, &'static str, &'static str);

const VALID: [Row; 5] = [
    (
        0,
        "passed",
        "trust.json --cluster-uid UID --operator shop",
        "valid\n",
    ),
    (0, "passed", "trust.json --any-target", "not compared"),
    (
        0,
        "passed",
        "stale.json --any-target --allow-stale-bundle",
        "valid\n",
    ),
    (
        0,
        "passed",
        "trust.json --any-target --max-age 2h --require-practices 1,2",
        "",
    ),
    (
        0,
        "passed",
        "trust.json --any-target --require-practices 5 --allow-not-applicable",
        "5 NOT_APPLICABLE",
    ),
];

const NOT_VALID: [Row; 9] = [
    (
        1,
        "passed",
        "trust.json --cluster-uid other --operator shop",
        "TARGET_MISMATCH",
    ),
    (1, "passed", "stale.json --any-target", "BUNDLE_EXPIRED"),
    (
        1,
        "passed",
        "trust.json --any-target --max-age 30m",
        "TOO_OLD",
    ),
    (
        1,
        "passed",
        "trust.json --any-target --require-practices 1,5",
        "PRACTICE_NOT_PASSED",
    ),
    (
        1,
        "passed",
        "trust.json --any-target --minimum-collection server-collected",
        "COLLECTION_TOO_WEAK",
    ),
    (
        1,
        "passed",
        "trust.json --any-target --image DIGEST",
        "IMAGE_MISMATCH",
    ),
    (
        1,
        "failed",
        "trust.json --any-target",
        "authentic, result FAILED",
    ),
    (1, "changed", "trust.json --any-target", "not valid: "),
    (1, "words", "trust.json --any-target", "ENVELOPE_MALFORMED"),
];

#[test]
fn the_status_says_whether_a_statement_is_valid() {
    let folder = folder();
    let image = format!("sha256:{}", "00".repeat(32));
    for (status, file, rest, said) in VALID.into_iter().chain(NOT_VALID) {
        let rest = rest.replace("DIGEST", &image).replace("UID", UID);
        let (ended, out, error) = run(&folder, &format!("{file}.json --trust-bundle {rest}"));
        assert_eq!(ended, Some(status), "{file} {rest}: {out}{error}");
        assert!(out.contains(said), "{file} {rest}: {out}");
        assert!(error.is_empty() && !out.contains('\u{1b}'), "{error}{out}");
    }
    assert!(!folder.path().join("data").exists());
}

#[test]
fn what_cannot_be_read_or_is_not_asked_whole_is_status_2() {
    let folder = folder();
    for (line, said) in [
        (
            "absent.json --trust-bundle trust.json --any-target",
            "absent.json cannot be read",
        ),
        (
            "passed.json --trust-bundle absent.json --any-target",
            "absent.json cannot be read",
        ),
        (
            "passed.json --trust-bundle words.json --any-target",
            "trust bundle words.json",
        ),
        ("passed.json --trust-bundle trust.json", "--cluster-uid"),
        (
            "passed.json --trust-bundle trust.json --operator shop",
            "--cluster-uid",
        ),
        (
            "passed.json --trust-bundle trust.json --any-target --require-practices 7",
            "7",
        ),
        ("passed.json --any-target", "--trust-bundle"),
    ] {
        let (status, out, error) = run(&folder, line);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{line}: {error}");
        assert!(
            error.contains(said) && error.lines().count() == 1,
            "{error}"
        );
    }
}

#[test]
fn a_program_is_told_each_step_and_who_says_what() {
    let folder = folder();
    let line = "failed.json --trust-bundle trust.json --any-target -o json";
    let (status, out, _) = run(&folder, line);
    assert_eq!(status, Some(1));
    let said: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(said["kind"], "Verification");
    assert_eq!(
        (&said["valid"], &said["reason"]),
        (&false.into(), &"RESULT_FAILED".into())
    );
    assert_eq!(
        said["statement"]["predicate"]["snapshot"]["collector"],
        "corp/user:ci"
    );
    let steps = said["steps"].as_array().unwrap();
    assert_eq!(steps.last().unwrap()["name"], "result");
    let passed = steps.iter().filter(|step| step["passed"] == true).count();
    assert_eq!(passed + 1, steps.len());
}

#[test]
fn only_a_service_attests_and_only_what_is_read_of_a_cluster_now() {
    let folder = folder();
    std::fs::write(folder.path().join("none.yaml"), "").unwrap();
    for (line, said) in [
        ("attest shop", "--server"),
        ("attestations list", "--server"),
        (
            "attestations get 01939b4e-7a6a-7c4e-8a39-3c7c5f2f6d11",
            "--server",
        ),
        ("attest shop -f none.yaml --server http://127.0.0.1:1", "-f"),
        (
            "attest shop --snapshot none.json --server http://127.0.0.1:1",
            "--snapshot",
        ),
    ] {
        let (status, out, error) = command(&folder, line);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{line}: {error}");
        assert!(error.contains(said), "{line}: {error}");
    }
}
