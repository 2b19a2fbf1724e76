//! What the controller takes of a machine while a large cluster is quiet, and how soon it sees a change
//! there: what `cargo xtask bench controller` measures, on a real control plane.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::ApiResource;
use kube::{Api, Client};
use opsec_testbed::{ControlPlane, Options};
use serde_json::{Value, json};

use crate::live::populate::{self, Size};
use crate::say;

/// How many operators with a declaration.
const DECLARATIONS: usize = 1_000;
/// How long it is left alone.
const QUIET: Duration = Duration::from_mins(1);
/// How many changes are seen to.
const CHANGES: usize = 40;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(5);
const DEFINITION: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../deploy/crds/operatorrights.yaml"
);

/// Makes the cluster, measures, and prints.
///
/// # Errors
/// When there is no control plane, it cannot be filled, or the controller does not do its work.
pub(crate) fn measure(server: &Path) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no threads: {error}"))?;
    runtime.block_on(measured(server))
}

async fn measured(server: &Path) -> Result<String, String> {
    say("   starting a control plane");
    let options = Options {
        controller_manager: false,
        ..Options::default()
    };
    let started = ControlPlane::start(options).await;
    let cluster = started.map_err(|error| error.to_string())?;
    let client = cluster.client();
    populate::apply(&client, Path::new(DEFINITION)).await?;
    populate::fill(&client, Size::DECLARED).await?;
    declare(&client).await?;
    say("   starting the controller");
    let mut controller = Controller::start(server, &cluster.kubeconfig())?;
    let began = Instant::now();
    let last = format!("team-{:04}", DECLARATIONS - 1);
    until(&client, &last, "False", &mut controller).await?;
    // The others are written beside it.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let first = began.elapsed().as_secs();
    say("   leaving it alone");
    let before = controller.processor_time()?;
    tokio::time::sleep(QUIET).await;
    let used = controller.processor_time()?.saturating_sub(before);
    let memory = controller.memory()?;
    say("   changing roles");
    let mut took = Vec::new();
    for number in 0..CHANGES {
        let (verbs, expected) = match number % 2 {
            0 => (json!(["get", "delete"]), "True"),
            _ => (json!(["get"]), "False"),
        };
        widen(&client, &verbs).await?;
        let began = Instant::now();
        until(&client, &last, expected, &mut controller).await?;
        took.push(began.elapsed());
    }
    took.sort();
    let longest = took.last().copied().unwrap_or_default();
    let middle = took.get(took.len() / 2).copied().unwrap_or_default();
    let share = used.as_secs_f64() / QUIET.as_secs_f64() * 100.0;
    let mebibytes = memory / 1024;
    Ok(format!(
        "{DECLARATIONS} OperatorRights, {}\nall validated and written within {first} s of the start\nquiet for {} s: {share:.2} % of a processor, {mebibytes} MiB\n{CHANGES} changes seen: p50 {middle:.0?}, longest {longest:.0?}\n",
        Size::DECLARED,
        QUIET.as_secs(),
    ))
}

/// Declares what the operator of each namespace holds.
async fn declare(client: &Client) -> Result<(), String> {
    let api = declarations(client);
    for number in 0..DECLARATIONS {
        if number % 250 == 0 {
            say(&format!("   {number} of {DECLARATIONS} declarations"));
        }
        let name = format!("team-{number:04}");
        let rules = json!([
            {"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "update", "patch"]},
            {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]},
        ]);
        let declaration = json!({
            "apiVersion": "kubectl-opsec.dev/v1alpha1", "kind": "OperatorRights",
            "metadata": {"name": name},
            "spec": {"operator": format!("{name}~"), "mode": "Audit", "rights": [
                {"serviceAccount": format!("{name}/app"), "scope": "own", "rules": rules}]},
        });
        let parameters = PatchParams::apply("opsec-bench").force();
        let patch = Patch::Apply(&declaration);
        let applied = api.patch(&name, &parameters, &patch).await;
        applied.map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

fn declarations(client: &Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("kubectl-opsec.dev", "v1alpha1", "OperatorRights");
    let resource = ApiResource::from_gvk_with_plural(&kind, "operatorrights");
    Api::all_with(client.clone(), &resource)
}

/// Gives a role of the last declared operator other verbs.
async fn widen(client: &Client, verbs: &Value) -> Result<(), String> {
    let kind = GroupVersionKind::gvk("rbac.authorization.k8s.io", "v1", "Role");
    let resource = ApiResource::from_gvk(&kind);
    let namespace = format!("team-{:04}", DECLARATIONS - 1);
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, &resource);
    let rules = json!([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": verbs}]);
    let patch = Patch::Merge(json!({"rules": rules}));
    let patched = api.patch("role-0", &PatchParams::default(), &patch).await;
    patched.map(drop).map_err(|error| error.to_string())
}

/// Waits until Excess has a status.
async fn until(
    client: &Client,
    name: &str,
    expected: &str,
    controller: &mut Controller,
) -> Result<(), String> {
    let api = declarations(client);
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let found = api.get(name).await.map_err(|error| error.to_string())?;
        let conditions = found.data.pointer("/status/conditions");
        let conditions = conditions.and_then(Value::as_array);
        let is_so = conditions.into_iter().flatten().any(|condition| {
            let is = |field: &str, value: &str| condition.get(field) == Some(&json!(value));
            is("type", "Excess") && is("status", expected)
        });
        if is_so {
            return Ok(());
        }
        if controller.has_ended() {
            return Err("the controller has ended".to_owned());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(format!("Excess of {name} does not become {expected}"))
}

/// The controller as a process.
struct Controller {
    child: Child,
}

impl Controller {
    fn start(server: &Path, kubeconfig: &PathBuf) -> Result<Self, String> {
        let child = Command::new(server)
            .args(["controller", "--health", "127.0.0.1:0"])
            .args(["--lease-namespace", "default", "--kubeconfig"])
            .arg(kubeconfig)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("`{}`: {error}", server.display()))?;
        Ok(Self { child })
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    fn proc(&self, file: &str) -> Result<String, String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
    }

    /// In user and kernel mode: fields 14 and 15 of `stat`, in hundredths of a second.
    /// <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
    fn processor_time(&self) -> Result<Duration, String> {
        let stat = self.proc("stat")?;
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        let fields = after.split_whitespace().skip(11).take(2);
        let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Resident, in KiB.
    fn memory(&self) -> Result<u64, String> {
        let status = self.proc("status")?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1));
        kib.and_then(|kib| kib.parse().ok())
            .ok_or_else(|| "no VmRSS".to_owned())
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
