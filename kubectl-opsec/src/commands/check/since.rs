//! Since when operators' statuses are what they are, from what the service recorded of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use opsec_model::{Posture, Report};
use opsec_proto::v1;
use opsec_render::History;
use opsec_wire::decode_posture;

use crate::args::{CheckArgs, CheckFormat};
use crate::clock;
use crate::failure::Failure;
use crate::output::say;
use crate::service::Service;

/// The history of reports about a registered cluster, for a person; absent where there is none to show.
/// That it cannot be had is said, and changes nothing of the check.
pub(super) async fn history(
    args: &CheckArgs,
    service: &Service,
    cluster: &str,
    reports: &[Report],
) -> Option<History> {
    let id = cluster.strip_prefix("clusters/")?;
    // Times are not in a report, which is the same whenever the same facts are judged.
    let is_for_a_person = matches!(args.output, CheckFormat::Table | CheckFormat::Wide);
    // What is recorded was judged now, by what applies, as a whole.
    let is_comparable = args.files.cluster.snapshot.is_none()
        && args.baseline.is_none()
        && args.half.is_none()
        && args.fail_on.is_none();
    if !(args.all && service.is_remote() && is_for_a_person && is_comparable) {
        return None;
    }
    match postures(service, id).await {
        Ok(postures) => Some(History {
            now: clock::now(),
            since: since(&postures, reports),
        }),
        Err(failure) => {
            say(&format!(
                "warning: since when statuses hold cannot be shown: {failure}"
            ));
            None
        }
    }
}

async fn postures(service: &Service, cluster: &str) -> Result<Vec<Posture>, Failure> {
    let filter = v1::PostureFilter {
        cluster: cluster.to_owned(),
        ..v1::PostureFilter::default()
    };
    let postures = service.list_postures(&filter).await?.into_iter();
    Ok(postures.map(decode_posture).collect::<Result<_, _>>()?)
}

/// One for each report: a status that is another than the recorded one holds since nobody knows when.
fn since(postures: &[Posture], reports: &[Report]) -> Vec<Option<Timestamp>> {
    let by_operator: BTreeMap<&str, &Posture> = postures
        .iter()
        .map(|posture| (posture.operator.as_str(), posture))
        .collect();
    let of = |report: &Report| {
        let posture = by_operator.get(report.operator.id().as_str())?;
        (posture.status == report.status).then_some(posture.status_since_time)
    };
    reports.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use opsec_model::posture::{CollectionMode, PostureBaseline};
    use opsec_model::{Counts, OperatorSummary, Status};

    use super::*;
    use crate::args::parse;

    fn report(name: &str, status: Status) -> Report {
        let text = serde_json::json!({
            "apiVersion": "x", "kind": "Report", "engineVersion": "0", "kubernetesVersion": "0",
            "source": {"kind": "cluster"}, "operator": OperatorSummary {
                name: name.to_owned(), namespaces: vec!["shop".to_owned()], ..OperatorSummary::default()
            },
            "baseline": {"name": "default", "revision": 0, "digest": "", "inline": false},
            "failOn": "medium", "snapshotDigest": "", "status": status, "gains": [],
            "counts": Counts::default(), "practices": [],
        });
        serde_json::from_value(text).unwrap()
    }

    fn posture(operator: &str, status: Status) -> Posture {
        Posture {
            name: String::new(),
            cluster: "prod-1".to_owned(),
            operator: operator.to_owned(),
            status,
            status_since_time: Timestamp::UNIX_EPOCH,
            practices: Vec::new(),
            gains: Vec::new(),
            counts: Counts::default(),
            baseline: PostureBaseline {
                name: String::new(),
                revision: 0,
                digest: String::new(),
                effective_digest: String::new(),
            },
            mode: CollectionMode::ClientAsserted,
            gather_time: Timestamp::UNIX_EPOCH,
            record_time: Timestamp::UNIX_EPOCH,
            check: String::new(),
            snapshot_digest: String::new(),
            facts_digest: String::new(),
        }
    }

    #[test]
    fn a_status_is_known_since_when_only_where_the_same_is_recorded() {
        use Status::{Fail, Pass};
        let reports = [
            report("same", Fail),
            report("other", Pass),
            report("new", Fail),
        ];
        let postures = [posture("shop~same", Fail), posture("shop~other", Fail)];
        let expected = [Some(Timestamp::UNIX_EPOCH), None, None];
        assert_eq!(since(&postures, &reports), expected);
    }

    #[tokio::test]
    async fn a_history_that_cannot_be_had_is_none_and_no_failure() {
        let args = |line: &str| match parse(line.split(' ').map(Into::into)).unwrap().command {
            crate::args::Command::Check(args) => args,
            other => panic!("{other:?}"),
        };
        let nobody = Service::of_nobody();
        let reports = [report("same", Status::Fail)];
        let args = args("kubectl-opsec check --all");
        assert_eq!(
            history(&args, &nobody, "clusters/prod-1", &reports).await,
            None
        );
    }
}
