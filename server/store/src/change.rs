//! Changes of baselines: judged against everything that the store says, then committed whole.

use opsec_model::Baseline;

use crate::baseline::{StoredBaseline, write_tombstone};
use crate::batch::Batch;
use crate::error::ChangeError;
use crate::key;
use crate::location::StoreLocation;
use crate::replay::{Answer, Replay};
use crate::scope::{DEFAULT, Scope};
use crate::session::{Records, Session};
use crate::state::Baselines;
use crate::{BASELINE_LIMIT, REVISION_LIMIT, SCOPE_LIMIT};

/// A change of one baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A baseline that is not there.
    Create {
        /// The content.
        baseline: Box<Baseline>,
        /// The document that it was read from.
        document: Vec<u8>,
    },
    /// Another content for one that is.
    Update {
        /// The content.
        baseline: Box<Baseline>,
        /// The document that it was read from.
        document: Vec<u8>,
        /// The etag that was read.
        etag: String,
    },
    /// None any more.
    Delete {
        /// The name.
        name: String,
        /// The etag that was read.
        etag: String,
    },
}

/// What a change is made under.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeContext {
    /// Milliseconds since 1970, UTC.
    pub now: i64,
    /// The request, when it can be sent twice.
    pub replay: Option<Replay>,
    /// Answer what would be and change nothing.
    pub validate_only: bool,
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The baseline; absent after a deletion.
    pub baseline: Option<StoredBaseline>,
    /// The revision that was made, or that is there when nothing changed.
    pub revision: i64,
    /// Whether the content was equal already.
    pub unchanged: bool,
    /// Everything that is stored after the change.
    pub after: Baselines,
}

/// Makes a change. It is durable when this returns. A store that is absent is created, unless the
/// change only is to be validated or is refused.
///
/// # Errors
/// When the rules refuse the change, or the store fails; nothing was changed then.
pub fn apply(
    location: &StoreLocation,
    change: Change,
    context: &ChangeContext,
) -> Result<Outcome, ChangeError> {
    let absent = !location.exists()?;
    if absent {
        let outcome = plan(&Baselines::default(), change.clone(), context.now)?;
        if context.validate_only {
            return Ok(outcome.0);
        }
    }
    let mut session = Session::open(location)?;
    let store = location.store();
    let before = Baselines::from_records(&store, session.records())?;
    if let Some(replay) = &context.replay
        && let Some(answer) = replay.answered(&store, session.records(), context.now)?
    {
        return replayed(&change, &answer, &store, session.records(), before);
    }
    let (outcome, mut batch) = plan(&before, change, context.now)?;
    if context.validate_only {
        return Ok(outcome);
    }
    if let Some(replay) = &context.replay {
        let answer = Answer {
            revision: outcome.revision,
            unchanged: outcome.unchanged,
        };
        replay.keep(&store, session.records(), context.now, answer, &mut batch)?;
    }
    session.commit(&batch)?;
    Ok(outcome)
}

/// The answer of a request that was answered before, from the revision that it made.
fn replayed(
    change: &Change,
    answer: &Answer,
    store: &std::path::Path,
    records: &Records,
    after: Baselines,
) -> Result<Outcome, ChangeError> {
    let (revision, unchanged) = (answer.revision, answer.unchanged);
    let baseline = match change {
        Change::Delete { .. } => None,
        Change::Create { baseline, .. } | Change::Update { baseline, .. } => {
            let head = crate::baseline::Head {
                revision,
                state: crate::baseline::State::Approved,
            };
            crate::baseline::read(store, &baseline.metadata.name, head, records)?
        }
    };
    Ok(Outcome {
        baseline,
        revision,
        unchanged,
        after,
    })
}

fn plan(before: &Baselines, change: Change, now: i64) -> Result<(Outcome, Batch), ChangeError> {
    match change {
        Change::Create { baseline, document } => {
            let name = &baseline.metadata.name;
            if let Some(existing) = before.get(name) {
                let (name, revision) = (name.clone(), existing.revision);
                return Err(ChangeError::Exists { name, revision });
            }
            plan_write(before, *baseline, document, now)
        }
        Change::Update {
            baseline,
            document,
            etag,
        } => {
            let existing = current(before, &baseline.metadata.name, &etag)?;
            let (outcome, batch) = plan_write(before, *baseline, document, now)?;
            let equal = outcome
                .baseline
                .as_ref()
                .is_some_and(|b| b.digest == existing.digest);
            if equal {
                return Ok((
                    Outcome {
                        revision: existing.revision,
                        baseline: Some(existing.clone()),
                        unchanged: true,
                        after: before.clone(),
                    },
                    Batch::default(),
                ));
            }
            Ok((outcome, batch))
        }
        Change::Delete { name, etag } => plan_delete(before, &name, &etag, now),
    }
}

