//! Labels and annotations that open a door: the author of a CRD writes them, so a denial that
//! spares objects that carry some denies nobody who has read it.

use std::collections::BTreeSet;
use std::sync::Arc;

use opsec_admission::probes::Probe;
use opsec_model::objects::ValidatingAdmissionPolicySpec;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::p5_crd_creation::asked::doubts;

/// More strings than this are not tried: every one is a key and a value.
const MOST_STRINGS: usize = 8;

/// A mark of an object, tried as label and as annotation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// The keys.
    pub(crate) keys: BTreeSet<String>,
    /// The value of each.
    pub(crate) value: String,
}

impl std::fmt::Display for Mark {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let marks: Vec<String> = self
            .keys
            .iter()
            .map(|key| format!("{key}={}", self.value))
            .collect();
        to.write_str(&marks.join(", "))
    }
}

/// A mark with which a denied creation certainly passes, of the strings that the policy's own
/// expressions name.
pub(crate) fn passes_with(context: &Context<'_>, policy: &str, probe: &Probe) -> Option<Mark> {
    let spec = context
        .facts
        .snapshot()
        .validating_admission_policies
        .iter()
        .find(|known| known.metadata.name == policy)
        .map(|known| &known.spec)?;
    marks(spec).into_iter().find(|mark| {
        let decision = context.admission.decide(&marked(probe, mark).request);
        !decision.is_denied() && doubts(context, &decision).is_empty()
    })
}

/// A probe whose CRD carries a mark.
pub(crate) fn marked(probe: &Probe, mark: &Mark) -> Probe {
    let mut probe = probe.clone();
    let pairs: Map<String, Value> = mark
        .keys
        .iter()
        .map(|key| (key.clone(), Value::String(mark.value.clone())))
        .collect();
    let metadata = Arc::make_mut(&mut probe.request.object)
        .pointer_mut("/metadata")
        .and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        metadata.insert("labels".to_owned(), json!(pairs));
        metadata.insert("annotations".to_owned(), json!(pairs));
    }
    probe
}

/// The marks worth trying; none where no expression looks at labels or annotations.
fn marks(spec: &ValidatingAdmissionPolicySpec) -> Vec<Mark> {
    let named = spec.match_conditions.iter().chain(&spec.variables);
    let expressions: Vec<&str> = named
        .map(|it| it.expression.as_str())
        .chain(spec.validations.iter().map(|it| it.expression.as_str()))
        .collect();
    let looks = |text: &&str| text.contains("labels") || text.contains("annotations");
    if !expressions.iter().any(looks) {
        return Vec::new();
    }
    let strings: BTreeSet<String> = expressions.iter().flat_map(|text| literals(text)).collect();
    let strings: BTreeSet<String> = strings
        .into_iter()
        .filter(|text| is_key(text))
        .take(MOST_STRINGS)
        .collect();
    let one_each = strings.iter().map(|key| BTreeSet::from([key.clone()]));
    let keys: Vec<BTreeSet<String>> = one_each.chain([strings.clone()]).collect();
    let values: BTreeSet<String> = strings
        .iter()
        .filter(|text| text.len() <= 63 && !text.contains('/'))
        .cloned()
        .chain(["true".to_owned()])
        .collect();
    keys.iter()
        .filter(|keys| !keys.is_empty())
        .flat_map(|keys| {
            values.iter().map(|value| Mark {
                keys: keys.clone(),
                value: value.clone(),
            })
        })
        .collect()
}

/// The strings that a CEL expression quotes; one with an escape is cut at it, which tries less.
fn literals(expression: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(char, String)> = None;
    for letter in expression.chars() {
        match &mut open {
            Some((quote, text)) if *quote == letter => {
                found.push(std::mem::take(text));
                open = None;
            }
            Some((_, text)) => text.push(letter),
            None if matches!(letter, '"' | '\'') => open = Some((letter, String::new())),
            None => {}
        }
    }
    found
}

/// Whether the API server takes a text as the key of a label.
fn is_key(text: &str) -> bool {
    let (prefix, name) = text.rsplit_once('/').unwrap_or(("x", text));
    let word = |text: &str, most: usize| {
        let outer = |letter: Option<char>| letter.is_some_and(|it| it.is_ascii_alphanumeric());
        text.len() <= most
            && outer(text.chars().next())
            && outer(text.chars().next_back())
            && text
                .chars()
                .all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.'))
    };
    word(prefix, 253) && word(name, 63)
}

#[cfg(test)]
mod tests {
    use opsec_model::objects::Validation;

    use super::*;

    fn of(expression: &str) -> Vec<String> {
        let spec = ValidatingAdmissionPolicySpec {
            validations: vec![Validation {
                expression: expression.to_owned(),
                ..Validation::default()
            }],
            ..ValidatingAdmissionPolicySpec::default()
        };
        marks(&spec).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn strings_of_an_expression_are_tried_as_keys_and_values() {
        let tried = of("object.metadata.labels['approved'] == \"yes\"");
        assert!(tried.contains(&"approved=yes".to_owned()), "{tried:?}");
        assert!(tried.contains(&"approved=true".to_owned()), "{tried:?}");
    }

    #[test]
    fn an_expression_that_looks_at_no_label_needs_no_trial() {
        assert!(of("request.userInfo.username != 'bob'").is_empty());
        assert!(of("has(object.metadata.labels)").is_empty());
    }

    #[test]
    fn what_no_label_can_be_is_not_tried() {
        for (text, expected) in [
            ("approved", true),
            ("example.com/approved", true),
            ("system:serviceaccounts:x", false),
            ("", false),
            ("-x", false),
        ] {
            assert_eq!(is_key(text), expected, "{text}");
        }
    }
}
