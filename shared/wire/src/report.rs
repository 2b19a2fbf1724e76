//! Reports: all of them but their findings.

use opsec_model::report::{BaselineSummary, Counts, Halves};
use opsec_model::{PracticeReport, Report, RuleOutcome};
use opsec_proto::v1;

use crate::field::{FieldError, Problem, decode_count, each, encode_count, message};
use crate::finding::{decode_finding, encode_finding};
use crate::object::{decode_notices, decode_source, encode_notices, encode_source};
use crate::operator::{decode_operator, encode_operator};
use crate::path::{decode_path, encode_path};
use crate::words::{
    decode_finding_status, decode_gain, decode_half, decode_maybe, decode_severity, decode_status,
    encode_finding_status, encode_gain, encode_half, encode_maybe, encode_severity, encode_status,
};

/// A report for the wire.
pub fn encode_report(report: &Report) -> v1::Report {
    let Report {
        api_version,
        kind,
        engine_version,
        kubernetes_version,
        source,
        operator,
        baseline,
        fail_on,
        half,
        snapshot_digest,
        status,
        gains,
        counts,
        notices,
        paths,
        practices,
    } = report;
    v1::Report {
        api_version: api_version.clone(),
        kind: kind.clone(),
        engine_version: engine_version.clone(),
        kubernetes_version: kubernetes_version.clone(),
        source: Some(encode_source(source)),
        operator: Some(encode_operator(operator)),
        baseline: Some(encode_baseline(baseline)),
        fail_on: encode_severity(*fail_on),
        half: encode_maybe(*half, encode_half),
        snapshot_digest: snapshot_digest.clone(),
        status: encode_status(*status),
        gains: gains.iter().copied().map(encode_gain).collect(),
        counts: Some(encode_counts(counts)),
        notices: encode_notices(notices),
        practices: practices.iter().map(encode_practice).collect(),
        paths: paths.iter().map(encode_path).collect(),
    }
}

/// A report from the wire.
///
/// # Errors
/// When a mandatory field is absent or a word is not known to this version.
pub fn decode_report(report: v1::Report) -> Result<Report, FieldError> {
    Ok(Report {
        api_version: report.api_version,
        kind: report.kind,
        engine_version: report.engine_version,
        kubernetes_version: report.kubernetes_version,
        source: message("source", report.source, decode_source)?,
        operator: message("operator", report.operator, |operator| {
            Ok(decode_operator(operator))
        })?,
        baseline: message("baseline", report.baseline, |baseline| {
            Ok(decode_baseline(baseline))
        })?,
        fail_on: decode_severity("fail_on", report.fail_on)?,
        half: decode_maybe("half", report.half, decode_half)?,
        snapshot_digest: report.snapshot_digest,
        status: decode_status("status", report.status)?,
        gains: report
            .gains
            .into_iter()
            .enumerate()
            .map(|(index, gain)| decode_gain(&format!("gains[{index}]"), gain))
            .collect::<Result<_, _>>()?,
        counts: message("counts", report.counts, decode_counts)?,
        notices: decode_notices("notices", report.notices)?,
        paths: each("paths", report.paths, decode_path)?,
        practices: each("practices", report.practices, decode_practice)?,
    })
}

pub(crate) fn encode_baseline(baseline: &BaselineSummary) -> v1::BaselineSummary {
    let BaselineSummary {
        name,
        revision,
        digest,
        inline,
    } = baseline.clone();
    v1::BaselineSummary {
        name,
        revision,
        digest,
        inline,
    }
}

pub(crate) fn decode_baseline(baseline: v1::BaselineSummary) -> BaselineSummary {
    let v1::BaselineSummary {
        name,
        revision,
        digest,
        inline,
    } = baseline;
    BaselineSummary {
        name,
        revision,
        digest,
        inline,
    }
}

/// Counts over findings.
pub fn encode_counts(counts: &Counts) -> v1::Counts {
    let Counts {
        by_severity,
        by_status,
        below_fail_on,
        exempted,
    } = counts;
    v1::Counts {
        by_severity: by_severity
            .iter()
            .map(|(&severity, &count)| v1::SeverityCount {
                severity: encode_severity(severity),
                count: encode_count(count),
            })
            .collect(),
        by_status: by_status
            .iter()
            .map(|(&status, &count)| v1::FindingStatusCount {
                status: encode_finding_status(status),
                count: encode_count(count),
            })
            .collect(),
        below_fail_on: encode_count(*below_fail_on),
        exempted: encode_count(*exempted),
    }
}

/// Counts of a message.
///
/// # Errors
/// When a word or number is none.
pub fn decode_counts(counts: v1::Counts) -> Result<Counts, FieldError> {
    let by_severity = each("by_severity", counts.by_severity, |row| {
        Ok((
            decode_severity("severity", row.severity)?,
            decode_count("count", row.count)?,
        ))
    })?;
    let by_status = each("by_status", counts.by_status, |row| {
        Ok((
            decode_finding_status("status", row.status)?,
            decode_count("count", row.count)?,
        ))
    })?;
    Ok(Counts {
        by_severity: by_severity.into_iter().collect(),
        by_status: by_status.into_iter().collect(),
        below_fail_on: decode_count("below_fail_on", counts.below_fail_on)?,
        exempted: decode_count("exempted", counts.exempted)?,
    })
}

fn encode_practice(practice: &PracticeReport) -> v1::PracticeReport {
    let PracticeReport {
        number,
        name,
        status,
        halves,
        rules,
        findings,
    } = practice;
    let Halves { operator, cluster } = *halves;
    v1::PracticeReport {
        number: u32::from(*number),
        name: name.clone(),
        status: encode_status(*status),
        halves: Some(v1::Halves {
            operator: encode_status(operator),
            cluster: encode_status(cluster),
        }),
        rules: rules.iter().map(encode_rule).collect(),
        findings: findings.iter().map(encode_finding).collect(),
    }
}

fn decode_practice(practice: v1::PracticeReport) -> Result<PracticeReport, FieldError> {
    let number = practice.number;
    Ok(PracticeReport {
        number: u8::try_from(number).map_err(|_| {
            FieldError::new(
                "number",
                Problem::Malformed(format!("{number} is no practice")),
            )
        })?,
        name: practice.name,
        status: decode_status("status", practice.status)?,
        halves: message("halves", practice.halves, |halves| {
            Ok(Halves {
                operator: decode_status("operator", halves.operator)?,
                cluster: decode_status("cluster", halves.cluster)?,
            })
        })?,
        rules: each("rules", practice.rules, decode_rule)?,
        findings: each("findings", practice.findings, decode_finding)?,
    })
}

fn encode_rule(rule: &RuleOutcome) -> v1::RuleOutcome {
    let RuleOutcome {
        id,
        half,
        status,
        severity,
        filed_under,
        reason,
    } = rule;
    v1::RuleOutcome {
        id: id.clone(),
        half: encode_half(*half),
        status: encode_status(*status),
        severity: encode_maybe(*severity, encode_severity),
        filed_under: filed_under.clone(),
        reason: reason.clone(),
    }
}

fn decode_rule(rule: v1::RuleOutcome) -> Result<RuleOutcome, FieldError> {
    Ok(RuleOutcome {
        id: rule.id,
        half: decode_half("half", rule.half)?,
        status: decode_status("status", rule.status)?,
        severity: decode_maybe("severity", rule.severity, decode_severity)?,
        filed_under: rule.filed_under,
        reason: rule.reason,
    })
}
