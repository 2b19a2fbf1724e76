//! `Attest`: the facts are judged anew by what applies, or were by a recorded check, and what that came
//! to is signed.

use jiff::Timestamp;
use opsec_access::{Caller, Method, Target};
use opsec_model::Snapshot;
use opsec_practices::CheckOptions;
use opsec_proto::v1;
use opsec_store::ChangeContext;
use opsec_store::attestation::{self, Kept};
use opsec_store::cluster::Cluster;
use opsec_store::posture::{CollectionMode, Posture};
use tonic::Request;

use super::Attestations;
use super::recorded::Recorded;
use crate::clock;
use crate::context::{Context, require, within};
use crate::failure::{Failure, Unattestable, Unrecordable};
use crate::rpc::mutation::Begun;
use crate::rpc::{input, message};
use crate::use_case::attest::{Demands, Found, Of, changed, sign, state, unsigned};
use crate::use_case::check::{Facts, Judged, check};
use crate::use_case::clusters::Place;
use crate::use_case::record::{ToRecord, posture, recordable};
use crate::use_case::select::{Applying, Choice, Selected, Selector};

/// What is to be attested, and the caller may attest.
enum Case {
    Judged(Box<Made>),
    Recorded(Box<Recorded>),
}

/// Facts that were judged.
struct Made {
    facts: Facts,
    place: Place,
    judged: Judged,
    now: Timestamp,
    mode: CollectionMode,
}

/// What to judge.
struct Wish {
    given: Given,
    operator: String,
    cluster: String,
}

/// Where facts are from.
enum Given {
    Sent(Box<v1::Snapshot>),
    Collected(Box<Snapshot>),
}

/// What can be stated, as long as it stands.
pub(super) struct Ready {
    pub(super) found: Found,
    pub(super) recorded: Posture,
    pub(super) baseline: Selected,
    pub(super) cluster: Cluster,
    pub(super) gathered: Timestamp,
    pub(super) now: Timestamp,
    /// Who answers for the facts.
    pub(super) collector: String,
}

impl Attestations {
    pub(super) async fn make(
        &self,
        request: Request<v1::AttestRequest>,
    ) -> Result<v1::AttestResponse, Failure> {
        let method = Method::Attest;
        let Begun {
            caller,
            made: change,
            request,
        } = self.context.begin(request).await?;
        if !self.context.keeper.knows_clusters() {
            return Err(Failure::OnlyServed("attesting"));
        }
        let before = change.clone();
        let replayed = self
            .context
            .run(move |context| context.replayed(&before))
            .await?;
        if let Some(kept) = replayed {
            let target = Target::Pair {
                cluster: &kept.0.cluster,
                operator: &kept.0.operator,
            };
            require(&caller, method, target).await?;
            return Ok(answer(kept));
        }
        let demands = Demands {
            effective_digest: request.effective_digest.clone(),
            allow_failed: request.allow_failed,
        };
        let case = self.case(&caller, request).await?;
        let kept = self
            .context
            .change(move |context| context.attest(case, &demands, &change))
            .await?;
        Ok(answer(kept))
    }

    /// What is to be attested: what a check found, or facts that were sent or are read now.
    async fn case(&self, caller: &Caller, mut request: v1::AttestRequest) -> Result<Case, Failure> {
        one_source(&request)?;
        if !request.check.is_empty() {
            // Where nothing signs, no check is kept.
            self.context.signing()?;
            let recorded = self.recorded(caller, &request).await?;
            return Ok(Case::Recorded(Box::new(recorded)));
        }
        let given = match (request.snapshot.take(), request.collection.take()) {
            (Some(snapshot), _) => Given::Sent(Box::new(snapshot)),
            (None, Some(asked)) => {
                let collected = self.context.collected(caller, Method::Attest, &asked);
                Given::Collected(Box::new(collected.await?))
            }
            (None, None) => return Err(input::missing()),
        };
        let wish = Wish {
            given,
            operator: request.operator,
            cluster: request.cluster,
        };
        let made = self.context.run(move |context| context.judge(wish)).await?;
        let operator = std::iter::once(&made.judged.report.operator);
        within(caller, Method::Attest, &made.place, operator).await?;
        Ok(Case::Judged(Box::new(made)))
    }
}

/// Refuses a request that says twice what is attested.
fn one_source(request: &v1::AttestRequest) -> Result<(), Failure> {
    let sources = [
        ("snapshot", request.snapshot.is_some()),
        ("collection", request.collection.is_some()),
        ("check", !request.check.is_empty()),
    ];
    let mut given = sources.into_iter().filter(|(_, given)| *given);
    match (given.next(), given.next()) {
        (Some((one, _)), Some((field, _))) => Err(Failure::Field {
            field,
            message: format!("it stands beside `{one}`; leave one of them out"),
        }),
        _ => Ok(()),
    }
}

fn answer(kept: Kept) -> v1::AttestResponse {
    v1::AttestResponse {
        attestation: Some(message::attestation(kept)),
    }
}

impl Context {
    fn replayed(&self, change: &ChangeContext) -> Result<Option<Kept>, Failure> {
        match self.keeper.snapshot()? {
            Some(snapshot) => Ok(attestation::answered(&*snapshot, change)?),
            None => Ok(None),
        }
    }

