//! `Attest`: the facts are judged anew by what applies, and what that came to is signed.

use jiff::Timestamp;
use opsec_access::{Caller, Method, Target};
use opsec_model::Snapshot;
use opsec_practices::CheckOptions;
use opsec_proto::v1;
use opsec_store::ChangeContext;
use opsec_store::attestation::{self, Kept};
use opsec_store::posture::CollectionMode;
use tonic::Request;

use super::Attestations;
use crate::clock;
use crate::context::{Context, require, within};
use crate::failure::{Failure, Unattestable};
use crate::rpc::mutation::Begun;
use crate::rpc::{input, message};
use crate::use_case::attest::{Demands, Of, Statable, changed, sign, state, unsigned};
use crate::use_case::check::{Facts, Judged, check};
use crate::use_case::clusters::Place;
use crate::use_case::record::recordable;
use crate::use_case::select::{Choice, Selected, Selector};

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

impl Attestations {
    pub(super) async fn make(
        &self,
        request: Request<v1::AttestRequest>,
    ) -> Result<v1::AttestResponse, Failure> {
        let method = Method::Attest;
        let Begun {
            caller,
            made: change,
            mut request,
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
        let wish = Wish {
            given: self.given(&caller, &mut request).await?,
            operator: request.operator,
            cluster: request.cluster,
        };
        let judged = self.context.run(move |context| context.judge(wish)).await?;
        let operator = std::iter::once(&judged.judged.report.operator);
        within(&caller, method, &judged.place, operator).await?;
        let demands = Demands {
            effective_digest: request.effective_digest,
            allow_failed: request.allow_failed,
        };
        let kept = self
            .context
            .change(move |context| context.attest(&judged, &demands, &change))
            .await?;
        Ok(answer(kept))
    }

    /// The facts: those that were sent, or those that the service reads itself.
    async fn given(
        &self,
        caller: &Caller,
        request: &mut v1::AttestRequest,
    ) -> Result<Given, Failure> {
        match (request.snapshot.take(), request.collection.take()) {
            (Some(snapshot), None) => Ok(Given::Sent(Box::new(snapshot))),
            (None, Some(asked)) => {
                let collected = self.context.collected(caller, Method::Attest, &asked);
                let snapshot = collected.await?;
                Ok(Given::Collected(Box::new(snapshot)))
            }
            (None, None) => Err(input::missing()),
            (Some(_), Some(_)) => Err(Failure::Field {
                field: "collection",
                message: "it stands beside a snapshot; leave one of them out".to_owned(),
            }),
        }
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

    /// Signs what was judged, and keeps it.
    fn attest(
        &self,
        made: &Made,
        demands: &Demands,
        change: &ChangeContext,
    ) -> Result<Kept, Failure> {
        let signing = self.signing()?;
        let snapshot = &made.facts.snapshot;
        let (cluster, gathered) = recordable(snapshot, &made.place, made.now)?;
        let digest = snapshot
            .digest()
            .map_err(opsec_practices::CheckError::from)?;
        let approval = self.approval(&made.judged.baseline)?;
        let of = Of {
            snapshot,
            snapshot_digest: &digest,
            cluster,
            gathered,
            now: made.now,
            mode: made.mode,
            author: &change.author,
            verifier_id: &signing.verifier_id,
            approval: approval.as_ref(),
        };
        let statable = state(&made.judged, &of, demands)?;
        let key = signing.keys.active();
        let key = key.ok_or(Failure::Attest(Unattestable::NoActiveKey))?;
        self.still_applies(made)?;
        if change.validate_only {
            return Ok((unsigned(&statable, &of)?, None));
        }
        self.keep(&statable, &of, &key, change)
    }

    fn keep(
        &self,
        statable: &Statable,
        of: &Of<'_>,
        key: &opsec_attest::SigningKey,
        change: &ChangeContext,
    ) -> Result<Kept, Failure> {
        let signed = sign(statable, of, key)?;
        attestation::create(&*self.keeper.store()?, &signed, change)?;
        Ok((signed, None))
    }

    /// Refuses what another baseline applies to by now: it may have been tightened meanwhile, and
    /// the cluster forgotten.
    fn still_applies(&self, made: &Made) -> Result<(), Failure> {
        let snapshot = &made.facts.snapshot;
        let place = self.place(snapshot, "")?;
        if place.registered().map(|cluster| &cluster.id)
            != made.place.registered().map(|cluster| &cluster.id)
        {
            return Err(Failure::Record(
                crate::failure::Unrecordable::ClusterUnregistered,
            ));
        }
        let baselines = self.keeper.baselines()?;
        let selector = Selector {
            baselines: &baselines,
            choice: Choice::Applies,
            applying: place.applying(snapshot),
        };
        let (applies, _) = selector.select(&made.judged.report.operator)?;
        if applies.effective_digest == made.judged.baseline.effective_digest {
            Ok(())
        } else {
            Err(changed(&applies))
        }
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
