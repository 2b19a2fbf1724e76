//! The Pod Security half: Kubernetes' own fixtures and random pods, in namespaces that enforce
//! baseline and restricted, of the latest version and of older ones. What the API server's admission
//! says to each, dry, is what the engine must say.

mod broken;
mod pods;

use std::time::Instant;

use opsec_manifests::{Input, Options, read};
use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::PodTemplate;
use opsec_pod_security::{Version, allows_at};
use serde_json::{Value, json};

use crate::error::ProveError;
use crate::replay::write;
use crate::run::Run;
use crate::server::{Ask, Reply, Server, eventually};
use crate::table::{Broken, Row, Tally};
use broken::BREAKS;

const LEVELS: [PodSecurityLevel; 2] = [PodSecurityLevel::Baseline, PodSecurityLevel::Restricted];
/// Versions that every pod is held against.
const ALWAYS: [&str; 3] = ["latest", "v1.24", "v1.18"];
/// Versions of which every generated pod is held against one.
const SOMETIMES: [&str; 14] = [
    "v1.0", "v1.7", "v1.8", "v1.19", "v1.21", "v1.22", "v1.25", "v1.27", "v1.29", "v1.31", "v1.32",
    "v1.33", "v1.34", "v1.35",
];
/// Pods that are asked about together.
const TOGETHER: usize = 40;

/// A pod, where it is tried, and what the API server says.
struct Case {
    pod: usize,
    level: PodSecurityLevel,
    version: &'static str,
}

/// What came of it.
#[derive(Default)]
struct Outcome {
    tally: Tally,
    noticed: Vec<usize>,
    /// Pods that the API server refused for what they are.
    invalid: usize,
}

/// Asks about that many generated pods in all places.
///
/// # Errors
/// When there is no control plane, or it takes too few of the pods for a proof.
pub(crate) fn prove(run: &Run, cases: usize) -> Result<Vec<Row>, ProveError> {
    let start = Instant::now();
    let server = prepared(run)?;
    let mut outcome = Outcome::new();
    let mut chance = run.chance(0x90D);
    let mut number = 0;
    while outcome.tally.cases() < cases {
        let pods: Vec<Value> = (0..TOGETHER).map(|_| pods::any(&mut chance)).collect();
        let mut wanted = everywhere(pods.len());
        for pod in 0..pods.len() {
            let version = chance.word(&SOMETIMES);
            wanted.extend(LEVELS.map(|level| Case {
                pod,
                level,
                version,
            }));
        }
        let name = format!("pod-security-{}-{number}", run.seed());
        outcome.compare(run, server, &pods, &wanted, &name)?;
        number += 1;
        if outcome.invalid > cases {
            let why = format!("{} generated pods are refused as invalid", outcome.invalid);
            return Err(ProveError::Read(why));
        }
    }
    Ok(vec![outcome.row("pod security: generated pods", start)])
}

/// Asks about given pods in all places: Kubernetes' own fixtures.
///
/// # Errors
/// When there is no control plane.
pub fn fixtures(run: &Run, pods: &[Value]) -> Result<Row, ProveError> {
    let start = Instant::now();
    let server = prepared(run)?;
    let mut outcome = Outcome::new();
    outcome.compare(
        run,
        server,
        pods,
        &everywhere(pods.len()),
        "pod-security-fixture",
    )?;
    Ok(outcome.row("pod security: Kubernetes' fixtures", start))
}

fn everywhere(pods: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for pod in 0..pods {
        for version in ALWAYS {
            cases.extend(LEVELS.map(|level| Case {
                pod,
                level,
                version,
            }));
        }
    }
    cases
}

impl Outcome {
    fn new() -> Self {
        Self {
            noticed: vec![0; BREAKS.len()],
            ..Self::default()
        }
    }

    fn compare(
        &mut self,
        run: &Run,
        server: &Server,
        pods: &[Value],
        cases: &[Case],
        name: &str,
    ) -> Result<(), ProveError> {
        let templates: Vec<PodTemplate> = pods.iter().map(template).collect::<Result<_, _>>()?;
        let asked = cases.iter().filter_map(|case| {
            let pod = pods.get(case.pod)?;
            Some(ask(pod, case.level, case.version))
        });
        let replies = server.all(&asked.collect::<Vec<_>>())?;
        for (place, (case, reply)) in cases.iter().zip(&replies).enumerate() {
            let Some(theirs) = admits(reply) else {
                self.invalid += 1;
                continue;
            };
            let Some(template) = templates.get(case.pod) else {
                continue;
            };
            let ours = answer(template, case);
            if ours == theirs {
                self.tally.agreed(ours);
            } else {
                let document = json!({
                    "part": "pod-security", "pod": pods.get(case.pod), "level": case.level.as_str(),
                    "version": case.version, "ours": ours, "theirs": theirs,
                });
                let file = write(run.replays(), &format!("{name}-{place}.json"), &document)?;
                let Case { level, version, .. } = case;
                self.tally.disagreements.push(format!(
                    "{} {version}: ours {ours}, the API server's {theirs} ({}); replay {}",
                    level.as_str(),
                    reply.message(),
                    file.display()
                ));
            }
            self.notice(template, case, theirs);
        }
        Ok(())
    }

