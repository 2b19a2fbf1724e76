//! A SLSA verification summary that is derived from a statement, for tools that read those.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::PASSED;
use crate::statement::{STATEMENT_TYPE, Statement, envelope_digest};

const TYPE: &str = "https://slsa.dev/verification_summary/v1";

/// The predicate of a verification summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    verifier: BTreeMap<&'static str, serde_json::Value>,
    time_verified: String,
    resource_uri: String,
    policy: BTreeMap<&'static str, serde_json::Value>,
    input_attestations: Vec<BTreeMap<&'static str, serde_json::Value>>,
    verification_result: String,
    verified_levels: Vec<String>,
}

/// The summary of a statement whose signed bytes are these. Levels name practices that pass, and
/// never a level of SLSA, of which nothing was verified.
pub fn summary(statement: &Statement, payload: &[u8]) -> Statement<Summary> {
    let predicate = &statement.predicate;
    let digest = |named: &str| serde_json::json!({"sha256": named.trim_start_matches("sha256:")});
    let passing = predicate
        .practices
        .iter()
        .filter(|practice| practice.status == "PASS")
        .map(|practice| format!("OPSEC_PRACTICE_{}", practice.number));
    let levels = if predicate.result == PASSED {
        passing.collect()
    } else {
        Vec::new()
    };
    let subject = statement.subject.first();
    let version = BTreeMap::from([("kubectl-opsec", &predicate.verifier.engine_version)]);
    let baseline = &predicate.baseline;
    let uri = format!(
        "opsec:baselines/{}/revisions/{}",
        baseline.own.name, baseline.own.revision
    );
    Statement {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: statement.subject.clone(),
        predicate_type: TYPE.to_owned(),
        predicate: Summary {
            verifier: BTreeMap::from([
                ("id", predicate.verifier.id.clone().into()),
                ("version", serde_json::json!(version)),
            ]),
            time_verified: predicate.time_verified.clone(),
            resource_uri: subject.map_or_else(String::new, |subject| subject.name.clone()),
            policy: BTreeMap::from([
                ("uri", uri.into()),
                ("digest", digest(&baseline.effective_digest)),
            ]),
            input_attestations: vec![BTreeMap::from([(
                "digest",
                digest(&envelope_digest(payload)),
            )])],
            verification_result: predicate.result.clone(),
            verified_levels: levels,
        },
    }
}
