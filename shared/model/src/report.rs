//! What was concluded. Its JSON outlives releases; times and ids of the call are not in it, so
//! the same input gives the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::notice::Notice;
use crate::object_ref::{ObjectRef, ServiceAccountRef};
use crate::path::Path;
use crate::snapshot::Source;
use crate::source_map::{SourceLine, SourceMap};
use crate::verdict::{Gain, Half, Reach, Severity, Status};

/// The judgement of one operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `Report`.
    pub kind: String,
    /// The version of the engine that judged.
    pub engine_version: String,
    /// The Kubernetes release that it was judged as.
    pub kubernetes_version: String,
    /// What was judged.
    pub source: Source,
    /// The operator.
    pub operator: OperatorSummary,
    /// The baseline it was judged by.
    pub baseline: BaselineSummary,
    /// The least severity that fails.
    pub fail_on: Severity,
    /// The half that was judged; absent: both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half: Option<Half>,
    /// Digest of the snapshot.
    pub snapshot_digest: String,
    /// The worst of the practices.
    pub status: Status,
    /// What whoever takes the operator gains.
    pub gains: Vec<Gain>,
    /// Counts over findings.
    pub counts: Counts,
    /// What is to be known beside the findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// The worst and shortest escalation chain to each end that is reached, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<Path>,
    /// The six practices, in order.
    pub practices: Vec<PracticeReport>,
}

/// Reports of several operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportList {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `ReportList`.
    pub kind: String,
    /// The reports.
    pub items: Vec<Report>,
}

/// The operator that was judged.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct OperatorSummary {
    /// Its display name.
    pub name: String,
    /// The namespaces that its components and accounts are in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Its components.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ComponentSummary>,
    /// Its ServiceAccounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_accounts: Vec<AccountSummary>,
    /// Its kinds, as `plural.group`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owned_kinds: Vec<String>,
    /// Groups taken to be its own without a CRD.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub presumed_own_groups: Vec<String>,
    /// Where it is meant to work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intended_namespaces: Vec<String>,
    /// Why it was taken for an operator.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl OperatorSummary {
    /// Its id, `NAMESPACE~NAME`: the least of its namespaces, and its name with other bytes as `%XX`.
    pub fn id(&self) -> String {
        let namespace = self.namespaces.iter().min().map_or("", String::as_str);
        let mut id = format!("{namespace}~");
        for byte in self.name.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-') {
                id.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(id, "%{byte:02X}");
            }
        }
        id
    }
}

/// Operators of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperatorList {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `OperatorList`.
    pub kind: String,
    /// The operators.
    pub items: Vec<OperatorSummary>,
}

/// A component: a workload of the operator.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct ComponentSummary {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The ServiceAccount it runs as.
    pub service_account: String,
    /// Whether it is a hook of a package manager.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hook: bool,
}

impl ComponentSummary {
    /// The component as an object.
    pub fn object(&self) -> ObjectRef {
        ObjectRef::namespaced(&self.kind, &self.namespace, &self.name)
    }
}

/// A ServiceAccount of the operator.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct AccountSummary {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Whether a component runs as it; `false` is "no workload here".
    pub workload: bool,
}

/// The baseline that was judged by.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct BaselineSummary {
    /// Its name.
    pub name: String,
    /// Its revision; 0 is the built-in.
    pub revision: i64,
    /// Digest of its effective content.
    pub digest: String,
    /// Whether it came with the request.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inline: bool,
}

/// Counts over findings.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Failing findings by severity.
    pub by_severity: BTreeMap<Severity, usize>,
    /// Findings by status.
    pub by_status: BTreeMap<FindingStatus, usize>,
    /// Findings below the bar.
    pub below_fail_on: usize,
    /// Findings that are accepted.
    pub exempted: usize,
}

/// The judgement of one practice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PracticeReport {
    /// 1 to 6.
    pub number: u8,
    /// Its name.
    pub name: String,
    /// The worse of its halves.
    pub status: Status,
    /// Its halves.
    pub halves: Halves,
    /// What each of its rules came to.
    pub rules: Vec<RuleOutcome>,
    /// Its findings, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// The two halves of a practice.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct Halves {
    /// What the installation asks for.
    pub operator: Status,
    /// What the cluster has put round it.
    pub cluster: Status,
}