/// The baseline that a change is of, when the caller has seen its newest state.
fn current<'a>(
    before: &'a Baselines,
    name: &str,
    etag: &str,
) -> Result<&'a StoredBaseline, ChangeError> {
    let existing = before.get(name).ok_or_else(|| ChangeError::NotFound {
        name: name.to_owned(),
    })?;
    if etag.is_empty() {
        return Err(ChangeError::EtagRequired {
            name: name.to_owned(),
        });
    }
    if before.etag(name).as_deref() != Some(etag) {
        let revision = existing.revision;
        return Err(ChangeError::EtagStale {
            name: name.to_owned(),
            revision,
        });
    }
    Ok(existing)
}

fn plan_write(
    before: &Baselines,
    baseline: Baseline,
    document: Vec<u8>,
    now: i64,
) -> Result<(Outcome, Batch), ChangeError> {
    check_scopes(before, &baseline)?;
    let name = baseline.metadata.name.clone();
    let revision = next(before, &name)?;
    let stored = StoredBaseline::new(baseline, document, revision, now).map_err(|error| {
        ChangeError::NotCanonical {
            name: name.clone(),
            problem: error.to_string(),
        }
    })?;
    let bytes = stored.document.len().max(stored.canonical.len());
    if bytes > BASELINE_LIMIT {
        return Err(ChangeError::TooLarge {
            name,
            bytes,
            limit: BASELINE_LIMIT,
        });
    }
    let mut after = before.clone();
    after.put(stored.clone());
    let mut batch = Batch::default();
    stored
        .write(&mut batch)
        .map_err(|error| unencodable(&name, &error))?;
    write_claims(before, &after, &mut batch);
    Ok((
        Outcome {
            baseline: Some(stored),
            revision,
            unchanged: false,
            after,
        },
        batch,
    ))
}

fn plan_delete(
    before: &Baselines,
    name: &str,
    etag: &str,
    now: i64,
) -> Result<(Outcome, Batch), ChangeError> {
    if name == DEFAULT {
        return Err(ChangeError::DefaultUndeletable);
    }
    current(before, name, etag)?;
    let revision = before.newest(name) + 1;
    let mut after = before.clone();
    after.bury(name, revision);
    let mut batch = Batch::default();
    write_tombstone(name, revision, now, &mut batch).map_err(|error| unencodable(name, &error))?;
    write_claims(before, &after, &mut batch);
    Ok((
        Outcome {
            baseline: None,
            revision,
            unchanged: false,
            after,
        },
        batch,
    ))
}

fn next(before: &Baselines, name: &str) -> Result<i64, ChangeError> {
    let newest = before.newest(name);
    if newest >= REVISION_LIMIT {
        return Err(ChangeError::RevisionsExhausted {
            name: name.to_owned(),
        });
    }
    Ok(newest + 1)
}

fn check_scopes(before: &Baselines, baseline: &Baseline) -> Result<(), ChangeError> {
    let name = &baseline.metadata.name;
    let field = |path: &str, message: &str| ChangeError::Field {
        path: path.to_owned(),
        message: message.to_owned(),
    };
    let scopes = Scope::all_of(baseline);
    let applies_to = baseline.spec.applies_to.as_ref();
    let says = applies_to.is_some_and(|a| !a.operators.is_empty() || !a.clusters.is_empty());
    if name == DEFAULT && says {
        return Err(field(
            "spec.appliesTo",
            "`default` is for all that no other is for; leave it out",
        ));
    }
    if name != DEFAULT && !says {
        return Err(field(
            "spec.appliesTo",
            "a stored baseline names the operators or clusters that it is for; only `default` is for all",
        ));
    }
    if scopes.len() > SCOPE_LIMIT {
        return Err(field(
            "spec.appliesTo",
            &format!(
                "{} pairs of operator and cluster; the limit is {SCOPE_LIMIT}",
                scopes.len()
            ),
        ));
    }
    let graphic = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if let Some(scope) = scopes
        .iter()
        .find(|s| !graphic(&s.operators) || !graphic(&s.clusters))
    {
        let message = format!("{scope}: a name is printable ASCII without spaces");
        return Err(field("spec.appliesTo", &message));
    }
    let claims = before.claims();
    for scope in scopes {
        if let Some(other) = claims.get(&scope).filter(|other| other.name() != name) {
            let by = other.name().to_owned();
            return Err(ChangeError::ScopeClaimed { scope, by });
        }
    }
    Ok(())
}

fn write_claims(before: &Baselines, after: &Baselines, batch: &mut Batch) {
    let (old, new) = (before.claims(), after.claims());
    for scope in old.keys().filter(|scope| !new.contains_key(scope)) {
        batch.remove(key::scope(scope));
    }
    for (scope, stored) in new {
        if old
            .get(&scope)
            .is_none_or(|holder| holder.name() != stored.name())
        {
            batch.put(key::scope(&scope), stored.name().as_bytes());
        }
    }
}

fn unencodable(name: &str, error: &serde_json::Error) -> ChangeError {
    ChangeError::NotCanonical {
        name: name.to_owned(),
        problem: error.to_string(),
    }
}
