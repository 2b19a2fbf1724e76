//! `Check` with `record`: what it came to becomes the posture of its operators.

use opsec_access::{Caller, Method, Target};
use opsec_model::SavedSnapshot;
use opsec_proto::v1;
use opsec_proto::v1::check_request::BaselineChoice;
use opsec_store::cluster::Cluster;
use opsec_store::outbox::{About, Owed};

use super::{Check, Made, response};
use crate::call::Call;
use crate::context::{Context, require, within};
use crate::failure::{Failure, Unrecordable};
use crate::rpc::encode;
use crate::use_case::check::Judged;
use crate::use_case::clusters::stored;
use crate::use_case::record::{ToRecord, kept, posture, recordable};

impl Check {
    pub(super) async fn judge_and_record(
        &self,
        caller: &Caller,
        request: v1::CheckRequest,
        call: Option<Call>,
    ) -> Result<v1::CheckResponse, Failure> {
        require(caller, Method::RecordCheck, Target::Nothing).await?;
        refuse_choices(&request)?;
        let as_of = request.as_of.is_some();
        let collected = self.collected(caller, Method::RecordCheck, &request);
        let collected = collected.await?;
        let made = self.made(request, collected).await?;
        let operators = made.judged.iter().map(|judged| &judged.report.operator);
        within(caller, Method::RecordCheck, &made.place, operators).await?;
        let mut response = response(&made.place, (made.now, as_of), made.mode);
        let check_id = response.check_id.clone();
        let author = caller.subject().to_owned();
        let owed =
            call.map(|call| call.owes(caller, Method::Check.name(), made.now.as_millisecond()));
        let (judged, recorded) = self
            .context
            .change(move |context| context.record(made, (&check_id, &author), owed))
            .await?;
        response.results = judged
            .into_iter()
            .zip(recorded)
            .map(|(judged, recorded)| v1::CheckResult {
                recorded,
                ..encode::judged(judged)
            })
            .collect();
        Ok(response)
    }
}

impl Context {
    /// Records a check: its results as postures and to be attested, its snapshot for trying baselines
    /// on.
    fn record(
        &self,
        made: Made,
        (check_id, author): (&str, &str),
        owed: Option<Owed>,
    ) -> Result<(Vec<Judged>, Vec<bool>), Failure> {
        let snapshot = &made.facts.snapshot;
        let (cluster, gathered) = recordable(snapshot, &made.place, made.now)?;
        let digest = snapshot
            .digest()
            .map_err(opsec_practices::CheckError::from)?;
        let to_record = ToRecord {
            snapshot,
            snapshot_digest: &digest,
            check_id,
            now: made.now,
            mode: made.mode,
        };
        // All are looked at before one is recorded.
        let postures = made
            .judged
            .iter()
            .map(|judged| posture(judged, to_record, cluster, gathered))
            .collect::<Result<Vec<_>, _>>()?;
        let about = about(&made.judged, cluster, check_id);
        let owed = owed.map(|owed| (owed, about));
        let store = self.keeper.store()?;
        let mut recorded = Vec::new();
        for (judged, posture) in made.judged.iter().zip(&postures) {
            // Where nothing signs, nothing of a check is ever attested.
            let signs = self.signing.is_some();
            let kept = signs.then(|| kept(judged, posture, snapshot, author));
            let kept = kept.transpose()?;
            let done = opsec_store::posture::record(&*store, posture, kept.as_ref(), owed.as_ref());
            recorded.push(done.map_err(stored)?);
        }
        let content = SavedSnapshot::write(snapshot).map_err(|_| Failure::bug())?;
        opsec_store::recorded::keep(
            &*store,
            (&cluster.uid, made.mode),
            (gathered.as_millisecond(), &digest),
            &content,
            made.now.as_millisecond(),
        )
        .map_err(stored)?;
        Ok((made.judged, recorded))
    }
}

/// What a check was about, for whoever writes it down.
fn about(judged: &[Judged], cluster: &Cluster, check_id: &str) -> About {
    let names = judged.iter().map(|one| one.report.operator.name.as_str());
    let statuses = judged.iter().map(|one| one.report.status.as_str());
    let first = judged.first();
    About {
        cluster: cluster.id.clone(),
        operator: names.collect::<Vec<_>>().join(","),
        resource: format!("checks/{check_id}"),
        effective_digest: first
            .map_or_else(String::new, |one| one.baseline.effective_digest.clone()),
        input_digest: first.map_or_else(String::new, |one| one.report.snapshot_digest.clone()),
        result: statuses.collect::<Vec<_>>().join(","),
        ..About::default()
    }
}

/// What is recorded is what the service decides: nothing that a caller could choose.
fn refuse_choices(request: &v1::CheckRequest) -> Result<(), Failure> {
    let chosen = "what is recorded is judged whole, now, and by the baseline that applies";
    match &request.baseline_choice {
        Some(BaselineChoice::InlineBaseline(_)) => {
            return Err(Failure::Record(Unrecordable::BaselineInline));
        }
        Some(BaselineChoice::Baseline(_)) => {
            return Err(Failure::NotRecordable("baseline", chosen));
        }
        None => {}
    }
    for (field, is_set) in [
        ("half", request.half != 0),
        ("fail_on", request.fail_on != 0),
        ("as_of", request.as_of.is_some()),
    ] {
        if is_set {
            return Err(Failure::NotRecordable(field, chosen));
        }
    }
    Ok(())
}