/// What a rule came to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleOutcome {
    /// The rule, as in `OPSEC306`.
    pub id: String,
    /// Whose it is to mend.
    pub half: Half,
    /// What it came to.
    pub status: Status,
    /// The worst severity of its findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The rule that its findings are filed under, when they are under another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed_under: Option<String>,
    /// Why it is UNKNOWN or had nothing to judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a finding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingStatus {
    /// It fails.
    Fail,
    /// It may hold.
    Unknown,
    /// It is exempted.
    Accepted,
    /// It is below the bar.
    Noted,
}

/// One finding: one cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule it is filed under.
    pub rule: String,
    /// The other rules that it fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The half of the rule it is filed under.
    pub half: Half,
    /// The row of the table of dangerous rights, as in `ESC-BIND`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
    /// How grave it is.
    pub severity: Severity,
    /// How far it reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// What became of it.
    pub status: FindingStatus,
    /// What is wrong, in a line: `can create pods in every namespace`.
    pub title: String,
    /// Components that share the cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ObjectRef>,
    /// ServiceAccounts that hold it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_accounts: Vec<ServiceAccountRef>,
    /// The objects and fields that cause it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Every grant that gives it, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted_by: Vec<GrantedBy>,
    /// What an attacker gains, in a sentence.
    pub gain: String,
    /// The smallest change that ends it.
    pub remedy: String,
    /// A shell line that exits 0 exactly when the finding holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// Why it is unknown rather than certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<AcceptedBy>,
}

/// A field of an object that causes a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The object.
    pub object: ObjectRef,
    /// The field, as in `rules[3].verbs`; absent is the object.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// Where it stands, from files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceLine>,
}

impl Evidence {
    /// Evidence without a place in a file.
    pub fn new(object: ObjectRef, field: impl Into<String>) -> Self {
        Self {
            object,
            field: field.into(),
            source: None,
        }
    }
}

/// One grant: subject → binding → role → rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrantedBy {
    /// The subject: the ServiceAccount, or a group or user that it is.
    pub subject: ObjectRef,
    /// The binding.
    pub binding: ObjectRef,
    /// The role.
    pub role: ObjectRef,
    /// The rule in the role, as in `rules[5]`; with aggregation, in the role that was gathered.
    pub rule: String,
    /// What of the rule counts, as in `create pods`.
    pub right: String,
    /// Where the rule stands, from files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceLine>,
}

/// Who accepts a finding, why and until when.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedBy {
    /// Who.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Until when, as in `2027-03-31`.
    pub expires: String,
    /// The rules of the finding that are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

impl Report {
    /// Fills in where evidence and grants stand in files. It changes nothing else.
    pub fn locate(&mut self, sources: &SourceMap) {
        for finding in self
            .practices
            .iter_mut()
            .flat_map(|practice| &mut practice.findings)
        {
            for evidence in &mut finding.evidence {
                sources.place(evidence);
            }
            for grant in &mut finding.granted_by {
                grant.source = sources.locate(&grant.role, &grant.rule);
            }
        }
        for path in &mut self.paths {
            path.locate(sources);
        }
        for notice in &mut self.notices {
            if let (None, Some(object)) = (&notice.source, &notice.object) {
                notice.source = sources.locate(object, "");
            }
        }
    }

    /// All findings, in the order of the practices.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.practices
            .iter()
            .flat_map(|practice| &practice.findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_two_operators_of_one_name_apart() {
        let operator = |name: &str, namespaces: &[&str]| OperatorSummary {
            name: name.to_owned(),
            namespaces: namespaces.iter().map(ToString::to_string).collect(),
            ..OperatorSummary::default()
        };
        assert_eq!(operator("cert-manager", &["b", "a"]).id(), "a~cert-manager");
        assert_eq!(operator("a b/ü", &["x"]).id(), "x~a%20b%2F%C3%BC");
    }
}
