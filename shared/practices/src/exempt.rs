//! Exemptions: a finding that is accepted stays visible, with who, why and until when.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use opsec_model::baseline::Exemption;
use opsec_model::report::AcceptedBy;
use opsec_model::{EffectiveBaseline, Finding, Notice, NoticeCode};

/// The exemptions of a baseline at a time, and which of them were of use.
#[derive(Debug)]
pub(crate) struct Exemptions<'a> {
    all: &'a [Exemption],
    today: Date,
    used: Vec<bool>,
}

impl<'a> Exemptions<'a> {
    pub(crate) fn new(baseline: &'a EffectiveBaseline, now: Timestamp) -> Self {
        let all = baseline.exemptions();
        let today = TimeZone::UTC.to_datetime(now).date();
        Self {
            all,
            today,
            used: vec![false; all.len()],
        }
    }

    /// The rules of a finding that are accepted, with the first exemption that does.
    pub(crate) fn accept(&mut self, finding: &Finding) -> Option<AcceptedBy> {
        let mut accepted: Option<AcceptedBy> = None;
        for (exemption, used) in self.all.iter().zip(&mut self.used) {
            let named = finding.rule == exemption.rule || finding.also.contains(&exemption.rule);
            if !named || !matches(exemption, finding) {
                continue;
            }
            *used = true;
            // It holds through the last day that it names.
            if self.today > exemption.expires {
                continue;
            }
            let by = accepted.get_or_insert_with(|| AcceptedBy {
                owner: exemption.owner.clone(),
                reason: exemption.reason.clone(),
                expires: exemption.expires.to_string(),
                rules: Vec::new(),
            });
            if !by.rules.contains(&exemption.rule) {
                by.rules.push(exemption.rule.clone());
            }
        }
        accepted
    }

    /// What is to be said about the exemptions once every finding has been seen.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        for ((index, exemption), used) in self.all.iter().enumerate().zip(&self.used) {
            let name = format!("exemption {index} for {}", exemption.rule);
            if self.today > exemption.expires {
                notices.push(Notice::new(
                    NoticeCode::ExpiredExemption,
                    format!("{name} expired on {} and counts no more", exemption.expires),
                ));
            } else if !used {
                notices.push(Notice::new(
                    NoticeCode::StaleExemption,
                    format!("{name} matches no finding; remove it"),
                ));
            } else if exemption.scope.is_empty() {
                notices.push(Notice::new(
                    NoticeCode::BroadExemption,
                    format!("{name} has no `where`: it accepts every finding of the rule"),
                ));
            }
        }
        notices
    }
}

/// Whether a finding is meant: everything that the exemption names must match.
fn matches(exemption: &Exemption, finding: &Finding) -> bool {
    let scope = &exemption.scope;
    let account = scope.service_account.as_ref().is_none_or(|wanted| {
        !finding.service_accounts.is_empty()
            && finding
                .service_accounts
                .iter()
                .all(|account| account.to_string() == *wanted)
    });
    let component = scope.component.as_ref().is_none_or(|wanted| {
        !finding.components.is_empty()
            && finding
                .components
                .iter()
                .all(|component| component.name == *wanted)
    });
    let right = scope
        .right
        .as_ref()
        .is_none_or(|wanted| finding.right.as_deref() == Some(wanted.as_str()));
    let object = scope.object.as_ref().is_none_or(|wanted| {
        finding
            .evidence
            .iter()
            .any(|evidence| evidence.object.to_string() == *wanted)
    });
    account && component && right && object && in_namespace(exemption, finding)
}

fn in_namespace(exemption: &Exemption, finding: &Finding) -> bool {
    let Some(wanted) = exemption.scope.namespace.as_deref() else {
        return true;
    };
    let accounts = finding
        .service_accounts
        .iter()
        .map(|account| account.namespace.as_str());
    let components = finding
        .components
        .iter()
        .filter_map(|component| component.namespace.as_deref());
    let objects = finding
        .evidence
        .iter()
        .filter_map(|evidence| evidence.object.namespace.as_deref());
    let mut subjects: Vec<&str> = accounts.chain(components).collect();
    if subjects.is_empty() {
        subjects = objects.collect();
    }
    !subjects.is_empty() && subjects.into_iter().all(|namespace| namespace == wanted)
}