    fn notice(&mut self, template: &PodTemplate, case: &Case, theirs: bool) {
        for (one, noticed) in BREAKS.iter().zip(&mut self.noticed) {
            let mut changed = template.clone();
            let mut version = Version::parse(case.version).unwrap_or(Version::LATEST);
            one.change.make(&mut changed, &mut version);
            *noticed += usize::from(allows_at(case.level, version, &changed) != theirs);
        }
    }

    fn row(self, what: &'static str, start: Instant) -> Row {
        let broken = BREAKS.iter().zip(self.noticed);
        Row {
            what,
            tally: self.tally,
            took: start.elapsed(),
            broken: broken
                .map(|(one, noticed)| Broken {
                    how: one.how,
                    noticed,
                })
                .collect(),
        }
    }
}

fn answer(template: &PodTemplate, case: &Case) -> bool {
    let version = Version::parse(case.version).unwrap_or(Version::LATEST);
    allows_at(case.level, version, template)
}

/// What the engine is given of a pod.
fn template(pod: &Value) -> Result<PodTemplate, ProveError> {
    let input = Input {
        name: "pod.json".to_owned(),
        bytes: pod.to_string().into_bytes(),
    };
    let read = read(&[input], &Options::default());
    let read = read.map_err(|error| ProveError::Read(error.to_string()))?;
    let workload = read.snapshot.workloads.into_iter().next();
    let none = || ProveError::Read(format!("no pod in {pod}"));
    workload.map(|workload| workload.template).ok_or_else(none)
}

fn namespace(level: PodSecurityLevel, version: &str) -> String {
    format!("{}-{}", level.as_str(), version.replace('.', "-"))
}

fn ask(pod: &Value, level: PodSecurityLevel, version: &str) -> Ask {
    let namespace = namespace(level, version);
    Ask::new(
        "POST",
        format!("/api/v1/namespaces/{namespace}/pods?dryRun=All"),
        pod.clone(),
    )
}

/// Whether admission lets a pod in; none when the API server refused it for something else.
fn admits(reply: &Reply) -> Option<bool> {
    if reply.is_ok() {
        return Some(true);
    }
    let refused = reply.code == 403 && reply.message().contains("violates PodSecurity");
    refused.then_some(false)
}

/// The API server, with a namespace for each level and version.
fn prepared(run: &Run) -> Result<&Server, ProveError> {
    let server = run.server()?;
    let there = server.one(&Ask::new(
        "GET",
        "/api/v1/namespaces/baseline-latest",
        Value::Null,
    ))?;
    if there.is_ok() {
        return Ok(server);
    }
    let mut namespaces = Vec::new();
    let mut pods = Vec::new();
    for version in ALWAYS.iter().chain(&SOMETIMES) {
        for level in LEVELS {
            let labels = json!({
                "pod-security.kubernetes.io/enforce": level.as_str(),
                "pod-security.kubernetes.io/enforce-version": version,
            });
            let metadata = json!({"name": namespace(level, version), "labels": labels});
            let object = json!({"metadata": metadata});
            namespaces.push(Ask::new("POST", "/api/v1/namespaces", object));
            let pod = json!({
                "metadata": {"name": "first"},
                "spec": {"hostPID": true, "containers": [{"name": "a", "image": "a"}]},
            });
            pods.push(ask(&pod, level, version));
        }
    }
    server.must(&namespaces)?;
    // Before a namespace has its default account, it takes no pod for that reason.
    eventually("namespace that enforces a standard", || {
        let replies = server.all(&pods)?;
        Ok(replies.iter().all(|reply| admits(reply) == Some(false)))
    })?;
    Ok(server)
}

/// Asks again what a file says, and tells both answers.
///
/// # Errors
/// When the document is none, or there is no control plane.
pub(crate) fn replay(run: &Run, document: &Value) -> Result<(bool, String), ProveError> {
    let unread = || ProveError::Read("the document says no pod".to_owned());
    let text = |field: &str| document.get(field).and_then(Value::as_str);
    let pod = document.get("pod").ok_or_else(unread)?;
    let level = text("level")
        .and_then(PodSecurityLevel::parse)
        .ok_or_else(unread)?;
    let known = ALWAYS.iter().chain(&SOMETIMES).copied();
    let version = known
        .clone()
        .find(|known| Some(*known) == text("version"))
        .ok_or_else(unread)?;
    let reply = prepared(run)?.one(&ask(pod, level, version))?;
    let ours = answer(
        &template(pod)?,
        &Case {
            pod: 0,
            level,
            version,
        },
    );
    let theirs = admits(&reply);
    let said = format!(
        "ours {ours}, the API server's {theirs:?}: {}",
        reply.message()
    );
    Ok((theirs == Some(ours), said))
}
