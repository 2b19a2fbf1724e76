//! Two states of an operator beside each other.

use opsec_model::comparison::{
    ComparedState, Comparison, Difference, FindingDifference, ObjectDifference, PodDifference,
    PodSetting, PracticeChange, RightsDifference, RuleDifference,
};
use opsec_model::{API_VERSION, RightsGrant};
use opsec_proto::v1;
use opsec_proto::v1::{rights_difference, rights_grant};

use crate::connections::{ConnectionTables, decode_connections, encode_connections};
use crate::field::{FieldError, Problem, each, message};
use crate::object::{
    decode_account, decode_object, decode_source, encode_account, encode_object, encode_source,
};
use crate::operator::{decode_operator, encode_operator};
use crate::path::{decode_path, encode_path};
use crate::report::{decode_baseline, encode_baseline};
use crate::right::{decode_danger, encode_danger};
use crate::validation::{decode_rights_grant, decode_rule, encode_rights_grant, encode_rule};
use crate::words::{
    decode_aspect, decode_finding_status, decode_gain, decode_level, decode_maybe, decode_outcome,
    decode_reach, decode_severity, decode_status, encode_aspect, encode_finding_status,
    encode_gain, encode_level, encode_maybe, encode_outcome, encode_reach, encode_severity,
    encode_status,
};

/// A comparison for the wire.
pub fn encode_comparison(comparison: &Comparison) -> v1::Comparison {
    let Comparison {
        api_version: _,
        kind: _,
        before,
        after,
        baseline,
        outcome,
        gained,
        lost,
        practices,
        unknown,
        notes,
    } = comparison;
    v1::Comparison {
        before: Some(encode_state(before)),
        after: Some(encode_state(after)),
        baseline: Some(encode_baseline(baseline)),
        outcome: encode_outcome(*outcome),
        gained: Some(encode_difference(gained)),
        lost: Some(encode_difference(lost)),
        practices: practices.iter().map(encode_practice).collect(),
        unknown: unknown.clone(),
        notes: notes.clone(),
    }
}

/// A comparison from the wire.
///
/// # Errors
/// When a mandatory field is absent or a word is not known to this version.
pub fn decode_comparison(comparison: v1::Comparison) -> Result<Comparison, FieldError> {
    let baseline = |it| Ok(decode_baseline(it));
    Ok(Comparison {
        api_version: API_VERSION.to_owned(),
        kind: "Comparison".to_owned(),
        before: message("before", comparison.before, decode_state)?,
        after: message("after", comparison.after, decode_state)?,
        baseline: message("baseline", comparison.baseline, baseline)?,
        outcome: decode_outcome("outcome", comparison.outcome)?,
        gained: message("gained", comparison.gained, decode_difference)?,
        lost: message("lost", comparison.lost, decode_difference)?,
        practices: each("practices", comparison.practices, decode_practice)?,
        unknown: comparison.unknown,
        notes: comparison.notes,
    })
}

fn encode_state(state: &ComparedState) -> v1::ComparedState {
    let ComparedState {
        operator,
        source,
        snapshot_digest,
        baseline,
    } = state;
    v1::ComparedState {
        operator: operator.as_ref().map(encode_operator),
        source: source.as_ref().map(encode_source),
        snapshot_digest: snapshot_digest.clone(),
        baseline: baseline.as_ref().map(encode_baseline),
    }
}

fn decode_state(state: v1::ComparedState) -> Result<ComparedState, FieldError> {
    let source = state.source;
    Ok(ComparedState {
        operator: state.operator.map(decode_operator),
        source: source
            .map(|source| message("source", Some(source), decode_source))
            .transpose()?,
        snapshot_digest: state.snapshot_digest,
        baseline: state.baseline.map(decode_baseline),
    })
}

fn encode_difference(difference: &Difference) -> v1::Difference {
    let Difference {
        rights,
        connections,
        pods,
        objects,
        paths,
        findings,
        gains,
    } = difference;
    let tables = encode_connections(connections);
    v1::Difference {
        rights: rights.iter().map(encode_rights).collect(),
        peers: tables.peers,
        port_sets: tables.port_sets,
        connections: tables.connections,
        pods: pods.iter().map(encode_pods).collect(),
        objects: objects.iter().map(encode_object_difference).collect(),
        paths: paths.iter().map(encode_path).collect(),
        findings: findings.iter().map(encode_finding).collect(),
        gains: gains.iter().map(|gain| encode_gain(*gain)).collect(),
    }
}

fn decode_difference(difference: v1::Difference) -> Result<Difference, FieldError> {
    let tables = ConnectionTables {
        peers: difference.peers,
        port_sets: difference.port_sets,
        connections: difference.connections,
    };
    Ok(Difference {
        rights: each("rights", difference.rights, decode_rights)?,
        connections: decode_connections(tables)?,
        pods: each("pods", difference.pods, decode_pods)?,
        objects: each("objects", difference.objects, decode_object_difference)?,
        paths: each("paths", difference.paths, decode_path)?,
        findings: each("findings", difference.findings, decode_finding)?,
        gains: each("gains", difference.gains, |gain| decode_gain("gain", gain))?,
    })
}

