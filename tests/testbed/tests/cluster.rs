//! The control plane to play with, through the program that `cargo xtask cluster` runs.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use opsec_testbed::{Assets, RELEASE};

/// The program, with a folder of its own and programs that are built already.
fn cluster(folder: &Path, arguments: &[&str]) -> Command {
    let assets = Assets::of(RELEASE).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cluster"));
    command
        .args(arguments)
        .env("CARGO_TARGET_DIR", folder)
        .env("TMPDIR", folder)
        .env("KUBEBUILDER_ASSETS", assets.folder());
    command
}

fn until(mut holds: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_mins(2) {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// Where the API server of a kubeconfig listens.
fn address(kubeconfig: &Path) -> String {
    let text = std::fs::read_to_string(kubeconfig).unwrap();
    let config: serde_json::Value = serde_json::from_str(&text).unwrap();
    let server = config["clusters"][0]["cluster"]["server"].as_str().unwrap();
    server.trim_start_matches("https://").to_owned()
}

fn answers(address: &str) -> bool {
    std::net::TcpStream::connect(address).is_ok()
}

/// The folders of control planes that are left below a folder.
fn left(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("opsec-testbed-")
        })
        .count()
}

#[test]
fn up_prints_its_kubeconfig_again_and_down_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let up = || {
        let output = cluster(folder.path(), &["up"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let first = up();
    let kubeconfig = folder.path().join("testbed/cluster/kubeconfig");
    assert_eq!(
        first,
        format!("export KUBECONFIG={}\n", kubeconfig.display())
    );
    let address = address(&kubeconfig);
    assert!(answers(&address));
    assert_eq!(up(), first);

    let down = cluster(folder.path(), &["down"]).output().unwrap();
    assert!(down.status.success(), "{down:?}");
    assert!(!answers(&address));
    assert!(!kubeconfig.exists());
    assert_eq!(left(folder.path()), 0);
}

#[test]
fn a_control_plane_whose_process_is_killed_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("testbed/cluster")).unwrap();
    let mut serve = cluster(folder.path(), &["serve", RELEASE])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let kubeconfig = folder.path().join("testbed/cluster/kubeconfig");
    assert!(until(|| kubeconfig.is_file()));
    let address = address(&kubeconfig);
    assert!(answers(&address));
    assert_eq!(left(folder.path()), 1);
    // SIGKILL: nothing of the process itself can clean up.
    serve.kill().unwrap();
    serve.wait().unwrap();
    assert!(until(|| !answers(&address)), "the API server goes on");
    assert!(until(|| left(folder.path()) == 0), "its files are left");
}
