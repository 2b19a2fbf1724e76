//! Checking, exporting and importing what is stored.

use crate::process::{Daemon, refused, run};
use crate::{channel, create_baseline};
use nix::sys::signal::Signal;
use std::time::Duration;

/// The records of an export: its header says the commit, and a service that ends makes one more, which
/// takes out what is owed to the audit no longer.
fn records(export: &[u8]) -> Vec<String> {
    let text = String::from_utf8(export.to_vec()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.pop();
    lines.split_off(1)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_is_imported_whole_and_only_into_an_empty_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (data, other, export) = (path("data"), path("other"), path("export"));
    let mut daemon = Daemon::dev(&directory.path().join("data"));
    create_baseline(&channel(daemon.address).await, "argo")
        .await
        .unwrap();

    let (status, said) = refused(&["export", "--data-dir", &data, "-o", &export]);
    assert_eq!(status, Some(4), "{said}");
    assert!(
        said.contains("STORE_LOCKED") && said.contains("--server"),
        "{said}"
    );
    assert!(!directory.path().join("export").exists());
    let server = format!("http://{}", daemon.address);
    let output = run(&[
        "export",
        "--data-dir",
        &data,
        "-o",
        &export,
        "--server",
        &server,
    ]);
    assert!(output.status.success(), "{output:?}");
    let live = std::fs::read(&export).unwrap();

    daemon.signal(Signal::SIGTERM);
    assert!(daemon.end(Duration::from_secs(10)).success());
    assert_eq!(run(&["fsck", "--data-dir", &data]).status.code(), Some(0));
    assert!(
        run(&["export", "--data-dir", &data, "-o", &export])
            .status
            .success()
    );
    assert_eq!(
        records(&std::fs::read(&export).unwrap()),
        records(&live),
        "served or not, it is the same"
    );

    assert!(
        run(&["import", "--data-dir", &other, &export])
            .status
            .success()
    );
    let (status, said) = refused(&["import", "--data-dir", &other, &export]);
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("STORE_NOT_EMPTY"), "{said}");
    let daemon = Daemon::dev(&directory.path().join("other"));
    let again = create_baseline(&channel(daemon.address).await, "argo").await;
    assert_eq!(again.unwrap_err().code(), tonic::Code::AlreadyExists);
}

#[test]
fn what_is_not_there_cannot_be_checked_or_exported() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("nothing").display().to_string();
    assert_eq!(run(&["fsck", "--data-dir", &data]).status.code(), Some(2));
    assert_eq!(run(&["export", "--data-dir", &data]).status.code(), Some(4));
    assert!(
        !directory.path().join("nothing").exists(),
        "looking creates nothing"
    );
}

#[test]
fn every_setting_is_printed_with_where_it_is_from() {
    let output = run(&["config", "print", "--data-dir", "/somewhere"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(said.contains("server.data_dir = \"/somewhere\""), "{said}");
    assert!(said.contains("limits.connection_age = \"30m\""), "{said}");
}