/// A scope is sent as that of a grant is.
fn encode_rights(difference: &RightsDifference) -> v1::RightsDifference {
    let RightsDifference {
        service_account,
        scope,
        reach,
        rules,
    } = difference;
    let grant = encode_rights_grant(&RightsGrant {
        service_account: service_account.clone(),
        scope: scope.clone(),
        rules: Vec::new(),
    });
    v1::RightsDifference {
        service_account: grant.service_account,
        scope: grant.scope.map(|scope| match scope {
            rights_grant::Scope::Named(name) => rights_difference::Scope::Named(name),
            rights_grant::Scope::Namespaces(names) => rights_difference::Scope::Namespaces(names),
        }),
        reach: encode_reach(*reach),
        rules: rules
            .iter()
            .map(|rule| v1::RuleDifference {
                rule: Some(encode_rule(&rule.rule)),
                dangers: rule.dangers.iter().map(encode_danger).collect(),
            })
            .collect(),
    }
}

fn decode_rights(difference: v1::RightsDifference) -> Result<RightsDifference, FieldError> {
    let grant = decode_rights_grant(v1::RightsGrant {
        service_account: difference.service_account,
        scope: difference.scope.map(|scope| match scope {
            rights_difference::Scope::Named(name) => rights_grant::Scope::Named(name),
            rights_difference::Scope::Namespaces(names) => rights_grant::Scope::Namespaces(names),
        }),
        rules: Vec::new(),
    })?;
    Ok(RightsDifference {
        service_account: grant.service_account,
        scope: grant.scope,
        reach: decode_reach("reach", difference.reach)?,
        rules: each("rules", difference.rules, |rule| {
            Ok(RuleDifference {
                rule: message("rule", rule.rule, |rule| Ok(decode_rule(rule)))?,
                dangers: each("dangers", rule.dangers, decode_danger)?,
            })
        })?,
    })
}

fn encode_pods(difference: &PodDifference) -> v1::PodDifference {
    let PodDifference {
        component,
        level,
        other_level,
        settings,
    } = difference;
    v1::PodDifference {
        component: Some(encode_object(component)),
        level: encode_level(*level),
        other_level: encode_maybe(*other_level, encode_level),
        settings: settings
            .iter()
            .map(|setting| v1::PodSetting {
                level: encode_level(setting.level),
                field: setting.field.clone(),
                message: setting.message.clone(),
            })
            .collect(),
    }
}

fn decode_pods(difference: v1::PodDifference) -> Result<PodDifference, FieldError> {
    Ok(PodDifference {
        component: message("component", difference.component, |it| {
            Ok(decode_object(it))
        })?,
        level: decode_level("level", difference.level)?,
        other_level: decode_maybe("other_level", difference.other_level, decode_level)?,
        settings: each("settings", difference.settings, |setting| {
            Ok(PodSetting {
                level: decode_level("level", setting.level)?,
                field: setting.field,
                message: setting.message,
            })
        })?,
    })
}

fn encode_object_difference(difference: &ObjectDifference) -> v1::ObjectDifference {
    let ObjectDifference {
        aspect,
        object,
        what,
    } = difference;
    v1::ObjectDifference {
        aspect: encode_aspect(*aspect),
        object: Some(encode_object(object)),
        what: what.clone(),
    }
}

fn decode_object_difference(
    difference: v1::ObjectDifference,
) -> Result<ObjectDifference, FieldError> {
    Ok(ObjectDifference {
        aspect: decode_aspect("aspect", difference.aspect)?,
        object: message("object", difference.object, |it| Ok(decode_object(it)))?,
        what: difference.what,
    })
}

fn encode_finding(difference: &FindingDifference) -> v1::FindingDifference {
    let FindingDifference {
        rule,
        also,
        right,
        severity,
        status,
        other_severity,
        other_status,
        title,
        components,
        service_accounts,
    } = difference;
    v1::FindingDifference {
        rule: rule.clone(),
        also: also.clone(),
        right: right.clone(),
        severity: encode_severity(*severity),
        status: encode_finding_status(*status),
        other_severity: encode_maybe(*other_severity, encode_severity),
        other_status: encode_maybe(*other_status, encode_finding_status),
        title: title.clone(),
        components: components.iter().map(encode_object).collect(),
        service_accounts: service_accounts.iter().map(encode_account).collect(),
    }
}

fn decode_finding(difference: v1::FindingDifference) -> Result<FindingDifference, FieldError> {
    let accounts = difference.service_accounts.into_iter();
    let components = difference.components.into_iter();
    Ok(FindingDifference {
        rule: difference.rule,
        also: difference.also,
        right: difference.right,
        severity: decode_severity("severity", difference.severity)?,
        status: decode_finding_status("status", difference.status)?,
        other_severity: decode_maybe("other_severity", difference.other_severity, decode_severity)?,
        other_status: decode_maybe(
            "other_status",
            difference.other_status,
            decode_finding_status,
        )?,
        title: difference.title,
        components: components.map(decode_object).collect(),
        service_accounts: accounts.map(decode_account).collect(),
    })
}

fn encode_practice(change: &PracticeChange) -> v1::PracticeChange {
    let PracticeChange {
        number,
        name,
        before,
        after,
    } = change;
    v1::PracticeChange {
        number: u32::from(*number),
        name: name.clone(),
        before: encode_status(*before),
        after: encode_status(*after),
    }
}

fn decode_practice(change: v1::PracticeChange) -> Result<PracticeChange, FieldError> {
    let number = u8::try_from(change.number).map_err(|_| {
        let why = format!("{} is no practice", change.number);
        FieldError::new("number", Problem::Malformed(why))
    })?;
    Ok(PracticeChange {
        number,
        name: change.name,
        before: decode_status("before", change.before)?,
        after: decode_status("after", change.after)?,
    })
}
