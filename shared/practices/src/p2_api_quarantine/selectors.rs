//! Whether one label selector certainly selects no more than another.

use opsec_model::objects::{LabelSelector, LabelSelectorRequirement};

/// Whether everything that the narrow selector selects, the wide one selects too. False also when
/// it merely cannot be told.
pub(crate) fn within(narrow: &LabelSelector, wide: &LabelSelector) -> bool {
    wide.match_labels.iter().all(|(key, value)| {
        values_of(narrow, key).is_some_and(|values| values.iter().all(|allowed| *allowed == value))
    }) && wide
        .match_expressions
        .iter()
        .all(|requirement| implies(narrow, requirement))
}

fn implies(narrow: &LabelSelector, wanted: &LabelSelectorRequirement) -> bool {
    let key = wanted.key.as_str();
    let values = values_of(narrow, key);
    let said = |operator: &str| {
        narrow
            .match_expressions
            .iter()
            .filter(move |own| own.key == key && own.operator == operator)
            .collect::<Vec<_>>()
    };
    match wanted.operator.as_str() {
        "In" => values.is_some_and(|values| values.iter().all(|v| wanted.values.contains(v))),
        "Exists" => values.is_some() || !said("Exists").is_empty(),
        "DoesNotExist" => !said("DoesNotExist").is_empty(),
        "NotIn" => {
            values.is_some_and(|values| values.iter().all(|v| !wanted.values.contains(v)))
                || !said("DoesNotExist").is_empty()
                || said("NotIn")
                    .iter()
                    .any(|own| wanted.values.iter().all(|value| own.values.contains(value)))
        }
        _ => false,
    }
}

/// The values that a selected object's label can have; none when the selector does not say that
/// it has one of a list.
fn values_of<'s>(selector: &'s LabelSelector, key: &str) -> Option<Vec<&'s String>> {
    if let Some(value) = selector.match_labels.get(key) {
        return Some(vec![value]);
    }
    selector
        .match_expressions
        .iter()
        .find(|requirement| requirement.key == key && requirement.operator == "In")
        .map(|requirement| requirement.values.iter().collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn expression(operator: &str, values: &[&str]) -> LabelSelector {
        LabelSelector {
            match_expressions: vec![LabelSelectorRequirement {
                key: "k".into(),
                operator: operator.into(),
                values: values.iter().map(ToString::to_string).collect(),
            }],
            ..LabelSelector::default()
        }
    }

    fn label(value: &str) -> LabelSelector {
        LabelSelector {
            match_labels: BTreeMap::from([("k".to_owned(), value.to_owned())]),
            ..LabelSelector::default()
        }
    }

    fn all() -> Vec<LabelSelector> {
        let lists: [&[&str]; 3] = [&["a"], &["b"], &["a", "b"]];
        let mut selectors = vec![LabelSelector::default(), label("a"), label("b"), label("c")];
        for operator in ["In", "NotIn"] {
            selectors.extend(lists.iter().map(|values| expression(operator, values)));
        }
        selectors.extend([expression("Exists", &[]), expression("DoesNotExist", &[])]);
        selectors
    }

    #[test]
    fn a_selector_is_within_another_exactly_when_it_selects_no_more() {
        let objects: Vec<BTreeMap<String, String>> = ["a", "b", "c", "d"]
            .iter()
            .map(|value| BTreeMap::from([("k".to_owned(), (*value).to_owned())]))
            .chain([BTreeMap::new()])
            .collect();
        for narrow in all() {
            for wide in all() {
                let no_more = objects
                    .iter()
                    .all(|o| !narrow.matches(o) || wide.matches(o));
                assert_eq!(within(&narrow, &wide), no_more, "{narrow:?} in {wide:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_told_is_not_within() {
        let other = LabelSelector {
            match_labels: BTreeMap::from([("x".to_owned(), "a".to_owned())]),
            ..LabelSelector::default()
        };
        assert!(!within(&other, &label("a")));
        assert!(!within(&label("a"), &expression("Like", &["a"])));
    }
}
