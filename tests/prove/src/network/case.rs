//! A question on which the evaluators differ: made small, written, and asked again.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::world::{Question, World};
use super::{ours, snapshot, theirs};
use crate::error::ProveError;
use crate::run::Run;

/// How often the other evaluator is asked whether a smaller world still differs.
const ATTEMPTS: usize = 200;

/// One question to one world, and both answers.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    world: World,
    question: Question,
    ours: bool,
    theirs: bool,
}

impl Case {
    /// The question, not asked yet.
    pub(crate) fn of(world: &World, question: &Question) -> Self {
        Self {
            world: world.clone(),
            question: question.clone(),
            ours: false,
            theirs: false,
        }
    }

    /// With both answers.
    fn asked(mut self) -> Result<Self, ProveError> {
        let questions = vec![self.question.clone()];
        let held = ours(&snapshot(&self.world)?, &self.world, &questions);
        self.ours = held.first().copied().unwrap_or_default();
        let other = theirs(&[(self.world.clone(), questions)])?;
        let other = other.first().and_then(|answers| answers.first());
        self.theirs = other.copied().unwrap_or_default();
        Ok(self)
    }

    fn differs(&self) -> bool {
        self.ours != self.theirs
    }

    /// The smallest world found in which the answers still differ.
    pub(crate) fn shrunk(self) -> Result<Self, ProveError> {
        let mut smallest = self.asked()?;
        let mut attempts = 0;
        let mut again = smallest.differs();
        while again {
            again = false;
            for world in smaller_worlds(&smallest.world) {
                attempts += 1;
                if attempts > ATTEMPTS {
                    break;
                }
                let case = Self::of(&world, &smallest.question).asked()?;
                if case.differs() {
                    (smallest, again) = (case, true);
                    break;
                }
            }
        }
        Ok(smallest)
    }

    /// What differs, in a line.
    pub(crate) fn said(&self) -> String {
        let name = |place: usize| {
            let end = self.world.ends.get(place);
            end.map_or("nobody", |end| end.name.as_str())
        };
        let Question {
            from,
            to,
            port,
            protocol,
        } = &self.question;
        format!(
            "{} to {} on {protocol} {port}: ours {}, the other evaluator's {}",
            name(*from),
            name(*to),
            self.ours,
            self.theirs
        )
    }

    /// Writes it where it can be replayed.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> Result<PathBuf, ProveError> {
        let document = json!({
            "part": "network", "said": self.said(), "objects": self.world.objects(),
            "world": self.world, "question": self.question,
            "ours": self.ours, "theirs": self.theirs,
        });
        crate::replay::write(folder, name, &document)
    }
}

/// Asks again what a document says.
pub(crate) fn replay(_: &Run, document: &Value) -> Result<(bool, String), ProveError> {
    fn read<T: serde::de::DeserializeOwned>(
        document: &Value,
        field: &str,
    ) -> Result<T, ProveError> {
        let value = document.get(field).cloned().unwrap_or_default();
        serde_json::from_value(value).map_err(|error| ProveError::Read(format!("{field}: {error}")))
    }
    let world = read(document, "world")?;
    let question = read(document, "question")?;
    let case = Case::of(&world, &question).asked()?;
    Ok((!case.differs(), case.said()))
}

/// A world with fewer or smaller policies, each.
fn smaller_worlds(world: &World) -> Vec<World> {
    let of_namespaces = smaller(&world.policies).into_iter().map(|policies| World {
        policies,
        ..world.clone()
    });
    // As long as one of an administrator is there, the same evaluator answers.
    let of_administrators = smaller(&world.admin).into_iter().map(|admin| World {
        admin,
        ..world.clone()
    });
    let same = |smaller: &World| smaller.admin.is_empty() == world.admin.is_empty();
    of_namespaces
        .chain(of_administrators)
        .filter(same)
        .collect()
}

/// The policies without one of them, each; then without one item of one list in one of them, each.
fn smaller(policies: &[Value]) -> Vec<Vec<Value>> {
    let without_one = (0..policies.len()).map(|place| {
        let mut fewer = policies.to_vec();
        fewer.remove(place);
        fewer
    });
    let without_an_item = policies.iter().enumerate().flat_map(|(place, policy)| {
        let smaller = pruned(policy).into_iter();
        smaller.map(move |policy| {
            let mut changed = policies.to_vec();
            if let Some(there) = changed.get_mut(place) {
                *there = policy;
            }
            changed
        })
    });
    without_one.chain(without_an_item).collect()
}

/// A document without one item of one of its lists, each.
fn pruned(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => {
            let mut all = Vec::new();
            for (place, item) in items.iter().enumerate() {
                let mut fewer = items.clone();
                fewer.remove(place);
                all.push(Value::Array(fewer));
                for smaller in pruned(item) {
                    let mut changed = items.clone();
                    if let Some(there) = changed.get_mut(place) {
                        *there = smaller;
                    }
                    all.push(Value::Array(changed));
                }
            }
            all
        }
        Value::Object(fields) => {
            let mut all = Vec::new();
            for (name, field) in fields {
                for smaller in pruned(field) {
                    let mut changed = fields.clone();
                    changed.insert(name.clone(), smaller);
                    all.push(Value::Object(changed));
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn each_item_of_each_list_is_taken_away_once() {
        let policy =
            json!({"spec": {"ingress": [{"from": [1, 2]}, {}], "policyTypes": ["Ingress"]}});
        let all = pruned(&policy);
        assert_eq!(all.len(), 5);
        assert!(all.iter().all(|smaller| *smaller != policy));
    }

    /// The other evaluator's departure where a label is absent (see the test above it) is a
    /// difference that there is: it is found again in the written case, with nothing around it.
    #[test]
    fn a_case_that_differs_is_made_small_and_asked_again() {
        let mut chance = Chance::new(1);
        let mut world = World::any(&mut chance);
        let namespace = world.ends[0].namespace.clone();
        world.ends[1].labels.remove("tier");
        world.ends[1].namespace = namespace.clone();
        let policy = |name: &str, selector: Value| {
            json!({
                "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"podSelector": selector, "policyTypes": ["Ingress"],
                    "ingress": [{"ports": [{"port": 443}]}]},
            })
        };
        let selector = json!({"matchExpressions": [
            {"key": "tier", "operator": "NotIn", "values": ["front"]},
        ]});
        world.policies = vec![
            policy("departs", selector),
            policy("idle", json!({"matchLabels": {"app": "nobody"}})),
        ];
        let question = Question {
            from: 0,
            to: 1,
            port: 80,
            protocol: "TCP".into(),
        };
        let small = Case::of(&world, &question).shrunk().unwrap();
        assert!(small.differs());
        assert_eq!(small.world.policies.len(), 1);
        assert_eq!(small.world.policies[0]["spec"]["ingress"], json!([]));
        let folder = tempfile::tempdir().unwrap();
        let file = small.write(folder.path(), "case.json").unwrap();
        let run = Run::new(1, opsec_testbed::RELEASE);
        let (agrees, said) = crate::replay::replay(&run, &file).unwrap();
        assert!(!agrees);
        assert_eq!(said, small.said());
        assert_eq!(
            small.said(),
            "pod-0 to pod-1 on TCP 80: ours false, the other evaluator's true"
        );
    }
}
