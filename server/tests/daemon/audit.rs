//! The audit: who did what is on the disk before the answer, and whatever is done to it is seen.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::process::{Daemon, program};
use crate::{channel, create_baseline};

/// A directory of data, and its audit.
pub(crate) struct Data(TempDir);

impl Data {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.data().join("audit")).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|end| end == "jsonl"));
        files.sort();
        files
    }

    fn lines(&self) -> Vec<String> {
        let texts = self.files().into_iter().map(std::fs::read_to_string);
        texts
            .flat_map(|text| text.unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

    pub(crate) fn events(&self) -> Vec<serde_json::Value> {
        let lines = self.lines();
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub(crate) fn verify(&self, head: Option<&str>) -> (Option<i32>, String) {
        let mut command = program();
        command
            .args(["audit", "verify", "--data-dir"])
            .arg(self.data());
        command.args(head.iter().flat_map(|head| ["--head", head]));
        let output = command.output().unwrap();
        let mut said = output.stdout;
        said.extend(output.stderr);
        (
            output.status.code(),
            String::from_utf8(said).unwrap().trim().to_owned(),
        )
    }

    pub(crate) async fn used(&self, baselines: std::ops::Range<usize>) {
        let mut daemon = Daemon::dev(&self.data());
        let channel = channel(daemon.address).await;
        for number in baselines {
            create_baseline(&channel, &format!("b{number}"))
                .await
                .unwrap();
        }
        daemon.signal(Signal::SIGTERM);
        assert!(daemon.end(Duration::from_secs(10)).success());
    }
}

fn kinds(events: &[serde_json::Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_written_down_and_the_chain_goes_on_after_a_start() {
    let data = Data::new();
    data.used(0..2).await;
    let events = data.events();
    assert_eq!(
        kinds(&events),
        ["started", "call", "call", "shutdown", "checkpoint"]
    );
    let call = &events[1];
    assert_eq!(
        (call["method"].as_str(), call["subject"].as_str()),
        (Some("CreateBaseline"), Some("dev"))
    );
    assert_eq!(
        (call["resource"].as_str(), call["code"].as_str()),
        (Some("baselines/b0"), Some("Ok"))
    );
    let (status, head) = data.verify(None);
    assert_eq!(status, Some(0), "{head}");
    data.used(2..3).await;
    assert_eq!(data.events().len(), 9);
    assert_eq!(
        data.verify(Some(&head)).0,
        Some(0),
        "an older head is one of its events"
    );
}

fn write(path: &Path, lines: &[String]) {
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_changed_dropped_swapped_or_cut_off_is_found() {
    let data = Data::new();
    data.used(0..3).await;
    let (path, whole) = (data.files().remove(0), data.lines());
    let (_, head) = data.verify(None);
    for index in 0..whole.len() {
        let mut changed = whole.clone();
        changed[index] = changed[index].replacen("\"seq\":", "\"seq\":1", 1);
        write(&path, &changed);
        assert_eq!(data.verify(None).0, Some(1), "changed {index}");
        let mut dropped = whole.clone();
        dropped.remove(index);
        write(&path, &dropped);
        assert_eq!(data.verify(Some(&head)).0, Some(1), "dropped {index}");
        if index > 0 {
            let mut swapped = whole.clone();
            swapped.swap(index, index - 1);
            write(&path, &swapped);
            assert_eq!(data.verify(None).0, Some(1), "swapped {index}");
            write(&path, &whole[..index]);
            assert_eq!(
                data.verify(None).0,
                Some(0),
                "without a head nobody sees it"
            );
            assert_eq!(data.verify(Some(&head)).0, Some(1), "cut off at {index}");
        }
    }
    write(&path, &whole);
    assert_eq!(data.verify(Some(&head)), (Some(0), head));
    assert_eq!(data.verify(Some("no head")).0, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_goes_on_where_the_last_one_ended() {
    let data = Data::new();
    let mut daemon = Daemon::dev_with(&data.data(), "[audit]\nfile_size = \"1KiB\"\n");
    let channel = channel(daemon.address).await;
    for number in 0..8 {
        create_baseline(&channel, &format!("b{number}"))
            .await
            .unwrap();
    }
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.end(Duration::from_secs(10)).success());
    let files = data.files();
    assert!(files.len() > 2, "{files:?}");
    assert_eq!(data.verify(None).0, Some(0));
    std::fs::remove_file(&files[1]).unwrap();
    assert_eq!(data.verify(None).0, Some(1), "a file in between is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_leaves_a_chain_that_verifies_and_loses_nothing_that_was_answered() {
    let data = Data::new();
    let mut daemon = Daemon::dev(&data.data());
    let mut acknowledged = 0;
    for round in 0..3 {
        let channel = channel(daemon.address).await;
        let calls = tokio::spawn(async move {
            let mut made = 0;
            while create_baseline(&channel, &format!("r{round}-{made}"))
                .await
                .is_ok()
            {
                made += 1;
            }
            made
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        daemon.signal(Signal::SIGKILL);
        let _ = daemon.end(Duration::from_secs(10));
        acknowledged += calls.await.unwrap();
        let (status, said) = data.verify(None);
        assert_eq!(status, Some(0), "{said}");
        daemon = Daemon::dev(&data.data());
    }
    let events = data.events();
    let written = events
        .iter()
        .filter(|event| event["method"] == "CreateBaseline");
    let written = written.filter(|event| event["code"] == "Ok").count();
    assert!(
        acknowledged > 0 && written >= acknowledged,
        "{written} of {acknowledged}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_line_that_is_not_whole_is_set_aside_and_a_damaged_chain_starts_nothing() {
    let data = Data::new();
    data.used(0..1).await;
    let path = data.files().remove(0);
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{whole}{{\"kind\":\"ca")).unwrap();
    assert_eq!(data.verify(None).0, Some(0));
    data.used(1..2).await;
    assert!(kinds(&data.events()).contains(&"recovered"));
    let torn = std::fs::read_to_string(data.data().join("audit/audit.torn")).unwrap();
    assert_eq!(torn, "{\"kind\":\"ca\n");
    assert_eq!(data.verify(None).0, Some(0));

    let lines = data.lines();
    let changed: Vec<String> = lines.iter().map(|line| line.replace("b0", "b9")).collect();
    write(&path, &changed);
    let data_directory = data.data().display().to_string();
    let (status, said) = crate::process::refused(&["--dev", "--data-dir", &data_directory]);
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("AUDIT_DAMAGED"), "{said}");
}
