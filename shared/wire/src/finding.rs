//! Findings with their evidence and grants.

use opsec_model::report::AcceptedBy;
use opsec_model::{Evidence, Finding, GrantedBy};
use opsec_proto::v1;

use crate::field::{FieldError, each, message};
use crate::object::{
    decode_account, decode_line, decode_object, encode_account, encode_line, encode_object,
};
use crate::words::{
    decode_finding_status, decode_half, decode_maybe, decode_reach, decode_severity,
    encode_finding_status, encode_half, encode_maybe, encode_reach, encode_severity,
};

pub(crate) fn encode_finding(finding: &Finding) -> v1::Finding {
    let Finding {
        rule,
        also,
        half,
        right,
        severity,
        reach,
        status,
        title,
        components,
        service_accounts,
        evidence,
        granted_by,
        gain,
        remedy,
        confirm,
        reason,
        exemption,
    } = finding;
    v1::Finding {
        rule: rule.clone(),
        also: also.clone(),
        half: encode_half(*half),
        right: right.clone(),
        severity: encode_severity(*severity),
        reach: encode_maybe(*reach, encode_reach),
        status: encode_finding_status(*status),
        title: title.clone(),
        components: components.iter().map(encode_object).collect(),
        service_accounts: service_accounts.iter().map(encode_account).collect(),
        evidence: evidence.iter().map(encode_evidence).collect(),
        granted_by: granted_by.iter().map(encode_grant).collect(),
        gain: gain.clone(),
        remedy: remedy.clone(),
        confirm: confirm.clone(),
        reason: reason.clone(),
        exemption: exemption.as_ref().map(encode_accepted),
    }
}

pub(crate) fn decode_finding(finding: v1::Finding) -> Result<Finding, FieldError> {
    Ok(Finding {
        rule: finding.rule,
        also: finding.also,
        half: decode_half("half", finding.half)?,
        right: finding.right,
        severity: decode_severity("severity", finding.severity)?,
        reach: decode_maybe("reach", finding.reach, decode_reach)?,
        status: decode_finding_status("status", finding.status)?,
        title: finding.title,
        components: finding.components.into_iter().map(decode_object).collect(),
        service_accounts: finding
            .service_accounts
            .into_iter()
            .map(decode_account)
            .collect(),
        evidence: each("evidence", finding.evidence, decode_evidence)?,
        granted_by: each("granted_by", finding.granted_by, decode_grant)?,
        gain: finding.gain,
        remedy: finding.remedy,
        confirm: finding.confirm,
        reason: finding.reason,
        exemption: finding.exemption.map(decode_accepted),
    })
}

pub(crate) fn encode_evidence(evidence: &Evidence) -> v1::Evidence {
    let Evidence {
        object,
        field,
        source,
    } = evidence;
    v1::Evidence {
        object: Some(encode_object(object)),
        field: field.clone(),
        source: source.as_ref().map(encode_line),
    }
}

pub(crate) fn decode_evidence(evidence: v1::Evidence) -> Result<Evidence, FieldError> {
    let v1::Evidence {
        object,
        field,
        source,
    } = evidence;
    Ok(Evidence {
        object: message("object", object, |object| Ok(decode_object(object)))?,
        field,
        source: source.map(decode_line),
    })
}

pub(crate) fn encode_grant(grant: &GrantedBy) -> v1::Grant {
    let GrantedBy {
        subject,
        binding,
        role,
        rule,
        right,
        source,
    } = grant;
    v1::Grant {
        subject: Some(encode_object(subject)),
        binding: Some(encode_object(binding)),
        role: Some(encode_object(role)),
        rule: rule.clone(),
        right: right.clone(),
        source: source.as_ref().map(encode_line),
    }
}

pub(crate) fn decode_grant(grant: v1::Grant) -> Result<GrantedBy, FieldError> {
    let v1::Grant {
        subject,
        binding,
        role,
        rule,
        right,
        source,
    } = grant;
    Ok(GrantedBy {
        subject: message("subject", subject, |object| Ok(decode_object(object)))?,
        binding: message("binding", binding, |object| Ok(decode_object(object)))?,
        role: message("role", role, |object| Ok(decode_object(object)))?,
        rule,
        right,
        source: source.map(decode_line),
    })
}

fn encode_accepted(accepted: &AcceptedBy) -> v1::AcceptedBy {
    let AcceptedBy {
        owner,
        reason,
        expires,
        rules,
    } = accepted.clone();
    v1::AcceptedBy {
        owner,
        reason,
        expires,
        rules,
    }
}

fn decode_accepted(accepted: v1::AcceptedBy) -> AcceptedBy {
    let v1::AcceptedBy {
        owner,
        reason,
        expires,
        rules,
    } = accepted;
    AcceptedBy {
        owner,
        reason,
        expires,
        rules,
    }
}
