//! The rights half: random RBAC in a real API server. What anybody may do is asked of it by
//! SubjectAccessReviews, and what ServiceAccounts can really do by requests of theirs, dry.

mod aim;
mod broken;
mod force;
mod kinds;
mod request;
mod review;
mod shrink;
mod universe;

use std::collections::BTreeMap;
use std::time::Instant;

use opsec_model::{ServiceAccountRef, Snapshot};
use opsec_rbac::{EffectiveRights, Granted, Kinds, Policy, User};
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::error::ProveError;
use crate::run::Run;
use crate::server::{Ask, Reply, Server};
use crate::table::{Broken, Row, Tally};
use aim::Aim;
use broken::BREAKS;
pub(crate) use force::Force;
use request::RealRequest;
pub(crate) use review::{Review, is_allowed};
pub(crate) use universe::Universe;

/// Questions to one universe.
const OF_ONE: usize = 500;
/// Of these, one in so many is a real request.
const REQUESTS_IN: usize = 10;

/// How often a grant is looked for that a real request can be about.
const AIMS: usize = 60;

/// How many cases that differ are made small: whoever mends one asks again.
const SHRUNK: usize = 5;

/// A question to the API server and to the engine.
#[derive(Debug, Clone)]
pub(crate) enum Question {
    /// A SubjectAccessReview.
    Review(Review),
    /// A real request.
    Request(RealRequest),
}

/// The engine, over one snapshot.
struct Judge {
    policy: Policy,
    kinds: Kinds,
    rights: BTreeMap<ServiceAccountRef, EffectiveRights>,
}

/// A case in which both were asked.
struct Case {
    question: Question,
    theirs: bool,
}

/// What reviews came to, what requests did, and how often each broken engine was noticed by either.
#[derive(Default)]
struct Outcome {
    reviews: Tally,
    requests: Tally,
    noticed: BTreeMap<usize, [usize; 2]>,
}

/// Asks that many reviews, and a tenth as many real requests, of as many universes as it takes.
///
/// # Errors
/// When there is no control plane, or it does not take what is put there.
pub(crate) fn prove(run: &Run, cases: usize) -> Result<Vec<Row>, ProveError> {
    let start = Instant::now();
    let mut force = Force::prepare(run.server()?)?;
    let mut outcome = Outcome::default();
    let mut number = 0;
    while outcome.reviews.cases() < cases {
        let mut chance = run.chance(number);
        one_universe(run, &mut force, &mut chance, number, &mut outcome)?;
        number += 1;
    }
    force.clear()?;
    let took = start.elapsed();
    let broken = |of: usize| {
        let each = BREAKS.iter().enumerate().map(|(place, one)| Broken {
            how: one.how,
            noticed: outcome
                .noticed
                .get(&place)
                .and_then(|both| both.get(of))
                .copied()
                .unwrap_or(0),
        });
        each.collect::<Vec<_>>()
    };
    let mut of_requests = broken(1);
    // A real request has no path, and its user is always a ServiceAccount with its groups.
    of_requests.retain(|broken| broken.noticed > 0);
    Ok(vec![
        Row {
            what: "rights: SubjectAccessReviews",
            broken: broken(0),
            tally: outcome.reviews,
            took,
        },
        Row {
            what: "rights: real requests",
            broken: of_requests,
            tally: outcome.requests,
            took,
        },
    ])
}

fn one_universe(
    run: &Run,
    force: &mut Force<'_>,
    chance: &mut Chance,
    number: u64,
    outcome: &mut Outcome,
) -> Result<(), ProveError> {
    let universe = Universe::any(chance);
    let marks = force.load(&universe)?;
    let snapshot = universe.snapshot(&marks)?;
    let questions: Vec<Question> = (0..OF_ONE + OF_ONE / REQUESTS_IN)
        .filter_map(|place| Question::near(&snapshot, place >= OF_ONE, chance))
        .collect();
    let mut judge = Judge::of(&snapshot);
    let cases = settled(force, &mut judge, answered(force.server(), questions)?)?;
    for (place, case) in cases.iter().enumerate() {
        let ours = judge.answer(&case.question);
        let tally = match case.question {
            Question::Review(_) => &mut outcome.reviews,
            Question::Request(_) => &mut outcome.requests,
        };
        if ours == case.theirs {
            tally.agreed(ours);
            continue;
        }
        if tally.disagreements.len() >= SHRUNK {
            let said = case.question.document();
            tally.disagreements.push(format!("{said}: ours {ours}"));
            continue;
        }
        let small = shrink::shrunk(force, &universe, &case.question)?;
        let name = format!("rights-{}-{number}-{place}.json", run.seed());
        let file = small.write(run.replays(), &name)?;
        tally
            .disagreements
            .push(format!("{}; replay {}", small.said(), file.display()));
    }
    for (place, one) in BREAKS.iter().enumerate() {
        let mut changed = snapshot.clone();
        (one.universe)(&mut changed);
        let mut judge = Judge::of(&changed);
        for case in &cases {
            let mut question = case.question.clone();
            (one.question)(&mut question);
            if judge.answer(&question) != case.theirs {
                let which = usize::from(matches!(question, Question::Request(_)));
                let both = outcome.noticed.entry(place).or_default();
                both.get_mut(which)
                    .into_iter()
                    .for_each(|noticed| *noticed += 1);
            }
        }
    }
    Ok(())
}

