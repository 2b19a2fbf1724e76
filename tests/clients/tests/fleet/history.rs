//! `check --all` of a real cluster that a service knows: since when a status holds.

use std::path::Path;
use std::process::{Command, Output};

use opsec_clients::Server;
use opsec_testbed::{Assets, ControlPlane, Options, RELEASE};

use crate::recorder::{AS_SHIPPED, Recorder};
use crate::{ended, opsec};

fn kubectl(kubeconfig: &Path, arguments: &[&str]) -> String {
    let kubectl = Assets::of(RELEASE).unwrap().kubectl().unwrap();
    let mut command = Command::new(kubectl);
    command.current_dir(opsec_clients::repository());
    let output: Output = command
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(arguments)
        .output()
        .unwrap();
    let (status, out, said) = ended(&output);
    assert_eq!(status, 0, "{said}");
    out
}

#[test]
fn all_operators_of_a_cluster_show_since_when_where_it_is_recorded() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let plane = runtime
        .block_on(ControlPlane::start(Options::default()))
        .unwrap();
    let kubeconfig = plane.kubeconfig();
    kubectl(&kubeconfig, &["apply", "--server-side", "-f", AS_SHIPPED]);
    let system = [
        "get",
        "namespace",
        "kube-system",
        "-o",
        "jsonpath={.metadata.uid}",
    ];
    let uid = kubectl(&kubeconfig, &system);
    let server = Server::start().unwrap();
    let recorder = Recorder::of(&server);
    let check = |flags: &str| {
        let mut command = opsec(Some(&server.url()), &format!("check --all{flags}"));
        command.env("KUBECONFIG", &kubeconfig);
        let (status, out, said) = ended(&command.output().unwrap());
        assert_eq!(status, 1, "{flags}: {said}");
        let is_recorded = said.starts_with("recorded as check ");
        assert!(
            said.is_empty() || (is_recorded && flags == " --record"),
            "{flags}: {said}"
        );
        out
    };
    assert!(
        !check("").contains("SINCE"),
        "the cluster is not registered"
    );
    recorder.register_as("prod-1", &uid);
    assert!(!check("").contains("SINCE"), "nothing is recorded");
    let table = check(" --record");
    assert!(table.contains("SINCE"), "{table}");
    let table = check("");
    let mut lines = table.lines();
    let heading = lines.next().unwrap();
    let row = lines.next().unwrap();
    let since: String = row
        .chars()
        .skip(heading.find("SINCE").unwrap())
        .take(5)
        .collect();
    assert!(since.trim().ends_with('s'), "{table}");
    // What is judged otherwise than it is recorded has no history, nor has a report.
    assert!(!check(" --fail-on low").contains("SINCE"));
    assert!(!check(" -o json").to_lowercase().contains("since"));
    let (status, fleet, _) = ended(
        &opsec(Some(&server.url()), "fleet --cluster prod-1")
            .output()
            .unwrap(),
    );
    assert_eq!(status, 1);
    assert!(fleet.contains("cache-operator"), "{fleet}");
}
