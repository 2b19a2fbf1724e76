//! What two documents differ in, by the paths of their fields.

use serde_json::Value;

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// As in `spec.exemptions[2].reason`.
    pub(crate) path: String,
    /// The older value.
    pub(crate) before: Option<Value>,
    /// The newer one.
    pub(crate) after: Option<Value>,
}

/// The fields that differ, in the order of their paths. Items of lists are compared by position, but
/// that equal items at both ends are left out: one that was put in front changes no other.
pub(crate) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), Some(before), Some(after), &mut found);
    found
}

fn compare(
    path: String,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    let absent = |value: Option<&Value>| value.is_none_or(Value::is_null);
    match (before, after) {
        (before, after) if before == after || (absent(before) && absent(after)) => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let dot = if path.is_empty() { "" } else { "." };
                compare(
                    format!("{path}{dot}{key}"),
                    before.get(key),
                    after.get(key),
                    found,
                );
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            items(&path, before, after, found);
        }
        (before, after) => found.push(Difference {
            path,
            before: before.filter(|value| !value.is_null()).cloned(),
            after: after.filter(|value| !value.is_null()).cloned(),
        }),
    }
}

fn items(path: &str, before: &[Value], after: &[Value], found: &mut Vec<Difference>) {
    let equal = |pair: &(&Value, &Value)| pair.0 == pair.1;
    let start = before.iter().zip(after).take_while(equal).count();
    let rest = before.len().min(after.len()) - start;
    let ends = before.iter().rev().zip(after.iter().rev());
    let end = ends.take(rest).take_while(equal).count();
    let middle = |list: &'_ [Value]| list.len() - end;
    for index in start..middle(before).max(middle(after)) {
        let within = |list: &[Value]| index < list.len() - end;
        compare(
            format!("{path}[{index}]"),
            before.get(index).filter(|_| within(before)),
            after.get(index).filter(|_| within(after)),
            found,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(before: Value, after: Value) -> Vec<String> {
        let found = differences(&before, &after).into_iter();
        found.map(|one| one.path).collect()
    }

    #[test]
    fn a_field_that_differs_is_named_by_its_path() {
        let before = json!({"spec": {"failOn": "high", "exemptions": [{"rule": "OPSEC403", "reason": "a"}]}});
        let after =
            json!({"spec": {"failOn": "low", "exemptions": [{"rule": "OPSEC403", "reason": "b"}]}});
        assert_eq!(
            paths(before, after),
            ["spec.exemptions[0].reason", "spec.failOn"]
        );
    }

    #[test]
    fn equal_documents_differ_in_nothing() {
        let document = json!({"spec": {"rights": [1, 2], "failOn": null}});
        assert_eq!(
            paths(document, json!({"spec": {"rights": [1, 2]}})),
            [""; 0]
        );
    }

    #[test]
    fn an_item_that_is_put_in_front_changes_no_other() {
        assert_eq!(
            paths(json!({"a": [1, 2]}), json!({"a": [0, 1, 2]})),
            ["a[0]"]
        );
        assert_eq!(
            paths(json!({"a": [0, 1, 2]}), json!({"a": [1, 2]})),
            ["a[0]"]
        );
        assert_eq!(paths(json!({"a": [1, 1]}), json!({"a": [1]})), ["a[1]"]);
    }

    #[test]
    fn a_first_revision_differs_from_nothing_in_all() {
        let after = json!({"name": "x"});
        let found = differences(&Value::Null, &after);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].after, Some(after));
    }
}
