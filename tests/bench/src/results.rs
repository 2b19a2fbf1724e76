//! Whether a command did what it was timed for. A figure of a run that did less is no figure.

use std::collections::BTreeSet;

use serde_json::Value;

/// How many practices a report has.
const PRACTICES: usize = 6;

/// The report on one operator, by its display name.
///
/// # Errors
/// When the output is no such report.
pub(crate) fn report(output: &[u8], operator: &str) -> Result<String, String> {
    let report = document(output, "Report")?;
    judged(&report)?;
    match name(&report) {
        Some(found) if found == operator => Ok("1 report".to_owned()),
        found => Err(format!("a report on {found:?}, and not on `{operator}`")),
    }
}

/// A report on each of these operators.
///
/// # Errors
/// When the output has more or fewer.
pub(crate) fn reports(output: &[u8], operators: &BTreeSet<String>) -> Result<String, String> {
    let list = document(output, "ReportList")?;
    let items = items(&list, "items")?;
    items.iter().try_for_each(judged)?;
    let found: BTreeSet<String> = items.iter().filter_map(name).collect();
    let differ: Vec<_> = found.symmetric_difference(operators).cloned().collect();
    if differ.is_empty() && !found.is_empty() && found.len() == items.len() {
        return Ok(format!("{} reports", found.len()));
    }
    let differ = differ.join(", ");
    Err(format!(
        "{} reports on {} operators; judged and listed differ in: {differ}",
        items.len(),
        operators.len()
    ))
}

/// The names of the operators that `list` names.
///
/// # Errors
/// When the output is no list of operators.
pub(crate) fn operators(output: &[u8]) -> Result<BTreeSet<String>, String> {
    let list = document(output, "OperatorList")?;
    let named = items(&list, "items")?.iter();
    Ok(named
        .filter_map(|operator| operator.get("name")?.as_str().map(str::to_owned))
        .collect())
}

/// The connections, beside the number expected.
///
/// # Errors
/// When the output is no list of them, or has far fewer.
pub(crate) fn connections(output: &[u8], expected: usize) -> Result<String, String> {
    let list = document(output, "ConnectionList")?;
    connected(items(&list, "connections")?.len(), expected)
}

/// As [`connections()`], of an output with a line a connection.
///
/// # Errors
/// When the output has far fewer.
pub(crate) fn arrow_lines(output: &[u8], expected: usize) -> Result<String, String> {
    connected(arrows(&String::from_utf8_lossy(output)), expected)
}

/// How many lines are connections.
pub(crate) fn arrows(text: &str) -> usize {
    text.lines().filter(|line| line.contains(" => ")).count()
}

/// The same connections can be cut into ranges in more than one way, so that the numbers agree
/// only roughly. A tenth fewer is no other cut.
fn connected(found: usize, expected: usize) -> Result<String, String> {
    let said = format!("{found} connections of {expected}");
    if found * 10 >= expected * 9 {
        Ok(said)
    } else {
        Err(said)
    }
}

/// Kinds with pods, which kube-score scores whatever else it does.
const WORKLOADS: [&str; 6] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Pod",
    "StatefulSet",
];

/// How many objects with pods a file has, by the lines that name their kind.
pub(crate) fn workloads(text: &str) -> usize {
    let kinds = text.lines().filter_map(|line| line.strip_prefix("kind:"));
    let kinds = kinds.map(|kind| kind.trim().trim_matches('"'));
    kinds.filter(|kind| WORKLOADS.contains(kind)).count()
}

/// The objects that kube-score scored, and that so many with pods are among them: it names files
/// by what templates wrote above the objects, so that files cannot be counted.
///
/// # Errors
/// When the output is no list of them, or lacks some with pods.
pub(crate) fn scored_objects(output: &[u8], expected: usize) -> Result<String, String> {
    let list = json(output)?;
    let objects = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let kinds = objects.iter().filter_map(|object| {
        let kind = object.get("type_meta")?.get("kind")?;
        kind.as_str()
    });
    let found = kinds.filter(|kind| WORKLOADS.contains(kind)).count();
    let said = format!("{} objects, {found} workloads", objects.len());
    if found == expected && found > 0 {
        Ok(said)
    } else {
        Err(format!("{said}; the files have {expected}"))
    }
}

