//! The walk of `deploy/controller/README.md`, command by command, as a new user goes it: the real
//! kubectl, which finds the plugin on the PATH, and cert-manager as it ships. The controller runs as
//! the ServiceAccount that is shipped; here no kubelet starts its pods. What stands beside a command
//! is its status.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use opsec_clients::{plugin, repository, service};
use opsec_corpus::corpus;
use opsec_testbed::{Assets, ControlPlane, Options, RELEASE};
use serde_json::{Value, json};

const README: &str = include_str!("../../../deploy/controller/README.md");
const PATIENCE: Duration = Duration::from_secs(30);

/// The commands below the heading, each with the status that it ends with.
fn commands() -> Vec<(&'static str, i32)> {
    let (_, section) = README.split_once("## See it work").unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    block
        .lines()
        .map(|line| {
            let (command, said) = line.rsplit_once("  # status ").unwrap();
            let status = said.split([':', ' ']).next().unwrap();
            (command.trim(), status.parse().unwrap())
        })
        .collect()
}

/// Where the commands are run.
struct Place {
    home: tempfile::TempDir,
    kubeconfig: PathBuf,
}

impl Place {
    fn new(plane: &ControlPlane, cert_manager: &Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        let bin = home.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        symlink(plugin().unwrap(), bin.join("kubectl-opsec")).unwrap();
        let kubectl = Assets::of(RELEASE).unwrap().kubectl().unwrap();
        symlink(kubectl, bin.join("kubectl")).unwrap();
        symlink(
            repository().join("deploy").canonicalize().unwrap(),
            home.path().join("deploy"),
        )
        .unwrap();
        std::fs::copy(cert_manager, home.path().join("cert-manager.yaml")).unwrap();
        Self {
            home,
            kubeconfig: plane.kubeconfig(),
        }
    }

    /// A command's status, and what it prints.
    fn shell(&self, command: &str) -> (Option<i32>, String) {
        let home = self.home.path();
        let output = Command::new("sh")
            .args(["-c", command])
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", home.join("bin").display()),
            )
            .env("KUBECONFIG", &self.kubeconfig)
            .env("OPSEC_DATA_DIR", home.join("data"))
            .env("HOME", home)
            .current_dir(home)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        (output.status.code(), text)
    }

    /// The controller, as what was applied lets it run.
    fn controller(&self) -> Running {
        let (status, token) =
            self.shell("kubectl create token opsec-controller -n opsec-controller --duration 1h");
        assert_eq!(status, Some(0), "{token}");
        let text = std::fs::read_to_string(&self.kubeconfig).unwrap();
        let mut config: Value = serde_json::from_str(&text).unwrap();
        config["users"][0]["user"] = json!({"token": token.trim()});
        let path = self.home.path().join("controller.kubeconfig");
        std::fs::write(&path, config.to_string()).unwrap();
        let child = Command::new(service().unwrap())
            .args(["controller", "--health", "127.0.0.1:0"])
            .args(["--lease-namespace", "opsec-controller", "--kubeconfig"])
            .arg(path)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Running(child.unwrap())
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_walk_of_the_controllers_readme_sees_what_is_widened_by_hand() {
    let name = "the_walk_of_the_controllers_readme_sees_what_is_widened_by_hand";
    let Some(folder) = corpus(name) else {
        return;
    };
    let cluster = ControlPlane::start(Options::default()).await.unwrap();
    let place = Place::new(&cluster, &folder.join("operators/cert-manager.yaml"));
    let commands = commands();
    assert!(commands.len() >= 15, "{commands:?}");
    let mut running = None;
    let mut said = Vec::new();
    for (command, status) in commands {
        let began = Instant::now();
        let output = loop {
            let (ended, output) = place.shell(command);
            if ended == Some(status) {
                break output;
            }
            // What was applied a moment ago holds a moment later.
            assert!(
                began.elapsed() < PATIENCE && command.starts_with("kubectl apply"),
                "{command} ended with {ended:?}\n{output}"
            );
            std::thread::sleep(Duration::from_millis(300));
        };
        if command == "kubectl apply -f deploy/controller" {
            running = Some(place.controller());
        }
        said.push((command, output));
    }
    let of = |part: &str| {
        let mut said = said.iter().filter(|(command, _)| command.contains(part));
        said.next_back().unwrap().1.clone()
    };
    assert!(of("check opsec-controller").contains("6 of 6 practices pass"));
    let plain =
        |(command, _): &&(&str, String)| *command == "kubectl get operatorrights cert-manager";
    let listed = &said.iter().find(plain).unwrap().1;
    drop(running);
    assert!(listed.contains("True"), "{listed}");
    assert!(
        of("jsonpath").contains(r#""resources":["nodes"]"#),
        "{}",
        of("jsonpath")
    );
    assert!(
        of("kubectl get events").contains("cert-manager"),
        "{}",
        of("kubectl get events")
    );
}
