//! The admission half: generated policies, bindings and parameters, many in force at once, and
//! creations that are tried dry as several accounts. What the API server says to each is what the
//! engine must say, or it must name what it does not know.

#![expect(
    clippy::indexing_slicing,
    reason = "a member that is set of an object made right there is added, not sought"
)]

mod broken;
mod document;
mod expressions;
mod generate;
mod ours;
mod theirs;
mod world;

use std::time::Instant;

use serde_json::{Value, json};

use crate::error::ProveError;
use crate::replay::write;
use crate::run::Run;
use crate::server::Server;
use crate::table::{Broken, Row, Tally};
use broken::BREAKS;
use generate::Case;
use ours::Answer;

/// Policies that are in force together.
const TOGETHER: usize = 100;
/// Disagreements that are made small; more of them are mostly the same.
const SHRUNK: usize = 3;
/// How often a case is made smaller.
const ROUNDS: usize = 30;

/// Asks about so many creations.
///
/// # Errors
/// When there is no control plane, or it refuses what a case needs.
pub(crate) fn prove(run: &Run, cases: usize) -> Result<Vec<Row>, ProveError> {
    let start = Instant::now();
    let server = run.server()?;
    theirs::prepare(server)?;
    let mut chance = run.chance(0xAD);
    let mut outcome = Outcome {
        noticed: vec![0; BREAKS.len()],
        tally: Tally::default(),
    };
    let mut number = 0;
    while outcome.tally.cases() < cases {
        let name = |at: usize| format!("p{:x}x{number}x{at}", run.seed());
        let made: Vec<Case> = (0..TOGETHER)
            .map(|at| generate::case(&mut chance, &name(at)))
            .collect();
        let said = theirs::say(server, &made, &name(TOGETHER))?;
        for (case, theirs) in made.iter().zip(&said) {
            outcome.compare(run, server, case, theirs)?;
        }
        number += 1;
    }
    let broken = BREAKS.iter().zip(outcome.noticed);
    Ok(vec![Row {
        what: "admission: dry runs",
        tally: outcome.tally,
        took: start.elapsed(),
        broken: broken
            .map(|(one, noticed)| Broken {
                how: one.how,
                noticed,
            })
            .collect(),
    }])
}

struct Outcome {
    tally: Tally,
    noticed: Vec<usize>,
}

impl Outcome {
    fn compare(
        &mut self,
        run: &Run,
        server: &Server,
        case: &Case,
        theirs: &theirs::Said,
    ) -> Result<(), ProveError> {
        let ours = ours::say(case)?;
        for (ours, (theirs, _)) in ours.answers.iter().zip(&theirs.answers) {
            match ours {
                Answer::Unknown(reasons) => self.tally.not_known(reasons),
                Answer::Admits if *theirs => self.tally.agreed(true),
                Answer::Denies if !*theirs => self.tally.agreed(false),
                Answer::Admits | Answer::Denies => {}
            }
        }
        if let Some(difference) = difference(&ours, theirs) {
            let shrunk = self.tally.disagreements.len() < SHRUNK;
            let case = if shrunk {
                smallest(server, case)?
            } else {
                case.clone()
            };
            let document = json!({"part": "admission", "case": document::write(&case)});
            let name = format!("{}.json", generate::name_of(&case.policy));
            let file = write(run.replays(), &name, &document)?;
            let line = format!("{difference}; replay {}", file.display());
            self.tally.disagreements.push(line);
        }
        self.notice(case, theirs)
    }

    /// Counts the broken engines that would have been found out.
    fn notice(&mut self, case: &Case, theirs: &theirs::Said) -> Result<(), ProveError> {
        for (one, noticed) in BREAKS.iter().zip(&mut self.noticed) {
            let mut changed = case.clone();
            (one.make)(&mut changed);
            if changed == *case {
                continue;
            }
            let answers = ours::say(&changed)?.answers;
            let wrong = answers.iter().zip(&theirs.answers);
            *noticed += wrong
                .filter(|(ours, (theirs, _))| differs(ours, *theirs))
                .count();
        }
        Ok(())
    }
}

fn differs(ours: &Answer, theirs: bool) -> bool {
    match ours {
        Answer::Admits => !theirs,
        Answer::Denies => theirs,
        Answer::Unknown(_) => false,
    }
}

/// In what the answers to a case differ; none where they agree.
fn difference(ours: &ours::Said, theirs: &theirs::Said) -> Option<String> {
    if let Some(name) = ours.refused.difference(&theirs.refused).next() {
        return Some(format!(
            "{name} is invalid to us, and the API server takes it"
        ));
    }
    let mut answers = ours.answers.iter().zip(&theirs.answers);
    let (ours, (_, message)) = answers.find(|(ours, (theirs, _))| differs(ours, *theirs))?;
    let theirs = if message.is_empty() {
        "admits it"
    } else {
        message
    };
    Some(format!("ours {ours:?}, the API server: {theirs}"))
}

/// The smallest case next to each other that still shows a difference.
fn smallest(server: &Server, case: &Case) -> Result<Case, ProveError> {
    let mut smallest = case.clone();
    for round in 0..ROUNDS {
        let name = format!("{}s{round}", generate::name_of(&case.policy));
        let variants: Vec<Case> = document::smaller(&smallest)
            .iter()
            .enumerate()
            .filter_map(|(at, variant)| document::renamed(variant, &format!("{name}x{at}")))
            .collect();
        // One that the API server has no use for says nothing.
        let Ok(said) = theirs::say(server, &variants, &name) else {
            break;
        };
        let mut found = None;
        for (variant, theirs) in variants.into_iter().zip(&said) {
            if difference(&ours::say(&variant)?, theirs).is_some() {
                found = Some(variant);
                break;
            }
        }
        match found {
            Some(found) => smallest = found,
            None => break,
        }
    }
    Ok(smallest)
}

/// Asks again what a file says, and tells both answers.
///
/// # Errors
/// When the document is none, or there is no control plane.
pub(crate) fn replay(run: &Run, document: &Value) -> Result<(bool, String), ProveError> {
    let unread = || ProveError::Read("the document says no case".to_owned());
    let case = document
        .get("case")
        .and_then(document::read)
        .ok_or_else(unread)?;
    let server = run.server()?;
    theirs::prepare(server)?;
    let theirs = theirs::say(server, std::slice::from_ref(&case), "replay")?;
    let theirs = theirs.into_iter().next().unwrap_or_default();
    let ours = ours::say(&case)?;
    let agrees = difference(&ours, &theirs).is_none();
    Ok((
        agrees,
        format!("ours {ours:?}\nthe API server's {theirs:?}"),
    ))
}
