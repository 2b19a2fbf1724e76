//! What an operator consists of.

use std::io;

use opsec_model::report::{AccountSummary, ComponentSummary, OperatorList, OperatorSummary};

use crate::page::{Page, Span};
use crate::words::{count, some};

/// How many kinds are named before they are counted.
const KINDS: usize = 8;

pub(crate) fn write(list: &OperatorList, page: &mut Page<'_>) -> io::Result<()> {
    if list.items.is_empty() {
        return page.line(&[Span::plain("no operator found")]);
    }
    for operator in &list.items {
        let mut spans = vec![Span::bold(operator.name.as_str())];
        if !operator.namespaces.is_empty() {
            let namespaces = some(&operator.namespaces, KINDS);
            spans.push(Span::plain(format!(" · in {namespaces}")));
        }
        page.line(&spans)?;
        if !operator.why.is_empty() {
            page.labelled("why", &operator.why)?;
        }
        consists_of(operator, page)?;
        page.blank()?;
    }
    page.line(&[Span::plain(count(list.items.len(), "operator"))])
}

/// Components, accounts, kinds and namespaces, a labelled row each.
pub(crate) fn consists_of(operator: &OperatorSummary, page: &mut Page<'_>) -> io::Result<()> {
    let components: Vec<String> = operator.components.iter().map(component).collect();
    let accounts: Vec<String> = operator.service_accounts.iter().map(account).collect();
    let rows = [
        ("components", components.join(", ")),
        ("accounts", accounts.join(", ")),
        ("kinds", some(&operator.owned_kinds, KINDS)),
        ("presumed", presumed(&operator.presumed_own_groups)),
        ("works in", operator.intended_namespaces.join(", ")),
    ];
    for (label, text) in rows {
        page.labelled(label, &text)?;
    }
    Ok(())
}

fn component(component: &ComponentSummary) -> String {
    let hook = if component.hook { " (hook)" } else { "" };
    format!(
        "{}/{}/{}{hook}",
        component.kind, component.namespace, component.name
    )
}

fn account(account: &AccountSummary) -> String {
    let idle = if account.workload {
        ""
    } else {
        " (no workload here)"
    };
    format!("{}/{}{idle}", account.namespace, account.name)
}

fn presumed(groups: &[String]) -> String {
    if groups.is_empty() {
        return String::new();
    }
    format!("{} (own groups without a CRD here)", groups.join(", "))
}
