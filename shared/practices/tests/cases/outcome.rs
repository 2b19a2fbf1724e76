//! Running a case, and comparing what came out.

use opsec_manifests::{Input, Limits, Options, read, read_documents};
use opsec_model::{
    Baseline, Completeness, CrdCreationAnswer, CreationProbe, Denier, DryRunAnswer,
    EffectiveBaseline, Finding, Kind, OperatorSummary, Report, RuleOutcome, Snapshot, SourceKind,
};
use opsec_practices::{CheckOptions, Prepared, SelectedBaseline, check};
use serde_json::Value;

use crate::case::{Case, Expectation};

/// Runs a case; an error says what differs.
pub(crate) fn run(case: &Case) -> Result<(), String> {
    let report = judge(case)?;
    let wrong: Vec<String> = case
        .expectations
        .iter()
        .filter_map(|expectation| compare(&report, expectation).err())
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

fn judge(case: &Case) -> Result<Report, String> {
    let input = Input {
        name: "case.yaml".into(),
        bytes: case.manifests.clone().into_bytes(),
    };
    let mut snapshot = read(&[input], &Options::default())
        .map_err(|error| format!("  {error}"))?
        .snapshot;
    if case.live {
        snapshot.source.kind = SourceKind::Cluster;
    }
    for kind in &case.missing {
        snapshot = without(&snapshot, &Kind::from(kind.clone()));
    }
    let baseline = baseline(case)?;
    let options = CheckOptions {
        operator: case.operator.clone(),
        all: false,
        half: None,
        fail_on: None,
        now: "2026-06-01T00:00:00Z".parse().unwrap(),
    };
    let select = |_: &_| SelectedBaseline {
        baseline: baseline.clone(),
        notices: Vec::new(),
    };
    snapshot.crd_creation_answers = answers(case, &snapshot, &options, &select);
    let reports = check(&snapshot, &options, &select).map_err(|error| format!("  {error}"))?;
    reports
        .into_iter()
        .next()
        .ok_or_else(|| "  no report".to_owned())
}

/// What the API server answers, where the case says it was asked; of several that are for one
/// creation the last.
fn answers(
    case: &Case,
    snapshot: &Snapshot,
    options: &CheckOptions,
    select: &dyn Fn(&OperatorSummary) -> SelectedBaseline,
) -> Vec<CrdCreationAnswer> {
    if case.probes.is_empty() {
        return Vec::new();
    }
    let probes = Prepared::new(snapshot).probes(options, select).unwrap();
    let answered = |probe: &CreationProbe| {
        let of = probe.creation.to_string();
        let account = probe.service_account.to_string();
        let mut answers = case.probes.iter().rev();
        answers.find(|(who, _, which)| *who == account && of.contains(which.as_str()))
    };
    let answers = probes.creations.iter().filter_map(|probe| {
        Some(CrdCreationAnswer {
            service_account: probe.service_account.clone(),
            creation: probe.creation.clone(),
            answer: answer(&answered(probe)?.1),
        })
    });
    answers.collect()
}

fn answer(text: &str) -> DryRunAnswer {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let name = rest.to_owned();
    let denied = |by| DryRunAnswer::Denied { code: 403, by };
    match word {
        "admitted" => DryRunAnswer::Admitted,
        "webhook" => denied(Denier::Webhook { name }),
        "unreachable" => denied(Denier::UnreachableWebhook { name }),
        "policy" => denied(Denier::ValidatingPolicy {
            policy: name.clone(),
            binding: name,
        }),
        "mutating-policy" => denied(Denier::MutatingPolicy { policy: name }),
        "unauthorized" => DryRunAnswer::Unauthorized { verb: name },
        "forbidden" => DryRunAnswer::Forbidden { missing: name },
        _ => panic!("`{text}` is no answer"),
    }
}

fn baseline(case: &Case) -> Result<EffectiveBaseline, String> {
    let Some(text) = &case.baseline else {
        return Ok(EffectiveBaseline::builtin().unwrap());
    };
    let input = Input {
        name: "baseline.yaml".into(),
        bytes: text.clone().into_bytes(),
    };
    let document = read_documents(&input, &Limits::default())
        .map_err(|error| format!("  {error}"))?
        .remove(0);
    let baseline = Baseline::from_value(document.value).map_err(|error| format!("  {error}"))?;
    Ok(EffectiveBaseline::new(&baseline, 1, true, None).unwrap())
}

/// The snapshot as it would be if listing a kind had been refused.
pub(crate) fn without(snapshot: &Snapshot, kind: &Kind) -> Snapshot {
    let mut value = serde_json::to_value(snapshot).unwrap();
    let lists = value.as_object_mut().unwrap();
    let list = match kind.resource.as_str() {
        "deployments"
        | "statefulsets"
        | "daemonsets"
        | "replicasets"
        | "jobs"
        | "cronjobs"
        | "pods"
        | "replicationcontrollers" => {
            let workloads = lists.get_mut("workloads").and_then(Value::as_array_mut);
            let singular = kind.resource.trim_end_matches('s');
            if let Some(workloads) = workloads {
                workloads.retain(|workload| {
                    workload["kind"].as_str().unwrap().to_lowercase() != singular
                });
            }
            None
        }
        "apiservices" => Some("apiServices".to_owned()),
        plural => lists
            .keys()
            .find(|name| name.to_lowercase() == plural)
            .cloned(),
    };
    if let Some(list) = list {
        lists.remove(&list);
    }
    let mut snapshot: Snapshot = serde_json::from_value(value).unwrap();
    let missing = format!("list {kind}");
    snapshot
        .incomplete
        .insert(kind.clone(), Completeness::Forbidden { missing });
    snapshot
}

fn compare(report: &Report, expectation: &Expectation) -> Result<(), String> {
    let outcome = report
        .practices
        .iter()
        .flat_map(|practice| &practice.rules)
        .find(|outcome| outcome.id == expectation.rule)
        .ok_or_else(|| format!("  {} is not a rule of this build", expectation.rule))?;
    let filed: Vec<&Finding> = report
        .findings()
        .filter(|finding| finding.rule == expectation.rule)
        .collect();
    let same_severity = expectation
        .severity
        .is_none_or(|severity| outcome.severity == Some(severity));
    let wrong_extra = expectation
        .extras
        .iter()
        .find(|(key, value)| !extra(outcome, &filed, key, value))
        .map(|(key, value)| format!("{key}={value}"));
    if outcome.status == expectation.status && same_severity && wrong_extra.is_none() {
        return Ok(());
    }
    Err(format!(
        "  expected {} {} {} {}\n  found    {} {} {:?}\n{}",
        expectation.rule,
        expectation.status,
        expectation
            .severity
            .map_or("", opsec_model::Severity::as_str),
        wrong_extra.unwrap_or_default(),
        outcome.status,
        outcome.severity.map_or("", opsec_model::Severity::as_str),
        outcome.reason.as_deref().or(outcome.filed_under.as_deref()),
        filed
            .iter()
            .map(|finding| describe(finding))
            .collect::<String>(),
    ))
}

fn extra(outcome: &RuleOutcome, filed: &[&Finding], key: &str, value: &str) -> bool {
    match key {
        "right" => filed
            .iter()
            .any(|finding| finding.right.as_deref() == Some(value)),
        "reach" => filed
            .iter()
            .any(|f| f.reach.is_some_and(|reach| reach.as_str() == value)),
        "count" => filed.len().to_string() == value,
        "also" => filed
            .iter()
            .any(|finding| finding.also.iter().any(|also| also == value)),
        "under" => outcome.filed_under.as_deref() == Some(value),
        "reason" => {
            let words = value.replace('_', " ");
            outcome
                .reason
                .as_ref()
                .is_some_and(|reason| reason.contains(&words))
        }
        "title" => filed.iter().any(|finding| finding.title.contains(value)),
        _ => panic!("`{key}` is not known"),
    }
}

fn describe(finding: &Finding) -> String {
    format!(
        "    {:?} {} {} {} also {:?}: {}\n",
        finding.status,
        finding.severity,
        finding.right.as_deref().unwrap_or("-"),
        finding.reach.map_or("-", opsec_model::Reach::as_str),
        finding.also,
        finding.title
    )
}
