//! Label selectors. <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/>

use opsec_model::objects::LabelSelector;

use super::names::{is_label_value, is_qualified_name, label};
use crate::invalid::{Check, Invalid};

/// Checks a selector that stands at `field`.
pub(crate) fn selector(field: &str, selector: &LabelSelector) -> Check {
    for (key, value) in &selector.match_labels {
        label(&format!("{field}.matchLabels"), key, value)?;
    }
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        let field = format!("{field}.matchExpressions[{index}]");
        let empty = requirement.values.is_empty();
        match requirement.operator.as_str() {
            "In" | "NotIn" if empty => {
                let reason = format!("`{}` needs values", requirement.operator);
                return Err(Invalid::new(format!("{field}.values"), reason));
            }
            "Exists" | "DoesNotExist" if !empty => {
                let reason = format!("`{}` takes no values", requirement.operator);
                return Err(Invalid::new(format!("{field}.values"), reason));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                let reason =
                    format!("`{other}` is not an operator (In, NotIn, Exists, DoesNotExist)");
                return Err(Invalid::new(format!("{field}.operator"), reason));
            }
        }
        if !is_qualified_name(&requirement.key) {
            let reason = format!("`{}` is not a label's key", requirement.key);
            return Err(Invalid::new(format!("{field}.key"), reason));
        }
        if let Some(value) = requirement
            .values
            .iter()
            .find(|value| !is_label_value(value))
        {
            let reason = format!("`{value}` is not a label's value");
            return Err(Invalid::new(format!("{field}.values"), reason));
        }
    }
    Ok(())
}

/// Checks a selector that may be absent.
pub(crate) fn optional(field: &str, given: Option<&LabelSelector>) -> Check {
    given.map_or(Ok(()), |given| selector(field, given))
}
