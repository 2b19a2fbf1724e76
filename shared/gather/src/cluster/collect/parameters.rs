//! The parameters that admission policies take.

use opsec_manifests::{LiveObjects, ParameterQuery};
use opsec_model::objects::LabelSelector;

use super::super::discover::Discovery;
use super::super::list::Query;

/// The lists that hold them. A kind that is not served has no objects.
pub(super) fn queries(objects: &LiveObjects, discovery: &Discovery) -> Vec<Query> {
    let parameters = objects.parameters();
    parameters
        .iter()
        .filter_map(|parameter| query(parameter, discovery))
        .collect()
}

fn query(parameter: &ParameterQuery, discovery: &Discovery) -> Option<Query> {
    let served = discovery.kinds.iter().find(|served| {
        served.group == parameter.group
            && served.version == parameter.version
            && served.kind == parameter.kind
    })?;
    let mut query = Query::all(
        &served.group,
        &served.version,
        &served.resource,
        &served.kind,
    );
    query.parameters = true;
    query.namespace.clone_from(&parameter.namespace);
    match &parameter.name {
        Some(name) => query.field_selector = Some(format!("metadata.name={name}")),
        None => query.label_selector = selector(&parameter.selector),
    }
    Some(query)
}

/// A selector as a query spells it; none selects everything.
fn selector(selector: &LabelSelector) -> Option<String> {
    let mut terms: Vec<String> = selector
        .match_labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    for expression in &selector.match_expressions {
        let (key, values) = (&expression.key, expression.values.join(","));
        terms.push(match expression.operator.as_str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.clone(),
            _ => format!("!{key}"),
        });
    }
    (!terms.is_empty()).then(|| terms.join(","))
}
