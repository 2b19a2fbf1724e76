//! `Attest` of a recorded check: what it found is signed as it was kept, when the same still applies and
//! the facts are still fresh. The caller only names it.

use jiff::Timestamp;
use opsec_access::{Caller, Method, Target};
use opsec_operators::{Candidate, ResolveError};
use opsec_practices::CheckError;
use opsec_proto::v1;
use opsec_store::cluster::Cluster;
use opsec_store::kept::{self, Kept};

use super::Attestations;
use super::attest::Ready;
use crate::clock;
use crate::context::Context;
use crate::failure::{Failure, Unattestable};
use crate::use_case::attest::{Found, changed};
use crate::use_case::clusters::stored;
use crate::use_case::record::{is_fresh, judged_by};

/// What a recorded check found of an operator.
pub(super) struct Recorded {
    kept: Kept,
    found: Found,
    cluster: Cluster,
}

impl Attestations {
    /// What the check of a request found of the operator that it names; of what the caller may not
    /// attest it is not said that it is there.
    pub(super) async fn recorded(
        &self,
        caller: &Caller,
        request: &v1::AttestRequest,
    ) -> Result<Recorded, Failure> {
        let id = read_name(&request.check)?;
        let wanted = id.clone();
        let all = self
            .context
            .run(move |context| context.found_by(&wanted))
            .await?;
        let mut seen = Vec::new();
        for recorded in all {
            let target = Target::Pair {
                cluster: &recorded.cluster.id,
                operator: &recorded.kept.posture.operator,
            };
            if caller.sees(Method::Attest, target).await {
                seen.push(recorded);
            }
        }
        if seen.is_empty() {
            return Err(Failure::Attest(Unattestable::CheckNotFound(id)));
        }
        let one = choose(seen, &request.operator)?;
        if !request.cluster.is_empty() && request.cluster != one.cluster.id {
            return Err(Failure::ClusterMismatch {
                claimed: request.cluster.clone(),
                registered: Some(one.cluster.id),
            });
        }
        Ok(one)
    }
}

impl Context {
    /// What a check found that has not ended.
    fn found_by(&self, check: &str) -> Result<Vec<Recorded>, Failure> {
        let Some(snapshot) = self.keeper.snapshot()? else {
            return Ok(Vec::new());
        };
        let now = clock::now().as_millisecond();
        let all = kept::of_check(&*snapshot, check, now).map_err(stored)?;
        let mut recorded = Vec::new();
        for kept in all {
            // Of a cluster that was forgotten nobody has the scope.
            let Some(cluster) = self.of_uid(&kept.posture.cluster_uid)? else {
                continue;
            };
            let found = serde_json::from_str(&kept.found).map_err(|_| Failure::bug())?;
            recorded.push(Recorded {
                kept,
                found,
                cluster,
            });
        }
        Ok(recorded)
    }

    /// What can be stated of it: by the baseline that applies now, which must come to the same as the
    /// one that it was judged by.
    pub(super) fn ready(&self, recorded: Recorded) -> Result<Ready, Failure> {
        let Recorded {
            kept,
            found,
            cluster,
        } = recorded;
        let now = clock::now();
        let baseline = self.applying_to(&found, &cluster)?;
        if baseline.effective_digest != kept.posture.judged_by.effective_digest {
            return Err(changed(&baseline));
        }
        let gathered = Timestamp::from_millisecond(kept.posture.gathered_at);
        let gathered = gathered.map_err(|_| Failure::bug())?;
        is_fresh(&baseline, gathered, now)?;
        let mut posture = kept.posture;
        // Another revision may say the same: the one that applies is named.
        posture.judged_by = judged_by(&baseline);
        Ok(Ready {
            found,
            recorded: posture,
            baseline,
            cluster,
            gathered,
            now,
            collector: kept.author,
        })
    }
}

/// The operator that is meant by its name or id; without one, the only one.
fn choose(mut all: Vec<Recorded>, operator: &str) -> Result<Recorded, Failure> {
    let candidates = |of: &[Recorded]| -> Vec<Candidate> {
        let candidate = |one: &Recorded| Candidate {
            name: one.found.operator.name.clone(),
            namespaces: one.found.operator.namespaces.clone(),
        };
        of.iter().map(candidate).collect()
    };
    let there = candidates(&all);
    if !operator.is_empty() {
        all.retain(|one| {
            one.kept.posture.operator == operator || one.found.operator.name == operator
        });
    }
    let name = operator.to_owned();
    let error = match all.pop() {
        Some(one) if all.is_empty() => return Ok(one),
        None => ResolveError::NotFound {
            name,
            candidates: there,
            suggestion: None,
        },
        Some(_) if operator.is_empty() => ResolveError::Several { candidates: there },
        Some(last) => {
            all.push(last);
            let candidates = candidates(&all);
            ResolveError::Ambiguous { name, candidates }
        }
    };
    Err(CheckError::Resolve(error).into())
}

/// The id in `checks/{check}`.
fn read_name(name: &str) -> Result<String, Failure> {
    let id = name.strip_prefix("checks/").and_then(|id| {
        let parsed = uuid::Uuid::try_parse(id).ok()?;
        // One check has one name.
        (parsed.to_string() == id).then(|| id.to_owned())
    });
    id.ok_or_else(|| Failure::Name {
        field: "check",
        message: format!("`{name}` is not a check's name (as in `checks/UUID`)"),
    })
}
