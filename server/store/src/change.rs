//! Changes of baselines: judged against everything that the store says, then committed whole.

use opsec_model::Baseline;

use crate::baseline::{Beyond, Deletion, Found, Head, State, StoredBaseline};
use crate::baseline::{write_deletion, write_head};
use crate::batch::Batch;
use crate::error::{ChangeError, StoreError};
use crate::key;
use crate::outbox::{About, Owed};
use crate::replay::Replay;
use crate::scope::{DEFAULT, Scope};
use crate::state::Baselines;
use crate::{BASELINE_LIMIT, CLAIM_LIMIT, REVISION_LIMIT, SCOPE_LIMIT};

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
    /// The content that an older revision has, as a new one.
    Rollback {
        /// The name.
        name: String,
        /// The older revision.
        revision: i64,
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
    /// What was proposed, made to apply or refused.
    Decide {
        /// The name.
        name: String,
        /// The proposal.
        revision: i64,
        /// The etag of the proposal as it was read.
        etag: String,
        /// Whether it is to apply.
        approve: bool,
    },
}

impl Change {
    /// The name of the baseline.
    pub fn name(&self) -> &str {
        match self {
            Self::Create { baseline, .. } | Self::Update { baseline, .. } => {
                &baseline.metadata.name
            }
            Self::Rollback { name, .. } | Self::Delete { name, .. } | Self::Decide { name, .. } => {
                name
            }
        }
    }

    /// The etag that was read; empty: there was nothing to read.
    pub(crate) fn etag(&self) -> &str {
        match self {
            Self::Create { .. } => "",
            Self::Update { etag, .. }
            | Self::Rollback { etag, .. }
            | Self::Delete { etag, .. }
            | Self::Decide { etag, .. } => etag,
        }
    }
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
    /// Who makes it.
    pub author: String,
    /// Whether it only is proposed, and applies once another approves it.
    pub needs_approval: bool,
    /// The event that it owes to an audit; absent: none is kept.
    pub owed: Option<Owed>,
}

impl ChangeContext {
    /// Puts the event that is owed, if any, into the batch of a change.
    pub(crate) fn owe(&self, about: About, batch: &mut Batch) -> Result<(), StoreError> {
        self.owed
            .as_ref()
            .map_or(Ok(()), |owed| owed.put(about, batch))
    }
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
    /// Whether it only was proposed: what applied before still does.
    pub proposed: bool,
    /// Everything that is stored after the change.
    pub after: Baselines,
}

/// A change with what it needs from the store: an older revision is read before it is planned on.
#[derive(Debug, Clone)]
pub(crate) enum Planned {
    /// As it was asked for.
    Asked(Change),
    /// Back to a revision.
    Back {
        /// The revision.
        to: Box<StoredBaseline>,
        /// The etag that was read.
        etag: String,
    },
    /// A proposal to decide on.
    Decide {
        /// The name.
        name: String,
        /// Its number.
        revision: i64,
        /// What it is.
        found: Box<Found>,
        /// The etag that was read.
        etag: String,
        /// Whether it is to apply.
        approve: bool,
    },
}

/// What a change comes to, and what is written for it.
pub(crate) fn plan(
    before: &Baselines,
    change: Planned,
    context: &ChangeContext,
) -> Result<(Outcome, Batch), ChangeError> {
    match change {
        Planned::Asked(change) => plan_asked(before, change, context),
        Planned::Back { to, etag } => {
            let existing = current(before, to.name(), &etag)?;
            if to.digest == existing.digest {
                return Ok((unchanged(before, existing), Batch::default()));
            }
            let from = Some(to.revision);
            let StoredBaseline {
                baseline, document, ..
            } = *to;
            plan_write(before, baseline, document, from, context)
        }
        Planned::Decide {
            name,
            revision,
            found,
            etag,
            approve,
        } => {
            let state = decided(&name, revision, &found, (&etag, approve), context)?;
            decide(before, &name, (revision, state), *found, context)
        }
    }
}