    /// Judges one operator of live facts: whole, now, and by the baseline that applies.
    fn judge(&self, wish: Wish) -> Result<Made, Failure> {
        let (facts, mode) = match wish.given {
            Given::Sent(sent) => (input::from_snapshot(*sent)?, CollectionMode::ClientAsserted),
            Given::Collected(read) => {
                let facts = input::from_collected(Some(*read))?;
                (facts, CollectionMode::ServerCollected)
            }
        };
        let place = self.place(&facts.snapshot, &wish.cluster)?;
        let now = clock::now();
        // Before what takes long.
        recordable(&facts.snapshot, &place, now)?;
        let options = CheckOptions {
            operator: Some(wish.operator).filter(|name| !name.is_empty()),
            all: false,
            half: None,
            fail_on: None,
            now,
        };
        let baselines = self.keeper.baselines()?;
        let selector = Selector {
            baselines: &baselines,
            choice: Choice::Applies,
            applying: place.applying(&facts.snapshot),
        };
        let judged = check(&facts, &options, &selector)?.pop();
        let judged = judged.ok_or(Failure::NotRecordable("operator", "it is none of these"))?;
        Ok(Made {
            facts,
            place,
            judged,
            now,
            mode,
        })
    }

    /// Signs what was found, and keeps it.
    fn attest(
        &self,
        case: Case,
        demands: &Demands,
        change: &ChangeContext,
    ) -> Result<Kept, Failure> {
        let signing = self.signing()?;
        let ready = match case {
            Case::Judged(made) => made.ready(&change.author)?,
            Case::Recorded(recorded) => self.ready(*recorded)?,
        };
        let approval = self.approval(&ready.baseline)?;
        let of = Of {
            cluster: &ready.cluster,
            gathered: ready.gathered,
            now: ready.now,
            mode: ready.recorded.mode,
            collector: &ready.collector,
            author: &change.author,
            verifier_id: &signing.verifier_id,
            approval: approval.as_ref(),
        };
        let by = (&ready.baseline, &ready.recorded);
        let statable = state(&ready.found, by, &of, demands)?;
        let key = signing.keys.active();
        let key = key.ok_or(Failure::Attest(Unattestable::NoActiveKey))?;
        if change.validate_only {
            self.stands(&ready)?;
            return Ok((unsigned(&statable, &of)?, None));
        }
        let signed = sign(&statable, &of, &key)?;
        let store = self.keeper.store()?;
        attestation::create(&*store, &signed, change, || self.stands(&ready))?;
        Ok((signed, None))
    }

    /// Refuses what another baseline applies to by now: it may have been tightened meanwhile, and
    /// the cluster forgotten.
    fn stands(&self, ready: &Ready) -> Result<(), Failure> {
        let known = self.of_uid(&ready.cluster.uid)?;
        if known.is_none_or(|known| known.id != ready.cluster.id) {
            return Err(Failure::Record(Unrecordable::ClusterUnregistered));
        }
        let applies = self.applying_to(&ready.found, &ready.cluster)?;
        if applies.effective_digest == ready.baseline.effective_digest {
            Ok(())
        } else {
            Err(changed(&applies))
        }
    }

    /// The baseline that applies to what was found on a registered cluster.
    pub(super) fn applying_to(
        &self,
        found: &Found,
        cluster: &Cluster,
    ) -> Result<Selected, Failure> {
        let baselines = self.keeper.baselines()?;
        let selector = Selector {
            baselines: &baselines,
            choice: Choice::Applies,
            applying: Applying::On(Some(cluster.id.clone())),
        };
        let (applies, _) = selector.select(&found.operator)?;
        Ok(applies)
    }

    /// Who wrote and who approved the baseline, where someone had to.
    fn approval(&self, selected: &Selected) -> Result<Option<opsec_attest::Approval>, Failure> {
        let baselines = self.keeper.baselines()?;
        let stored = baselines.get(&selected.name);
        let stored = stored.filter(|stored| stored.revision == selected.revision);
        Ok(stored
            .filter(|stored| !stored.decider.is_empty())
            .map(|stored| opsec_attest::Approval {
                author: stored.author.clone(),
                approver: stored.decider.clone(),
            }))
    }
}

impl Made {
    /// What can be stated of it: what cannot be recorded cannot be attested, as facts of files, old
    /// ones, or a baseline of the caller.
    fn ready(self, collector: &str) -> Result<Ready, Failure> {
        let snapshot = &self.facts.snapshot;
        let (cluster, gathered) = recordable(snapshot, &self.place, self.now)?;
        let digest = snapshot
            .digest()
            .map_err(opsec_practices::CheckError::from)?;
        let to_record = ToRecord {
            snapshot,
            snapshot_digest: &digest,
            check_id: "",
            now: self.now,
            mode: self.mode,
        };
        let recorded = posture(&self.judged, to_record, cluster, gathered)?;
        Ok(Ready {
            found: Found::of(&self.judged.report, snapshot, &cluster.uid),
            recorded,
            cluster: cluster.clone(),
            baseline: self.judged.baseline,
            gathered,
            now: self.now,
            collector: collector.to_owned(),
        })
    }
}
