//! `fleet` over a running service: what is recorded on two clusters is listed, filtered and followed, and
//! `check --all` says since when a status holds.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

mod history;
mod proxy;
mod recorder;
mod watched;

use std::process::{Command, Output, Stdio};

use opsec_clients::{Server, plugin, repository};
use serde_json::Value;

use recorder::{AS_SHIPPED, HARDENED, Recorder};

/// The plugin, which asks a service or none.
fn opsec(server: Option<&str>, line: &str) -> Command {
    let mut command = Command::new(plugin().unwrap());
    command
        .current_dir(repository())
        .env_remove("OPSEC_SERVER")
        .env("OPSEC_CONFIG", "/dev/null")
        .env("KUBECONFIG", "/dev/null/none")
        .env("OPSEC_DATA_DIR", "/nonexistent/opsec")
        .stdin(Stdio::null())
        .args(line.split(' '));
    if let Some(server) = server {
        command.args(["--server", server]);
    }
    command
}

fn run(server: &Server, line: &str) -> (i32, String, String) {
    ended(&opsec(Some(&server.url()), line).output().unwrap())
}

/// The status, and what is said on standard output and on standard error.
fn ended(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// A service that knows an operator as it is shipped on `prod-1`, where it fails, and hardened on `dev-1`.
fn fleet() -> (Server, Recorder) {
    let server = Server::start().unwrap();
    let recorder = Recorder::of(&server);
    recorder.register("prod-1");
    recorder.register("dev-1");
    recorder.record("prod-1", AS_SHIPPED);
    recorder.record("dev-1", HARDENED);
    (server, recorder)
}

#[test]
fn what_is_recorded_on_two_clusters_is_listed_and_filtered() {
    let (server, _recorder) = fleet();
    let (status, table, said) = run(&server, "fleet");
    assert_eq!((status, &*said), (1, ""), "{table}");
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        lines[0].starts_with("CLUSTER  OPERATOR        1 2 3 4 5 6  WORST"),
        "{table}"
    );
    assert!(lines[1].starts_with("dev-1    cache-operator"), "{table}");
    assert!(lines[2].starts_with("prod-1   cache-operator"), "{table}");
    assert!(
        table.ends_with("1 of 2 operators on 2 clusters fails\n"),
        "{table}"
    );

    let (dev, prod) = (
        "clusters/dev-1/operators/cache-operator~cache-operator/posture\n",
        "clusters/prod-1/operators/cache-operator~cache-operator/posture\n",
    );
    for (filter, status, names) in [
        ("", 1, format!("{dev}{prod}")),
        (" --cluster dev-1", 0, dev.to_owned()),
        (" --cluster prod-*", 1, prod.to_owned()),
        (
            " --operator cache-operator --status fail",
            1,
            prod.to_owned(),
        ),
        (" --operator cache-operator~c*", 1, format!("{dev}{prod}")),
        (" --status PASS", 0, dev.to_owned()),
        (" --status PASS,FAIL", 1, format!("{dev}{prod}")),
        (" --practice 3 --status FAIL", 1, prod.to_owned()),
        // None has that status: that is an answer.
        (" --status UNKNOWN", 0, String::new()),
    ] {
        let told = run(&server, &format!("fleet -o name{filter}"));
        assert_eq!(told, (status, names, String::new()), "{filter}");
    }
}

#[test]
fn what_cannot_be_listed_is_refused_in_a_line() {
    let (server, _recorder) = fleet();
    for (line, says) in [
        (
            "fleet --cluster test-*",
            "error: no posture on cluster `test-*` is recorded that you may see; ",
        ),
        (
            "fleet --operator shop --status FAIL",
            "error: no posture of operator `shop` is recorded that you may see; ",
        ),
        (
            "fleet --cluster a*b",
            "error: filter.cluster: `a*b` is no name, nor a prefix",
        ),
        (
            "fleet --practice 3",
            "error: the following required arguments were not provided: --status",
        ),
        (
            "fleet --practice 7 --status FAIL",
            "error: invalid value '7' for '--practice <NUMBER>'",
        ),
        (
            "fleet --status GOOD",
            "error: invalid value 'GOOD' for '--status <STATUS>'",
        ),
        (
            "fleet --embedded",
            "error: listing what was recorded over clusters needs a service",
        ),
    ] {
        let (status, answer, said) = run(&server, line);
        assert_eq!((status, &*answer), (2, ""), "{line}");
        assert!(said.starts_with(says), "{line}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let (status, answer, said) = ended(&opsec(None, "fleet").output().unwrap());
    assert_eq!((status, &*answer), (2, ""));
    assert!(said.contains("name one with --server"), "{said}");
}

#[test]
fn programs_read_the_same_as_json_and_yaml() {
    let (server, _recorder) = fleet();
    let (_, json, _) = run(&server, "fleet -o json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["kind"], "PostureList");
    let prod = &json["items"][1];
    assert_eq!(prod["cluster"], "prod-1");
    assert_eq!(prod["operator"], "cache-operator~cache-operator");
    assert_eq!(
        (&prod["status"], &prod["mode"]),
        (&"FAIL".into(), &"CLIENT_ASSERTED".into())
    );
    assert_eq!(prod["practices"].as_array().unwrap().len(), 6);
    for time in ["statusSinceTime", "gatherTime", "recordTime"] {
        let time: jiff::Timestamp = prod[time].as_str().unwrap().parse().unwrap();
        assert!(recorder::now().duration_since(time).as_secs() < 600);
    }
    let (_, yaml, _) = run(&server, "fleet -o yaml");
    let yaml: Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(yaml, json);
    let (_, wide, _) = run(&server, "fleet -o wide");
    assert!(wide.contains("cache-operator~cache-operator"), "{wide}");
    assert!(wide.contains("default@0"), "{wide}");
}

#[test]
fn what_is_typed_is_completed_by_what_is_recorded() {
    let (server, _recorder) = fleet();
    for (words, offered) in [
        ("__complete fleet --cluster ", "dev-1\nprod-1\n:4\n"),
        ("__complete fleet --cluster p", "prod-1\n:4\n"),
        ("__complete fleet --operator ", "cache-operator\n:4\n"),
        ("__complete fleet --status P", "PASS\n:4\n"),
    ] {
        let mut command = opsec(None, words);
        command.env("OPSEC_SERVER", server.url());
        let (status, told, _) = ended(&command.output().unwrap());
        assert_eq!((status, &*told), (0, offered), "{words}");
    }
}
