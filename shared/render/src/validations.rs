//! Whether rights stay within what is declared, a declaration at a time.

use std::io;

use anstyle::Style;
use opsec_model::RightsGrant;
use opsec_model::declared_rights::{GrantScope, ScopeName};
use opsec_model::objects::PolicyRule;
use opsec_model::validation::{ConditionStatus, Validation, ValidationList};

use crate::page::{GREEN, Page, RED, Span, YELLOW};
use crate::words::count;

pub(crate) fn write(list: &ValidationList, page: &mut Page<'_>) -> io::Result<()> {
    for (place, validation) in list.items.iter().enumerate() {
        if place > 0 {
            page.blank()?;
        }
        one(validation, page)?;
    }
    Ok(())
}

fn one(validation: &Validation, page: &mut Page<'_>) -> io::Result<()> {
    let (word, style) = outcome(validation);
    page.line(&[
        Span::bold(format!("OperatorRights/{}", validation.name)),
        Span::plain(" · "),
        Span::styled(word, style),
        Span::plain(format!(
            " · operator {}, mode {}",
            validation.operator, validation.mode
        )),
    ])?;
    for condition in &validation.conditions {
        let status = condition.status.as_str();
        let text = format!("{status} ({}): {}", condition.reason, condition.message);
        page.labelled(&condition.kind.to_lowercase(), &text)?;
    }
    grants("undeclared", &validation.excess, page)?;
    grants("not held", &validation.not_assigned, page)
}

/// What it comes to, in a word that needs no colour.
fn outcome(validation: &Validation) -> (&'static str, Style) {
    use ConditionStatus::{False, True, Unknown};
    match (
        validation.condition("Validated"),
        validation.condition("Excess"),
    ) {
        (_, True) => ("EXCEEDED", RED),
        (False, _) => ("NOT VALID", RED),
        (Unknown, _) | (_, Unknown) => ("UNKNOWN", YELLOW),
        (True, False) => ("WITHIN", GREEN),
    }
}

fn grants(label: &str, grants: &[RightsGrant], page: &mut Page<'_>) -> io::Result<()> {
    let mut label = label;
    for grant in grants {
        let what: Vec<String> = grant.rules.iter().map(rule).collect();
        let rules = count(grant.rules.len(), "rule");
        let (account, place) = (&grant.service_account, scope(&grant.scope));
        page.labelled(label, &format!("{account}, {place}: {rules}"))?;
        label = "";
        for what in what {
            page.labelled("", &format!("- {what}"))?;
        }
    }
    Ok(())
}

pub(crate) fn scope(scope: &GrantScope) -> String {
    match scope {
        GrantScope::Named(ScopeName::Cluster) => "cluster-wide".to_owned(),
        GrantScope::Named(ScopeName::Intended) => "in its intended namespaces".to_owned(),
        GrantScope::Named(ScopeName::Own) => "in its own namespace".to_owned(),
        GrantScope::Namespaces { namespaces } => format!("in {}", namespaces.join(", ")),
    }
}

/// `get, list secrets`, with the groups that are not the core one, and the names.
pub(crate) fn rule(rule: &PolicyRule) -> String {
    let verbs = rule.verbs.join(", ");
    if rule.resources.is_empty() {
        return format!("{verbs} {}", rule.non_resource_urls.join(", "));
    }
    let groups: Vec<&str> = rule
        .api_groups
        .iter()
        .map(|group| if group.is_empty() { "core" } else { group })
        .collect();
    let of = match groups.as_slice() {
        ["core"] => String::new(),
        groups => format!(" of {}", groups.join(", ")),
    };
    let called = if rule.resource_names.is_empty() {
        String::new()
    } else {
        format!(" called {}", rule.resource_names.join(", "))
    };
    format!("{verbs} {}{of}{called}", rule.resources.join(", "))
}
