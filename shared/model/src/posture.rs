//! What operators came to when they were last judged, over clusters. A posture holds times, which a
//! report does not: it is the history, the report the judgement.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::Counts;
use crate::verdict::{Gain, Severity, Status};

/// Postures of several operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostureList {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `PostureList`.
    pub kind: String,
    /// The postures, by cluster and operator.
    pub items: Vec<Posture>,
}

/// The latest recorded check of an operator on a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Posture {
    /// As `clusters/{cluster}/operators/{operator}/posture`.
    pub name: String,
    /// The cluster's id.
    pub cluster: String,
    /// The operator's id, as `NAMESPACE~NAME`.
    pub operator: String,
    /// What it came to.
    pub status: Status,
    /// Since when the status is what it is.
    #[schemars(with = "String")]
    pub status_since_time: Timestamp,
    /// What it came to by practice, in their order.
    pub practices: Vec<PracticeStatus>,
    /// What whoever takes the operator gains.
    pub gains: Vec<Gain>,
    /// Counts over findings.
    pub counts: Counts,
    /// The baseline that was judged by.
    pub baseline: PostureBaseline,
    /// Who collected the facts.
    pub mode: CollectionMode,
    /// When the facts were gathered.
    #[schemars(with = "String")]
    pub gather_time: Timestamp,
    /// When the check was recorded.
    #[schemars(with = "String")]
    pub record_time: Timestamp,
    /// The check's id.
    pub check: String,
    /// Digest of the snapshot.
    pub snapshot_digest: String,
    /// Digest of its facts alone: equal ones are unchanged.
    pub facts_digest: String,
}

/// What a practice came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PracticeStatus {
    /// 1 to 6.
    pub number: u8,
    /// The worse of its halves.
    pub status: Status,
}

/// A baseline that was judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostureBaseline {
    /// Its name.
    pub name: String,
    /// Its revision; 0 is the built-in one.
    pub revision: i64,
    /// Digest of its own content.
    pub digest: String,
    /// Digest of the content with what it extends filled in.
    pub effective_digest: String,
}

/// Who collected the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CollectionMode {
    /// The caller says so.
    ClientAsserted,
    /// The service read the API server itself.
    ServerCollected,
}

impl Posture {
    /// The operator's name: its id without the namespace.
    pub fn operator_name(&self) -> &str {
        let parts = self.operator.split_once('~');
        parts.map_or(self.operator.as_str(), |(_, name)| name)
    }

    /// What a practice came to; what was not judged has nothing to judge.
    pub fn practice(&self, number: u8) -> Status {
        let mut practices = self.practices.iter();
        let found = practices.find(|practice| practice.number == number);
        found.map_or(Status::NotApplicable, |practice| practice.status)
    }

    /// The gravest severity that fails, and how many findings are of it.
    pub fn worst(&self) -> Option<(Severity, usize)> {
        let mut failing = self.counts.by_severity.iter().rev();
        let found = failing.find(|(_, count)| **count > 0);
        found.map(|(severity, count)| (*severity, *count))
    }

    /// Whether both say the same of the operator, whenever and of which facts they do.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let said = |posture: &Self| {
            let Self {
                name,
                status,
                practices,
                gains,
                counts,
                baseline,
                mode,
                ..
            } = posture.clone();
            let judged_by = baseline.effective_digest;
            (name, status, practices, gains, counts, judged_by, mode)
        };
        said(self) == said(other)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn posture() -> Posture {
        Posture {
            name: "clusters/c/operators/n~shop/posture".to_owned(),
            cluster: "c".to_owned(),
            operator: "n~shop".to_owned(),
            status: Status::Fail,
            status_since_time: Timestamp::UNIX_EPOCH,
            practices: vec![PracticeStatus {
                number: 3,
                status: Status::Fail,
            }],
            gains: Vec::new(),
            counts: Counts {
                by_severity: BTreeMap::from([
                    (Severity::Low, 4),
                    (Severity::High, 2),
                    (Severity::Critical, 0),
                ]),
                ..Counts::default()
            },
            baseline: PostureBaseline {
                name: "default".to_owned(),
                revision: 0,
                digest: String::new(),
                effective_digest: "sha256:1".to_owned(),
            },
            mode: CollectionMode::ClientAsserted,
            gather_time: Timestamp::UNIX_EPOCH,
            record_time: Timestamp::UNIX_EPOCH,
            check: "1".to_owned(),
            snapshot_digest: String::new(),
            facts_digest: String::new(),
        }
    }

    #[test]
    fn the_worst_is_the_gravest_of_which_there_is_one() {
        assert_eq!(posture().worst(), Some((Severity::High, 2)));
        assert_eq!(posture().operator_name(), "shop");
        assert_eq!(posture().practice(3), Status::Fail);
        assert_eq!(posture().practice(1), Status::NotApplicable);
    }

    #[test]
    fn another_time_says_nothing_new_and_another_status_does() {
        let before = posture();
        let later = Posture {
            gather_time: Timestamp::MAX,
            check: "2".to_owned(),
            ..posture()
        };
        assert!(before.says_the_same_as(&later));
        let better = Posture {
            status: Status::Pass,
            ..posture()
        };
        assert!(!before.says_the_same_as(&better));
    }

    #[test]
    fn times_are_written_as_programs_read_them() {
        let value = serde_json::to_value(posture()).unwrap();
        assert_eq!(value["statusSinceTime"], "1970-01-01T00:00:00Z");
        assert_eq!(value["mode"], "CLIENT_ASSERTED");
        assert_eq!(serde_json::from_value::<Posture>(value).unwrap(), posture());
    }
}