fn judged(report: &Value) -> Result<(), String> {
    let practices = items(report, "practices")?.len();
    if practices == PRACTICES {
        Ok(())
    } else {
        Err(format!("a report of {practices} practices"))
    }
}

fn name(report: &Value) -> Option<String> {
    Some(report.get("operator")?.get("name")?.as_str()?.to_owned())
}

fn document(output: &[u8], kind: &str) -> Result<Value, String> {
    let document = json(output)?;
    match document.get("kind").and_then(Value::as_str) {
        Some(found) if found == kind => Ok(document),
        found => Err(format!("a document of kind {found:?}, and not `{kind}`")),
    }
}

fn json(output: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(output).map_err(|error| format!("the output is no JSON: {error}"))
}

fn items<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], String> {
    let items = value.get(key).and_then(Value::as_array);
    items
        .map(Vec::as_slice)
        .ok_or_else(|| format!("the output has no list `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(operator: &str, practices: usize) -> Value {
        let practices = vec![json!({}); practices];
        json!({ "kind": "Report", "operator": { "name": operator }, "practices": practices })
    }

    fn bytes(value: &Value) -> Vec<u8> {
        value.to_string().into_bytes()
    }

    #[test]
    fn a_report_counts_when_it_is_whole_and_on_the_operator() {
        let of = |value: &Value| report(&bytes(value), "keda-operator");
        assert_eq!(of(&one("keda-operator", 6)).unwrap(), "1 report");
        assert!(of(&one("keda-operator", 5)).is_err());
        assert!(of(&one("metallb", 6)).is_err());
        assert!(of(&json!({ "kind": "ReportList", "items": [] })).is_err());
        assert!(report(b"", "keda-operator").is_err());
    }

    #[test]
    fn every_listed_operator_has_a_report() {
        let listed = json!({ "kind": "OperatorList", "items": [{ "name": "a" }, { "name": "b" }] });
        let listed = operators(&bytes(&listed)).unwrap();
        let of = |items: &[Value]| {
            let list = json!({ "kind": "ReportList", "items": items });
            reports(&bytes(&list), &listed)
        };
        assert_eq!(of(&[one("a", 6), one("b", 6)]).unwrap(), "2 reports");
        let lacks = of(&[one("a", 6)]).unwrap_err();
        assert!(lacks.ends_with(": b"), "{lacks}");
        assert!(of(&[one("a", 6), one("b", 6), one("b", 6)]).is_err());
        assert!(of(&[one("a", 6), one("b", 6), one("c", 6)]).is_err());
        assert!(of(&[one("a", 6), one("b", 0)]).is_err());
    }

    #[test]
    fn connections_may_be_cut_otherwise_and_not_left_out() {
        let of = |number: usize| {
            let list = json!({ "kind": "ConnectionList", "connections": vec![json!({}); number] });
            connections(&bytes(&list), 100)
        };
        assert_eq!(of(100).unwrap(), "100 connections of 100");
        assert!(of(150).is_ok());
        assert!(of(90).is_ok());
        assert!(of(89).is_err());
        assert!(arrow_lines(b"a => b : TCP 80\nWarning: c\n", 1).is_ok());
        assert!(arrow_lines(b"Warning: c\n", 1).is_err());
    }

    #[test]
    fn every_workload_is_scored_or_it_is_no_run() {
        let text = "kind: Deployment\n---\nkind: \"Job\"\n---\nkind: Service\nspec:\n  kind: Pod\n";
        let expected = workloads(text);
        assert_eq!(expected, 2);
        let of = |kinds: &[&str]| {
            let object = |kind: &&str| json!({ "type_meta": { "kind": kind } });
            let list: Vec<Value> = kinds.iter().map(object).collect();
            scored_objects(&bytes(&json!(list)), expected)
        };
        let said = "3 objects, 2 workloads";
        assert_eq!(of(&["Deployment", "Job", "Service"]).unwrap(), said);
        assert!(of(&["Deployment", "Service"]).is_err());
        assert!(of(&[]).is_err());
        assert!(scored_objects(b"null", 0).is_err());
    }
}
