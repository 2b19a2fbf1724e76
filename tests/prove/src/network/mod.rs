//! The network half: random NetworkPolicies over random pods, and who may connect to whom, beside
//! cyclonus' evaluator. Both are asked the same, in both directions, pods and addresses outside.

mod broken;
mod case;
mod world;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use opsec_facts::Facts;
use opsec_manifests::{Input, Options, read};
use opsec_model::Snapshot;
use opsec_model::objects::Workload;
use opsec_network::{Direction, Network, PortSet, Protocol};
use opsec_oracles::Oracle;
use serde_json::{Value, json};

use crate::error::ProveError;
use crate::run::Run;
use crate::table::{Broken, Row, Tally};
use broken::BREAKS;
use case::Case;
pub(crate) use case::replay;
use world::{End, Question, World};

/// Questions to one world.
const OF_ONE: usize = 60;

/// Asks that many questions.
///
/// # Errors
/// When the other evaluator cannot be built or asked.
pub(crate) fn prove(run: &Run, cases: usize) -> Result<Vec<Row>, ProveError> {
    let start = Instant::now();
    let mut chance = run.chance(0x4E7);
    let mut asked = Vec::new();
    for _ in 0..cases.div_ceil(OF_ONE) {
        let world = World::any(&mut chance);
        let questions: Vec<Question> = (0..OF_ONE).map(|_| world.question(&mut chance)).collect();
        asked.push((world, questions));
    }
    let answers = theirs(&asked)?;
    let mut tally = Tally::default();
    let mut noticed = vec![0; BREAKS.len()];
    for (number, ((world, questions), theirs)) in asked.iter().zip(&answers).enumerate() {
        let snapshot = snapshot(world)?;
        let ours = ours(&snapshot, world, questions);
        for (place, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            if ours == theirs {
                tally.agreed(*ours);
            } else if let Some(question) = questions.get(place) {
                let name = format!("network-{}-{number}-{place}.json", run.seed());
                let small = Case::of(world, question).shrunk()?;
                let file = small.write(run.replays(), &name)?;
                let line = format!("{}; replay {}", small.said(), file.display());
                tally.disagreements.push(line);
            }
        }
        for (one, noticed) in BREAKS.iter().zip(&mut noticed) {
            let mut changed = snapshot.clone();
            changed
                .network_policies
                .iter_mut()
                .for_each(|policy| one.change.make(policy));
            let wrong = self::ours(&changed, world, questions);
            *noticed += wrong
                .iter()
                .zip(theirs)
                .filter(|(ours, theirs)| ours != theirs)
                .count();
        }
    }
    let broken = BREAKS.iter().zip(noticed);
    Ok(vec![Row {
        what: "network: connections",
        tally,
        took: start.elapsed(),
        broken: broken
            .map(|(one, noticed)| Broken {
                how: one.how,
                noticed,
            })
            .collect(),
    }])
}

/// What the other evaluator says, world by world.
fn theirs(asked: &[(World, Vec<Question>)]) -> Result<Vec<Vec<bool>>, ProveError> {
    let end = |world: &World, end: &End| {
        json!({
            "namespace": end.namespace, "namespaceLabels": world.labels_of(&end.namespace),
            "labels": end.labels, "ip": end.address,
        })
    };
    let worlds = asked.iter().map(|(world, questions)| {
        let ends: Vec<Value> = world.ends.iter().map(|one| end(world, one)).collect();
        let questions: Vec<Value> = questions
            .iter()
            .map(|question| {
                let to = world.ends.get(question.to);
                let name = to.map(|to| to.port_name(question.port, &question.protocol));
                json!({
                    "from": question.from, "to": question.to, "port": question.port,
                    "portName": name, "protocol": question.protocol,
                })
            })
            .collect();
        json!({"policies": world.policies, "ends": ends, "questions": questions})
    });
    let worlds = Value::Array(worlds.collect());
    let answers = Oracle::built("network")?.answer(&[], worlds.to_string())?;
    serde_json::from_str(&answers).map_err(|error| ProveError::Read(error.to_string()))
}

fn snapshot(world: &World) -> Result<Snapshot, ProveError> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": world.objects()});
    let input = Input {
        name: "world.json".to_owned(),
        bytes: list.to_string().into_bytes(),
    };
    let read = read(&[input], &Options::default());
    Ok(read
        .map_err(|error| ProveError::Read(error.to_string()))?
        .snapshot)
}

/// What the engine says.
fn ours(snapshot: &Snapshot, world: &World, questions: &[Question]) -> Vec<bool> {
    let facts = Facts::new(snapshot);
    let network = Network::new(&facts);
    let by_name: BTreeMap<&str, &Workload> = facts
        .workloads()
        .iter()
        .map(|workload| (workload.metadata.name.as_str(), workload))
        .collect();
    let end = |place: usize| {
        let end = world.ends.get(place);
        (
            end.and_then(|end| by_name.get(end.name.as_str()).copied()),
            end,
        )
    };
    let answer = |question: &Question| {
        let port = PortSet::port(
            Protocol::parse(&question.protocol).unwrap_or(Protocol::Tcp),
            i32::from(question.port),
        );
        match (end(question.from), end(question.to)) {
            ((Some(from), _), (Some(to), _)) => network.connection(from, to).includes(&port),
            ((Some(from), _), (None, to)) => outside(&network, from, Direction::Egress, to, &port),
            ((None, from), (Some(to), _)) => outside(&network, to, Direction::Ingress, from, &port),
            ((None, _), (None, _)) => true,
        }
    };
    questions.iter().map(answer).collect()
}

/// Whether a pod and an address outside may connect on a port.
fn outside(
    network: &Network<'_>,
    pod: &Workload,
    direction: Direction,
    other: Option<&End>,
    port: &PortSet,
) -> bool {
    let Some(address) = other.and_then(|other| other.address.parse::<IpAddr>().ok()) else {
        return false;
    };
    let allowed = network.allowed(pod, direction);
    allowed
        .iter()
        .any(|allowed| allowed.peer.addresses().contains(address) && allowed.ports.includes(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// cyclonus reads `NotIn` as if a label had to be there. Kubernetes' documentation of labels
    /// says that `tier notin (frontend, backend)` selects "all resources with key equal to tier
    /// and values distinct from frontend and backend, and all resources with no labels with the
    /// tier key". The specification wins, so generated pods have every label that a `NotIn` names.
    #[test]
    fn where_a_label_is_absent_the_other_evaluator_departs_from_the_specification() {
        let mut world = World::any(&mut crate::chance::Chance::new(1));
        let (from, to) = (world.ends[0].clone(), &mut world.ends[1]);
        to.labels.remove("tier");
        to.namespace = from.namespace.clone();
        let selector = json!({"matchExpressions": [
            {"key": "tier", "operator": "NotIn", "values": ["front"]},
        ]});
        world.policies = vec![json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "policy", "namespace": from.namespace},
            "spec": {"podSelector": selector, "policyTypes": ["Ingress"]},
        })];
        let question = Question {
            from: 0,
            to: 1,
            port: 80,
            protocol: "TCP".into(),
        };
        let held = ours(
            &snapshot(&world).unwrap(),
            &world,
            std::slice::from_ref(&question),
        );
        assert_eq!(held, [false]);
        assert_eq!(theirs(&[(world, vec![question])]).unwrap(), [[true]]);
    }
}