/// The cases, with those that differ asked once more. Roles that gather others are filled by a
/// controller which may write what it knew some time ago, when all seemed in force; what it writes
/// then is set right again at once. A difference of the engine stays one.
fn settled(
    force: &mut Force<'_>,
    judge: &mut Judge,
    mut cases: Vec<Case>,
) -> Result<Vec<Case>, ProveError> {
    let differ = |judge: &mut Judge, case: &Case| judge.answer(&case.question) != case.theirs;
    let places: Vec<usize> = (0..cases.len())
        .filter(|place| cases.get(*place).is_some_and(|case| differ(judge, case)))
        .collect();
    if places.is_empty() {
        return Ok(cases);
    }
    force.settle()?;
    let again = places.iter().filter_map(|place| cases.get(*place));
    let again = again.map(|case| case.question.clone()).collect();
    for (place, case) in places.into_iter().zip(answered(force.server(), again)?) {
        if let Some(there) = cases.get_mut(place) {
            *there = case;
        }
    }
    Ok(cases)
}

/// The questions with the API server's answers. A review that it does not take is none.
fn answered(server: &Server, questions: Vec<Question>) -> Result<Vec<Case>, ProveError> {
    let asks: Vec<Vec<Ask>> = questions.iter().map(Question::asks).collect();
    let mut replies = server.all(&asks.concat())?.into_iter();
    let both = questions.into_iter().zip(asks);
    both.map(|(question, asks)| {
        let mut theirs = false;
        for reply in replies.by_ref().take(asks.len()) {
            theirs |= question.heard(&reply)?;
        }
        Ok(Case { question, theirs })
    })
    .collect()
}

impl Question {
    fn near(snapshot: &Snapshot, real: bool, chance: &mut Chance) -> Option<Self> {
        let mut aim = Aim::at(snapshot, chance);
        if real {
            // Rules speak mostly of what no request can ask.
            for _ in 0..AIMS {
                if RealRequest::can_be(&aim) {
                    break;
                }
                aim = Aim::at(snapshot, chance);
            }
            return RealRequest::near(aim, chance).map(Self::Request);
        }
        Some(Self::Review(Review::near(aim, chance)))
    }

    /// As the API server is asked; one yes is enough.
    fn asks(&self) -> Vec<Ask> {
        match self {
            Self::Review(review) => vec![review.ask()],
            Self::Request(request) => request.asks(),
        }
    }

    /// Whether the API server's answer is yes.
    fn heard(&self, reply: &Reply) -> Result<bool, ProveError> {
        match self {
            Self::Request(_) => Ok(request::is_let_through(reply)),
            Self::Review(review) => is_allowed(reply).ok_or_else(|| ProveError::Refused {
                what: review.spec().to_string(),
                code: reply.code,
                message: reply.message().to_owned(),
            }),
        }
    }

    /// As it is written to replay it.
    fn document(&self) -> Value {
        match self {
            Self::Review(review) => json!({"review": review.spec()}),
            Self::Request(request) => json!({"request": request.document()}),
        }
    }

    /// What such a document says.
    fn of_document(document: &Value) -> Option<Self> {
        match (document.get("review"), document.get("request")) {
            (Some(spec), _) => Some(Self::Review(Review::of_spec(spec))),
            (None, Some(request)) => RealRequest::of_document(request).map(Self::Request),
            (None, None) => None,
        }
    }
}

impl Judge {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            policy: Policy::from_snapshot(snapshot),
            kinds: Kinds::from_snapshot(snapshot),
            rights: BTreeMap::new(),
        }
    }

    fn answer(&mut self, question: &Question) -> bool {
        match question {
            Question::Review(review) => {
                let allowed = self.policy.authorize(&review.user, &review.asked).allowed;
                // Two ways to the same answer; a difference between them must not pass unseen.
                match self.by_grants(review) {
                    Some(other) if other != allowed => !other,
                    _ => allowed,
                }
            }
            Question::Request(request) => {
                let Self {
                    policy,
                    kinds,
                    rights,
                } = self;
                let of = rights
                    .entry(request.account.clone())
                    .or_insert_with(|| EffectiveRights::of(policy, kinds, &request.account));
                request.is_granted(policy, of)
            }
        }
    }

    /// The answer of what `can-i` asks in batches, for a ServiceAccount.
    fn by_grants(&self, review: &Review) -> Option<bool> {
        let rest = review.user.name.strip_prefix("system:serviceaccount:")?;
        let (namespace, name) = rest.split_once(':')?;
        let account = ServiceAccountRef::new(namespace, name);
        if review.user != User::service_account(&account) {
            return None;
        }
        Some(
            Granted::to(&self.policy, &account)
                .authorize(&review.asked)
                .is_some(),
        )
    }
}

/// Asks again what a file says, and tells both answers.
///
/// # Errors
/// When the document is none, or the API server does not take it.
pub(crate) fn replay(run: &Run, document: &Value) -> Result<(bool, String), ProveError> {
    let unread = || ProveError::Read("the document says no question".to_owned());
    let objects = document
        .get("objects")
        .and_then(Value::as_array)
        .ok_or_else(unread)?;
    let question = Question::of_document(document).ok_or_else(unread)?;
    let mut force = Force::prepare(run.server()?)?;
    let universe = Universe {
        objects: objects.clone(),
    };
    let (ours, theirs) = shrink::both(&mut force, &universe, &question)?;
    Ok((
        ours == theirs,
        format!("ours {ours}, the API server's {theirs}"),
    ))
}
