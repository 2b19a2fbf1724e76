//! Whether a service can sign is its health, and its trust bundle is its own while it has the store.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use opsec_attest::TrustBundle;

use crate::process::{Daemon, program};

const SETTINGS: &str = "[attestation]\nverifier_id = \"https://opsec.example.org\"\n";

fn health(daemon: &Daemon, service: &str) -> bool {
    let url = format!("http://{}", daemon.address);
    let arguments = ["health", "--server", &url, "--service", service];
    let output = program().args(arguments).output().unwrap();
    output.status.success()
}

fn keys(data: &Path, arguments: &[&str]) -> Output {
    let mut command = program();
    command.arg("keys").args(arguments);
    command.arg("--data-dir").arg(data);
    command.arg("--config").arg(data.with_extension("toml"));
    command.output().unwrap()
}

#[test]
fn who_cannot_sign_says_so_in_health_and_hands_out_its_own_bundle() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let daemon = Daemon::dev_with(&data, SETTINGS);
    let signs = "opsec.v1.AttestationService";
    assert!(health(&daemon, "") && health(&daemon, "opsec.v1.CheckService"));
    assert!(!health(&daemon, signs), "it has no key");

    let made = keys(&data, &["generate"]);
    assert!(made.status.success(), "{made:?}");
    let started = Instant::now();
    while !health(&daemon, signs) {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{}",
            daemon.log()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
    let locked = keys(&data, &["export"]);
    let said = String::from_utf8_lossy(&locked.stderr);
    assert_eq!(locked.status.code(), Some(4), "{said}");
    assert!(
        said.contains("STORE_LOCKED") && said.contains("--server"),
        "{said}"
    );
    let url = format!("http://{}", daemon.address);
    let served = keys(&data, &["export", "--server", &url]);
    assert!(served.status.success(), "{served:?}");
    let bundle = TrustBundle::read(&served.stdout).unwrap();
    let id = String::from_utf8(made.stdout).unwrap();
    assert_eq!(bundle.keys[0].keyid, id.trim());
    assert_eq!(bundle.verifier_id, "https://opsec.example.org");
}