fn unchanged(before: &Baselines, existing: &StoredBaseline) -> Outcome {
    Outcome {
        revision: existing.revision,
        baseline: Some(existing.clone()),
        unchanged: true,
        proposed: false,
        after: before.clone(),
    }
}

fn plan_asked(
    before: &Baselines,
    change: Change,
    context: &ChangeContext,
) -> Result<(Outcome, Batch), ChangeError> {
    match change {
        Change::Create { baseline, document } => {
            let name = &baseline.metadata.name;
            if let Some(existing) = before.get(name) {
                let (name, revision) = (name.clone(), existing.revision);
                return Err(ChangeError::Exists { name, revision });
            }
            plan_write(before, *baseline, document, None, context)
        }
        Change::Update {
            baseline,
            document,
            etag,
        } => {
            let existing = current(before, &baseline.metadata.name, &etag)?;
            let (outcome, batch) = plan_write(before, *baseline, document, None, context)?;
            let equal = outcome
                .baseline
                .as_ref()
                .is_some_and(|b| b.digest == existing.digest);
            if equal {
                return Ok((unchanged(before, existing), Batch::default()));
            }
            Ok((outcome, batch))
        }
        Change::Delete { name, etag } => plan_delete(before, &name, &etag, context),
        // Without the store there is no such revision.
        Change::Rollback { name, revision, .. } | Change::Decide { name, revision, .. } => {
            Err(ChangeError::RevisionNotFound { name, revision })
        }
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
    rolled_back_from: Option<i64>,
    context: &ChangeContext,
) -> Result<(Outcome, Batch), ChangeError> {
    check_scopes(before, &baseline)?;
    check_pending(before, &baseline.metadata.name)?;
    let name = baseline.metadata.name.clone();
    let revision = next(before, &name)?;
    let mut stored =
        StoredBaseline::new(baseline, document, revision, context.now).map_err(|error| {
            ChangeError::NotCanonical {
                name: name.clone(),
                problem: error.to_string(),
            }
        })?;
    stored.rolled_back_from = rolled_back_from;
    stored.author.clone_from(&context.author);
    let bytes = stored.document.len().max(stored.canonical.len());
    if bytes > BASELINE_LIMIT {
        return Err(ChangeError::TooLarge {
            name,
            bytes,
            limit: BASELINE_LIMIT,
        });
    }
    let state = if context.needs_approval {
        State::Proposed
    } else {
        State::Approved
    };
    settle(before, &name, (revision, state), Ok(stored))
}

/// Writes a revision in a state, and what that changes of what applies.
fn settle(
    before: &Baselines,
    name: &str,
    (revision, state): (i64, State),
    content: Result<StoredBaseline, Deletion>,
) -> Result<(Outcome, Batch), ChangeError> {
    let encoded = |error: serde_json::Error| unencodable(name, &error);
    let mut batch = Batch::default();
    match &content {
        Ok(stored) => stored.write(state, &mut batch).map_err(encoded)?,
        Err(deletion) => {
            write_deletion(name, revision, (deletion, state), &mut batch).map_err(encoded)?;
        }
    }
    let head = if state.is_decided() {
        Head::of(revision, state)
    } else {
        let applies = before.head(name).unwrap_or(Head::of(0, State::Tombstone));
        let beyond = Some(Beyond { revision, state });
        Head { beyond, ..applies }
    };
    write_head(name, head, &mut batch).map_err(encoded)?;
    // INVARIANT: every change of a baseline writes this: what is signed rests on it.
    batch.put(key::applying(), format!("{name} {revision}").as_bytes());
    let mut after = before.clone();
    match &content {
        _ if !state.is_decided() => after.set_head(name, head),
        Ok(stored) => after.put(stored.clone(), head),
        Err(_) => after.bury(name, head),
    }
    write_claims(before, &after, &mut batch)?;
    let outcome = Outcome {
        baseline: content.ok(),
        revision,
        unchanged: false,
        proposed: state == State::Proposed,
        after,
    };
    Ok((outcome, batch))
}

/// One proposal a baseline: a change of what another is about to change is none.
fn check_pending(before: &Baselines, name: &str) -> Result<(), ChangeError> {
    before.proposed(name).map_or(Ok(()), |revision| {
        let name = name.to_owned();
        Err(ChangeError::ProposalPending { name, revision })
    })
}

/// What a proposal becomes.
fn decided(
    name: &str,
    revision: i64,
    found: &Found,
    (etag, approve): (&str, bool),
    context: &ChangeContext,
) -> Result<State, ChangeError> {
    let name = || name.to_owned();
    if found.state != State::Proposed {
        return Err(ChangeError::NotProposed {
            name: name(),
            revision,
        });
    }
    if etag.is_empty() {
        return Err(ChangeError::EtagRequired { name: name() });
    }
    if etag != crate::baseline::etag(&name(), revision, found.state) {
        return Err(ChangeError::EtagStale {
            name: name(),
            revision,
        });
    }
    let (author, state) = match &found.content {
        Ok(stored) => (&stored.author, State::Approved),
        Err(deletion) => (&deletion.author, State::Tombstone),
    };
    if !approve {
        return Ok(State::Rejected);
    }
    if *author == context.author {
        return Err(ChangeError::SelfApproval {
            name: name(),
            revision,
        });
    }
    Ok(state)
}

fn decide(
    before: &Baselines,
    name: &str,
    decision: (i64, State),
    found: Found,
    by: &ChangeContext,
) -> Result<(Outcome, Batch), ChangeError> {
    let decider = by.author.clone();
    let content = match found.content {
        Ok(stored) => {
            if decision.1.is_decided() {
                // Another may have claimed the same since it was proposed.
                check_scopes(before, &stored.baseline)?;
            }
            Ok(StoredBaseline { decider, ..stored })
        }
        Err(deletion) => Err(Deletion {
            decider,
            ..deletion
        }),
    };
    settle(before, name, decision, content)
}

fn plan_delete(
    before: &Baselines,
    name: &str,
    etag: &str,
    context: &ChangeContext,
) -> Result<(Outcome, Batch), ChangeError> {
    if name == DEFAULT {
        return Err(ChangeError::DefaultUndeletable);
    }
    current(before, name, etag)?;
    check_pending(before, name)?;
    let revision = before.newest(name) + 1;
    let state = if context.needs_approval {
        State::Proposed
    } else {
        State::Tombstone
    };
    let deletion = Deletion {
        created_at: context.now,
        author: context.author.clone(),
        decider: String::new(),
    };
    settle(before, name, (revision, state), Err(deletion))
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
    for scope in scopes {
        if let Some(other) = before
            .claims()
            .get(&scope)
            .filter(|other| other.name() != name)
        {
            let by = other.name().to_owned();
            return Err(ChangeError::ScopeClaimed { scope, by });
        }
    }
    Ok(())
}

/// A change is one transaction, so it can take up and give up so many pairs and no more.
fn write_claims(
    before: &Baselines,
    after: &Baselines,
    batch: &mut Batch,
) -> Result<(), ChangeError> {
    let (old, new) = (before.claims(), after.claims());
    let mut count = 0;
    for scope in old.keys().filter(|scope| !new.contains_key(scope)) {
        batch.remove(key::scope(scope));
        count += 1;
    }
    for (scope, stored) in new {
        let holder = old.get(scope).map(|holder| holder.name());
        if holder != Some(stored.name()) {
            batch.put(key::scope(scope), stored.name().as_bytes());
            count += 1;
        }
    }
    if count > CLAIM_LIMIT {
        return Err(ChangeError::Field {
            path: "spec.appliesTo".to_owned(),
            message: format!(
                "{count} pairs of operator and cluster come or go; the limit of one change is \
                 {CLAIM_LIMIT}: use prefixes as in `prod-*`, or change them in steps"
            ),
        });
    }
    Ok(())
}

fn unencodable(name: &str, error: &serde_json::Error) -> ChangeError {
    ChangeError::NotCanonical {
        name: name.to_owned(),
        problem: error.to_string(),
    }
}
