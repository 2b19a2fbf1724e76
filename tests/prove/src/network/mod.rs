//! The network half: random policies over random pods, and who may connect to whom, beside others'
//! evaluators: cyclonus where NetworkPolicies decide, kube-network-policies where an administrator's
//! do too. All are asked the same, in both directions, pods and addresses outside.

mod administrator;
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
use opsec_network::{AddressSet, Connection, Direction, Endpoint, Network, PortSet, Protocol};
use opsec_oracles::Oracle;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::error::ProveError;
use crate::run::Run;
use crate::table::{Broken, Row, Tally};
use broken::{ADMIN_BREAKS, BREAKS, Break};
use case::Case;
pub(crate) use case::replay;
use world::{End, Question, World};

/// Questions to one world.
const OF_ONE: usize = 60;

/// What is generated, and how it is broken.
struct Sample {
    what: &'static str,
    number: u64,
    world: fn(&mut Chance) -> World,
    breaks: &'static [Break],
}

/// Asks that many questions, and a fourth of it where an administrator's policies decide too.
///
/// # Errors
/// When another evaluator cannot be built or asked.
pub(crate) fn prove(run: &Run, cases: usize) -> Result<Vec<Row>, ProveError> {
    let plain = Sample {
        what: "network: connections",
        number: 0x4E7,
        world: World::any,
        breaks: &BREAKS,
    };
    let governed = Sample {
        what: "network: administrators' policies",
        number: 0x4E8,
        world: World::governed,
        breaks: &ADMIN_BREAKS,
    };
    Ok(vec![
        plain.compare(run, cases)?,
        governed.compare(run, cases.div_ceil(4))?,
    ])
}

impl Sample {
    fn compare(&self, run: &Run, cases: usize) -> Result<Row, ProveError> {
        let start = Instant::now();
        let mut chance = run.chance(self.number);
        let mut asked = Vec::new();
        for _ in 0..cases.div_ceil(OF_ONE) {
            let world = (self.world)(&mut chance);
            let questions: Vec<Question> =
                (0..OF_ONE).map(|_| world.question(&mut chance)).collect();
            asked.push((world, questions));
        }
        let answers = theirs(&asked)?;
        let mut tally = Tally::default();
        let mut noticed = vec![0; self.breaks.len()];
        for (number, ((world, questions), theirs)) in asked.iter().zip(&answers).enumerate() {
            let snapshot = snapshot(world)?;
            let ours = ours(&snapshot, world, questions);
            for (place, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                if ours == theirs {
                    tally.agreed(*ours);
                } else if let Some(question) = questions.get(place) {
                    let name = format!(
                        "network-{}-{}-{number}-{place}.json",
                        self.number,
                        run.seed()
                    );
                    tally
                        .disagreements
                        .push(written(run, &name, world, question)?);
                }
            }
            for (one, noticed) in self.breaks.iter().zip(&mut noticed) {
                let mut changed = snapshot.clone();
                one.make(&mut changed);
                let wrong = self::ours(&changed, world, questions);
                let pairs = wrong.iter().zip(theirs);
                *noticed += pairs.filter(|(ours, theirs)| ours != theirs).count();
            }
        }
        let broken = self.breaks.iter().zip(noticed);
        Ok(Row {
            what: self.what,
            tally,
            took: start.elapsed(),
            broken: broken
                .map(|(one, noticed)| Broken {
                    how: one.how,
                    noticed,
                })
                .collect(),
        })
    }
}

/// Writes a case that differs, made small, and says what differs.
fn written(
    run: &Run,
    name: &str,
    world: &World,
    question: &Question,
) -> Result<String, ProveError> {
    let small = Case::of(world, question).shrunk()?;
    let file = small.write(run.replays(), name)?;
    Ok(format!("{}; replay {}", small.said(), file.display()))
}

/// What the other evaluator says, world by world: the one that knows an administrator's policies
/// where there are any.
fn theirs(asked: &[(World, Vec<Question>)]) -> Result<Vec<Vec<bool>>, ProveError> {
    let worlds = asked.iter().map(|(world, questions)| {
        let ends: Vec<Value> = world
            .ends
            .iter()
            .map(|end| end_document(world, end))
            .collect();
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
        let of_kind = |kind: &str| -> Vec<&Value> {
            let admin = world.admin.iter();
            admin
                .filter(|policy| policy.get("kind").and_then(Value::as_str) == Some(kind))
                .collect()
        };
        let namespaces: BTreeMap<&str, &Value> = world
            .namespace_labels
            .iter()
            .map(|(name, labels)| (&**name, labels))
            .collect();
        json!({
            "policies": world.policies, "ends": ends, "questions": questions,
            "namespaces": namespaces, "admin": of_kind("AdminNetworkPolicy"),
            "baseline": of_kind("BaselineAdminNetworkPolicy"),
        })
    });
    let is_governed = asked.iter().any(|(world, _)| !world.admin.is_empty());
    let oracle = if is_governed { "admin" } else { "network" };
    let worlds = Value::Array(worlds.collect());
    let answers = Oracle::built(oracle)?.answer(&[], worlds.to_string())?;
    serde_json::from_str(&answers).map_err(|error| ProveError::Read(error.to_string()))
}

fn end_document(world: &World, end: &End) -> Value {
    json!({
        "name": end.name, "namespace": end.namespace,
        "namespaceLabels": world.labels_of(&end.namespace),
        "labels": end.labels, "ip": end.address,
    })
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

/// What the engine says: where an administrator's policies decide, by what `reach` lists.
fn ours(snapshot: &Snapshot, world: &World, questions: &[Question]) -> Vec<bool> {
    let facts = Facts::new(snapshot);
    let network = Network::new(&facts);
    if !world.admin.is_empty() {
        return listed(&network.connections(), world, questions);
    }
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
        let port = port_of(question);
        match (end(question.from), end(question.to)) {
            ((Some(from), _), (Some(to), _)) => network.connection(from, to).includes(&port),
            ((Some(from), _), (None, to)) => outside(&network, from, Direction::Egress, to, &port),
            ((None, from), (Some(to), _)) => outside(&network, to, Direction::Ingress, from, &port),
            ((None, _), (None, _)) => true,
        }
    };
    questions.iter().map(answer).collect()
}

/// Whether the list of connections has those that are asked for.
fn listed(connections: &[Connection], world: &World, questions: &[Question]) -> Vec<bool> {
    let is = |endpoint: &Endpoint, place: usize| {
        let Some(end) = world.ends.get(place) else {
            return false;
        };
        match endpoint {
            Endpoint::Workload(object) => object.name == end.name,
            Endpoint::Addresses(range) => {
                let address = end.address.parse::<IpAddr>();
                end.namespace.is_empty()
                    && address.is_ok_and(|address| AddressSet::from(*range).contains(address))
            }
        }
    };
    let answer = |question: &Question| {
        let port = port_of(question);
        connections.iter().any(|connection| {
            is(&connection.from, question.from)
                && is(&connection.to, question.to)
                && connection.ports.includes(&port)
        })
    };
    questions.iter().map(answer).collect()
}

fn port_of(question: &Question) -> PortSet {
    PortSet::port(
        Protocol::parse(&question.protocol).unwrap_or(Protocol::Tcp),
        i32::from(question.port),
    )
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
