//! Making a case in which the answers differ as small as it can be, so that it can be read.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::force::Force;
use super::universe::Universe;
use super::{Judge, Question, answered};
use crate::error::ProveError;
use crate::replay::write;

/// How often the API server is asked whether a smaller universe still differs.
const ATTEMPTS: usize = 150;
/// What of an object may be taken away piece by piece.
const LISTS: [&str; 2] = ["/rules", "/subjects"];

/// A small universe in which the answers differ.
#[derive(Debug)]
pub(crate) struct Small {
    universe: Universe,
    question: Question,
    ours: bool,
    theirs: bool,
}

impl Small {
    /// What differs, in a line.
    pub(crate) fn said(&self) -> String {
        let Self { ours, theirs, .. } = self;
        if ours == theirs {
            // Whoever sees this looks at what is in force when, and not at the engine.
            return format!(
                "{}: differs no more when asked again",
                self.question.document()
            );
        }
        format!(
            "{}: ours {ours}, the API server's {theirs}",
            self.question.document()
        )
    }

    /// Writes it where it can be replayed.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> Result<PathBuf, ProveError> {
        let mut document = self.question.document();
        if let Some(fields) = document.as_object_mut() {
            fields.insert("part".to_owned(), json!("rights"));
            fields.insert("objects".to_owned(), json!(self.universe.objects));
            fields.insert("ours".to_owned(), json!(self.ours));
            fields.insert("theirs".to_owned(), json!(self.theirs));
        }
        write(folder, name, &document)
    }
}

/// Both answers to a question over a universe: the engine's, and the API server's.
pub(crate) fn both(
    force: &mut Force<'_>,
    universe: &Universe,
    question: &Question,
) -> Result<(bool, bool), ProveError> {
    let marks = force.load(universe)?;
    let ours = Judge::of(&universe.snapshot(&marks)?).answer(question);
    let cases = answered(force.server(), vec![question.clone()])?;
    Ok((ours, cases.first().is_some_and(|case| case.theirs)))
}

/// The smallest universe found in which the answers still differ. What was loaded is replaced.
pub(crate) fn shrunk(
    force: &mut Force<'_>,
    universe: &Universe,
    question: &Question,
) -> Result<Small, ProveError> {
    let mut universe = universe.clone();
    let (mut ours, mut theirs) = both(force, &universe, question)?;
    let mut attempts = 0;
    let mut again = ours != theirs;
    while again {
        again = false;
        for smaller in smaller(&universe) {
            attempts += 1;
            if attempts > ATTEMPTS {
                break;
            }
            let answers = both(force, &smaller, question)?;
            if answers.0 != answers.1 {
                (ours, theirs) = answers;
                universe = smaller;
                again = true;
                break;
            }
        }
    }
    Ok(Small {
        universe,
        question: question.clone(),
        ours,
        theirs,
    })
}

/// A universe without one object, each; then without one rule or subject, each.
fn smaller(universe: &Universe) -> Vec<Universe> {
    let mut all = Vec::new();
    for place in 0..universe.objects.len() {
        let mut without = universe.clone();
        without.objects.remove(place);
        all.push(without);
    }
    for (place, object) in universe.objects.iter().enumerate() {
        for list in LISTS {
            let count = object
                .pointer(list)
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            for item in 0..count {
                let mut without = universe.clone();
                let of = without.objects.get_mut(place);
                let of = of.and_then(|object| object.pointer_mut(list));
                if let Some(items) = of.and_then(Value::as_array_mut) {
                    items.remove(item);
                }
                all.push(without);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_object_rule_and_subject_is_taken_away_once() {
        let role = json!({"kind": "ClusterRole", "rules": [1, 2]});
        let binding = json!({"kind": "ClusterRoleBinding", "subjects": [1]});
        let universe = Universe {
            objects: vec![role, binding],
        };
        let all = smaller(&universe);
        assert_eq!(all.len(), 5);
        assert!(all.iter().all(|smaller| *smaller != universe));
    }
}
