//! What is owed to the audit: a change whose process was killed before its event was written has it
//! after the next start, each item of a batch has its own, and what was pruned is anchored.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use opsec_proto::v1;
use opsec_proto::v1::admin_service_client::AdminServiceClient;
use opsec_proto::v1::baseline_service_client::BaselineServiceClient;
use opsec_proto::v1::check_service_client::CheckServiceClient;

use crate::audit::Data;
use crate::process::{Daemon, program};
use crate::{BASELINE, channel, create_baseline};

/// Rounds in which the moment between a commit and its event must be hit once.
const ROUNDS: usize = 40;

const SETTINGS: &str = "[limits]\nchanges_per_minute = 100000\nrequests_per_second = 100000\n";

/// Names of all baselines that are stored.
async fn stored(daemon: &Daemon) -> Vec<String> {
    let mut client = BaselineServiceClient::new(channel(daemon.address).await);
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListBaselinesRequest {
            page_size: 1_000,
            page_token,
        };
        let page = client.list_baselines(request).await.unwrap().into_inner();
        names.extend(page.baselines.into_iter().map(|one| one.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return names;
        }
    }
}

/// Creates baselines by eight clients until the service is gone.
async fn busy(daemon: &mut Daemon, round: usize) {
    let address = daemon.address;
    let clients: Vec<_> = (0..8)
        .map(|client| {
            tokio::spawn(async move {
                let channel = channel(address).await;
                for number in 0.. {
                    let name = format!("r{round}-{client}-{number}");
                    if create_baseline(&channel, &name).await.is_err() {
                        break;
                    }
                }
            })
        })
        .collect();
    let instant = 40 + u64::try_from(round % 7).unwrap() * 9;
    tokio::time::sleep(Duration::from_millis(instant)).await;
    daemon.signal(Signal::SIGKILL);
    let _ = daemon.end(Duration::from_secs(10));
    for client in clients {
        client.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_between_a_change_and_its_event_loses_no_event() {
    let data = Data::new();
    let mut daemon = Daemon::dev_with(&data.data(), SETTINGS);
    for round in 0..ROUNDS {
        busy(&mut daemon, round).await;
        daemon = Daemon::dev_with(&data.data(), SETTINGS);
        let mut written: BTreeMap<String, usize> = BTreeMap::new();
        let events = data.events();
        for event in events.iter().filter(|event| event["commit"].is_u64()) {
            let resource = event["resource"].as_str().unwrap().to_owned();
            *written.entry(resource).or_default() += 1;
        }
        let expected: BTreeMap<String, usize> = stored(&daemon)
            .await
            .into_iter()
            // It is built in.
            .filter(|name| name != "baselines/default")
            .map(|name| (name, 1))
            .collect();
        assert_eq!(written, expected, "one event for each change that is there");
        let (status, said) = data.verify(None);
        assert_eq!(status, Some(0), "{said}");
        if events.iter().any(|event| event["replayed"] == true) {
            return;
        }
    }
    panic!("in {ROUNDS} rounds no process died between a change and its event");
}

/// A check of the shop, and one of nothing.
fn batch() -> v1::BatchCheckRequest {
    let documents = v1::RawDocuments {
        files: vec![v1::RawDocument {
            name: "shop.yaml".to_owned(),
            content: std::fs::read(Path::new("service/tests/shop.yaml"))
                .unwrap()
                .into(),
        }],
        ..v1::RawDocuments::default()
    };
    let check = v1::CheckRequest {
        input: Some(v1::check_request::Input::Documents(documents)),
        all: true,
        ..v1::CheckRequest::default()
    };
    let item = |check| v1::BatchCheckItem {
        check: Some(check),
        snapshot_index: None,
    };
    v1::BatchCheckRequest {
        items: vec![item(check), item(v1::CheckRequest::default())],
        ..v1::BatchCheckRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_item_of_a_batch_is_an_event_and_what_was_only_asked_is_told_apart() {
    let data = Data::new();
    let mut daemon = Daemon::dev(&data.data());
    let channel = channel(daemon.address).await;
    let request = batch();
    let mut checks = CheckServiceClient::new(channel.clone());
    checks.batch_check(request).await.unwrap();

    let mut baselines = BaselineServiceClient::new(channel);
    let id = uuid::Uuid::new_v4().to_string();
    for validate_only in [true, false] {
        let request = v1::CreateBaselineRequest {
            baseline: Some(v1::Baseline {
                document: BASELINE.replace("NAME", "a").into(),
                ..v1::Baseline::default()
            }),
            request_id: id.clone(),
            validate_only,
        };
        baselines.create_baseline(request).await.unwrap();
    }
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.end(Duration::from_secs(10)).success());

    let events = data.events();
    let items: Vec<_> = events
        .iter()
        .filter(|event| event["method"] == "BatchCheck")
        .map(|event| (event["code"].as_str().unwrap(), event["operator"].as_str()))
        .collect();
    assert_eq!(
        items,
        [("Ok", Some("shop-operator")), ("InvalidArgument", None)]
    );
    let changes: Vec<_> = events
        .iter()
        .filter(|event| event["method"] == "CreateBaseline")
        .collect();
    let kinds: Vec<_> = changes.iter().map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, [Some("validated"), Some("call")]);
    assert!(changes[0].get("commit").is_none() && changes[1]["commit"].is_u64());
    assert!(changes.iter().all(|one| one["requestId"] == id.as_str()));
    let digest = changes[1]["inputDigest"].as_str().unwrap();
    assert!(
        digest.starts_with("sha256:") && digest.len() == 71,
        "{digest}"
    );
}

fn audit(data: &Data, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = program();
    command.arg("audit").args(arguments);
    command.arg("--data-dir").arg(data.data());
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

fn keys(data: &Data, arguments: &[&str]) {
    let mut command = program();
    command.arg("keys").args(arguments);
    command.arg("--data-dir").arg(data.data());
    command.env("OPSEC_ATTESTATION_VERIFIER_ID", "https://opsec.example.org");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_says_its_head_and_what_was_pruned_is_anchored() {
    let data = Data::new();
    keys(&data, &["generate"]);
    let small = "[audit]\nfile_size = \"1KiB\"\n";
    let mut daemon = Daemon::dev_with(&data.data(), small);
    let channel = channel(daemon.address).await;
    for number in 0..6 {
        create_baseline(&channel, &format!("b{number}"))
            .await
            .unwrap();
    }
    let url = format!("http://{}", daemon.address);
    let (status, head) = audit(&data, &["head", "--server", &url]);
    assert_eq!(status, Some(0), "{head}");
    let mut admin = AdminServiceClient::new(channel);
    let said = admin.get_audit_head(v1::GetAuditHeadRequest {}).await;
    assert!(!said.unwrap().into_inner().envelope.is_empty());
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.end(Duration::from_secs(10)).success());
    let head = head.trim();
    assert_eq!(data.verify(Some(head)).0, Some(0));

    let bundle = data.data().join("trust.json").display().to_string();
    keys(&data, &["export", "--output", &bundle]);
    let verified = || audit(&data, &["verify", "--trust-bundle", &bundle]);
    let (status, said) = verified();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("checkpoints are signed"), "{said}");

    // A file at the beginning is missed as one in between is, unless it was pruned.
    let first = data.files().remove(0);
    let content = std::fs::read(&first).unwrap();
    std::fs::remove_file(&first).unwrap();
    let (status, said) = data.verify(None);
    assert!(status == Some(1) && said.contains("missing"), "{said}");
    std::fs::write(&first, content).unwrap();
    assert_eq!(
        audit(&data, &["prune", "--older-than", "1"]).1,
        "0 files removed\n"
    );
    let (status, said) = audit(&data, &["prune", "--older-than", "0"]);
    assert!(status == Some(0) && data.files().len() == 1, "{said}");
    let (status, said) = verified();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("were pruned"), "{said}");

    // The anchor is whose signature it carries, and of this chain.
    let anchor = data.data().join("audit/audit.anchor");
    let signed = std::fs::read_to_string(&anchor).unwrap();
    let forged = head.split(':').collect::<Vec<_>>();
    let forged = format!(
        "{{\"chain\":\"{}\",\"hash\":\"{}\",\"seq\":{}}}",
        forged[0], forged[2], forged[1]
    );
    for other in [signed.replacen("\"sig\":\"", "\"sig\":\"AAAA", 1), forged] {
        std::fs::write(&anchor, &other).unwrap();
        assert_eq!(verified().0, Some(1), "{other}");
    }
    std::fs::write(&anchor, signed).unwrap();
    let mut daemon = Daemon::dev_with(&data.data(), small);
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.end(Duration::from_secs(10)).success());
    assert_eq!(verified().0, Some(0), "the chain goes on");
}
