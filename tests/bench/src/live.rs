//! A check of a large cluster, beside `kubectl get` of the same lists: what `cargo xtask bench
//! --live` measures. The cluster is a real control plane without nodes; its pods are objects alone.

#![expect(
    clippy::indexing_slicing,
    reason = "of JSON what is not there is null, and what is written to was made here"
)]

pub(crate) mod populate;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use opsec_testbed::{Assets, Audit, ControlPlane, Options, RELEASE};

use crate::arguments::Arguments;
use crate::figures::{Aim, Bench, Figure, Measured};
use crate::measure::Invocation;
use crate::peers::Unavailable;
use crate::race::{Contender, Judge, race};
use crate::stories::PLUGIN;
use crate::{machine, say, units};
use populate::Size;

/// The operator that is judged: the demo, as it ships.
const OPERATOR: &str = "cache-operator";
const MANIFEST: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../deploy/demo/as-shipped.yaml"
);

/// How much longer than `kubectl get` a check may take, and how much memory it may hold.
const TIMES: f64 = 1.3;
const MEBIBYTES: f64 = 200.0;

/// Makes the cluster and measures.
///
/// # Errors
/// When there is no control plane, or it cannot be filled.
pub(crate) fn measure(arguments: &Arguments) -> Result<Bench, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no threads: {error}"))?;
    let size = Size::LARGE;
    let control_plane = runtime.block_on(filled(size))?;
    let kubectl = Assets::of(RELEASE).and_then(|assets| assets.kubectl());
    let kubectl = kubectl.map_err(|error| Unavailable {
        reason: error.to_string(),
        expected: true,
    });
    let kubeconfig = control_plane.kubeconfig();
    say("   check, and kubectl get");
    let lists = runtime.block_on(lists(arguments, &control_plane))?;
    let contenders = [
        check(arguments, &kubeconfig),
        get(&kubectl, &kubeconfig, &lists),
    ];
    let figures = race(&format!("live, {size}"), &contenders, arguments.runs);
    let aims = aims(&figures);
    Ok(Bench {
        machine: machine::said(),
        figures,
        aims,
    })
}

async fn filled(size: Size) -> Result<ControlPlane, String> {
    say("   starting a control plane");
    let options = Options {
        audit: Audit::None,
        // Nothing has to be filled in, collected or scheduled here.
        controller_manager: false,
        ..Options::default()
    };
    let control_plane = ControlPlane::start(options)
        .await
        .map_err(|error| error.to_string())?;
    populate::fill(&control_plane.client(), size).await?;
    populate::apply(&control_plane.client(), Path::new(MANIFEST)).await?;
    Ok(control_plane)
}

/// What a check lists, in kubectl's words: every kind that the role of `--print-rbac` lists and
/// the server serves.
async fn lists(arguments: &Arguments, control_plane: &ControlPlane) -> Result<String, String> {
    let printed = std::process::Command::new(&arguments.plugin)
        .args(["check", "--print-rbac"])
        .output()
        .map_err(|error| format!("`{}`: {error}", arguments.plugin.display()))?;
    let client = control_plane.client();
    let mut kinds = BTreeSet::new();
    for document in populate::documents(&printed.stdout)? {
        for rule in elements(&document["rules"]) {
            // Those that are read by name, or in one namespace, are few.
            if !elements(&rule["verbs"]).any(|verb| verb == "list")
                || !rule["resourceNames"].is_null()
            {
                continue;
            }
            for group in elements(&rule["apiGroups"]).filter_map(Value::as_str) {
                for resource in elements(&rule["resources"]).filter_map(Value::as_str) {
                    if populate::serves(&client, group, resource).await? {
                        let dot = if group.is_empty() { "" } else { "." };
                        kinds.insert(format!("{resource}{dot}{group}"));
                    }
                }
            }
        }
    }
    if kinds.is_empty() {
        return Err("--print-rbac names nothing that is listed".to_owned());
    }
    Ok(kinds.into_iter().collect::<Vec<_>>().join(","))
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn check(arguments: &Arguments, kubeconfig: &Path) -> Contender {
    let words = ["check", OPERATOR, "--deadline", "10m", "-o", "json"];
    let mut words: Vec<String> = words.map(str::to_owned).to_vec();
    words.extend(["--kubeconfig".to_owned(), kubeconfig.display().to_string()]);
    Contender {
        by: PLUGIN.to_owned(),
        command: Ok(Invocation {
            program: arguments.plugin.clone(),
            arguments: words,
        }),
        // The demo fails; that is what it is there for.
        statuses: vec![1],
        judge: judge_report(),
    }
}

fn judge_report() -> Judge {
    Box::new(|said| {
        let report: Value =
            serde_json::from_slice(said).map_err(|error| format!("no report: {error}"))?;
        let incomplete = report["notices"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|notice| notice["code"] == "INCOMPLETE")
            .filter_map(|notice| notice["message"].as_str())
            .find(|message| !message.contains("Secrets were not listed"));
        match (report["status"].as_str(), incomplete) {
            (_, Some(message)) => Err(format!("a list is not whole: {message}")),
            (Some(status), None) => Ok(status.to_owned()),
            (None, None) => Err("a report without a status".to_owned()),
        }
    })
}

/// In its own form: `-o json` holds all of it several times over, which takes gigabytes and minutes.
fn get(
    kubectl: &Result<std::path::PathBuf, Unavailable>,
    kubeconfig: &Path,
    lists: &str,
) -> Contender {
    let command = kubectl.clone().map(|program| {
        let mut words = vec!["get".to_owned(), lists.to_owned(), "-A".to_owned()];
        words.extend(["--kubeconfig".to_owned(), kubeconfig.display().to_string()]);
        Invocation {
            program,
            arguments: words,
        }
    });
    Contender {
        by: "kubectl get".to_owned(),
        command,
        statuses: vec![0],
        judge: Box::new(|said| Ok(units::memory(u64::try_from(said.len()).unwrap_or(u64::MAX)))),
    }
}

fn aims(figures: &[Figure]) -> Vec<Aim> {
    let measured = |place: usize| figures.get(place).and_then(Figure::measured);
    let ratio = |theirs: Option<&Measured>| {
        let ours = measured(0)?.time.median.as_secs_f64();
        let times = ours / theirs?.time.median.as_secs_f64();
        Some((times, format!("{times:.2} times")))
    };
    let peak = measured(0).and_then(|ours| ours.peak_bytes).map(|peak| {
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let mebibytes = peak as f64 / f64::from(1 << 20);
        (mebibytes, format!("{mebibytes:.0} MiB"))
    });
    vec![
        Aim::at_most(
            "check: at most 1.3 times as long as kubectl get",
            ratio(measured(1)),
            TIMES,
        ),
        Aim::at_most("check: at most 200 MiB", peak, MEBIBYTES),
    ]
}
