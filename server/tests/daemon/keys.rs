//! Keys that sign statements: how they are made, take over, and end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use opsec_attest::{Algorithm, KeyState, SigningKey, TrustBundle};
use tempfile::TempDir;

use crate::process::program;

struct Keys {
    directory: TempDir,
    settings: Vec<(&'static str, String)>,
}

impl Keys {
    fn new() -> Self {
        let verifier = "https://opsec.example.org".to_owned();
        Self {
            directory: tempfile::tempdir().unwrap(),
            settings: vec![("OPSEC_ATTESTATION_VERIFIER_ID", verifier)],
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn file(&self, id: &str) -> PathBuf {
        self.data().join("keys").join(format!("{id}.pem"))
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = program();
        command.arg("keys").args(arguments);
        command.arg("--data-dir").arg(self.data());
        for (name, value) in &self.settings {
            command.env(name, value);
        }
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn done(&self, arguments: &[&str]) -> String {
        let (status, out, said) = self.run(arguments);
        assert_eq!(status, Some(0), "{said}");
        out.trim().to_owned()
    }

    fn refused(&self, arguments: &[&str], reason: &str) {
        let (status, _, said) = self.run(arguments);
        assert_eq!(status, Some(4), "{said}");
        assert!(said.contains(reason), "{said}");
    }

    fn bundle(&self) -> TrustBundle {
        let path = self.directory.path().join("bundle.json");
        self.done(&["export", "-o", &path.display().to_string()]);
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(
            self.done(&["export"]).matches("publicKeyPem").count(),
            TrustBundle::read(&bytes).unwrap().keys.len()
        );
        TrustBundle::read(&bytes).unwrap()
    }

    fn states(&self) -> Vec<KeyState> {
        self.bundle().keys.iter().map(|key| key.state).collect()
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_key_is_made_known_takes_over_and_is_deleted() {
    let keys = Keys::new();
    let first = keys.done(&["generate"]);
    assert_eq!(mode(&keys.file(&first)), 0o600);
    assert_eq!(mode(&keys.data().join("keys")), 0o700);
    let pem = std::fs::read_to_string(keys.file(&first)).unwrap();
    let key = SigningKey::from_pem(&pem, None).unwrap();
    assert_eq!(key.public().id(), first);
    keys.refused(&["rotate"], "KEY_STATE");

    let second = keys.done(&["generate", "--algorithm", "ecdsa-p256-sha256"]);
    assert_eq!(keys.states(), [KeyState::Active, KeyState::Prepared]);
    keys.refused(&["rotate"], "KEY_TOO_EARLY");
    keys.done(&["rotate", "--early"]);
    let bundle = keys.bundle();
    assert_eq!(bundle.keys[0].state, KeyState::Retired);
    assert!(bundle.keys[0].not_after.is_some());
    assert_eq!(bundle.keys[1].state, KeyState::Active);
    assert_eq!(bundle.keys[1].algorithm, Algorithm::P256);
    assert_eq!(bundle.verifier_id, "https://opsec.example.org");
    assert!(!keys.file(&first).exists() && keys.file(&second).exists());

    keys.done(&["revoke", &second]);
    assert_eq!(keys.states(), [KeyState::Retired, KeyState::Revoked]);
    assert!(!keys.file(&second).exists());
    keys.refused(&["revoke", &second], "KEY_STATE");
    let listed = keys.done(&["list"]);
    assert!(listed.contains("ecdsa-p256-sha256  revoked"), "{listed}");
}

#[test]
fn a_key_that_others_can_read_or_that_is_gone_does_not_take_over() {
    let keys = Keys::new();
    keys.done(&["generate"]);
    let second = keys.done(&["generate"]);
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(keys.file(&second), open).unwrap();
    keys.refused(&["rotate", "--early"], "KEY_READABLE");
    std::fs::remove_file(keys.file(&second)).unwrap();
    keys.refused(&["rotate", "--early"], "");
    assert_eq!(keys.states(), [KeyState::Active, KeyState::Prepared]);
}

#[test]
fn a_password_locks_keys() {
    let mut keys = Keys::new();
    let password = keys.directory.path().join("password");
    std::fs::write(&password, "correct horse\n").unwrap();
    keys.settings.push((
        "OPSEC_ATTESTATION_PASSWORD_FILE",
        password.display().to_string(),
    ));
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(&password, mode(0o644)).unwrap();
    keys.refused(&["generate"], "KEY_READABLE");
    std::fs::set_permissions(&password, mode(0o600)).unwrap();
    let id = keys.done(&["generate"]);
    let pem = std::fs::read_to_string(keys.file(&id)).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    let key = SigningKey::from_pem(&pem, Some(b"correct horse")).unwrap();
    assert_eq!(key.public().id(), id);
}

#[test]
fn a_bundle_names_whose_keys_it_holds() {
    let mut keys = Keys::new();
    keys.settings.clear();
    keys.done(&["generate"]);
    keys.refused(&["export"], "attestation.verifier_id");
    let wrong = ("OPSEC_ATTESTATION_VERIFIER_ID", "opsec".to_owned());
    keys.settings.push(wrong);
    keys.refused(&["export"], "CONFIG_INVALID");
}
