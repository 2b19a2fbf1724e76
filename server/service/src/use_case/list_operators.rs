//! The operators of an input, by id.

use opsec_model::{OperatorSummary, Snapshot};

use crate::failure::Failure;
use crate::use_case::check::guarded;

/// The operators, each with its id, in the order of the ids.
pub(crate) fn list_operators(
    snapshot: &Snapshot,
) -> Result<Vec<(String, OperatorSummary)>, Failure> {
    let operators = guarded(|| opsec_practices::list_operators(snapshot))?;
    let mut identified: Vec<_> = operators
        .into_iter()
        .map(|operator| (id(&operator), operator))
        .collect();
    identified.sort();
    Ok(identified)
}

/// `NAMESPACE~NAME`: the least of its namespaces, and its name with other bytes as `%XX`.
pub(crate) fn id(operator: &OperatorSummary) -> String {
    let namespace = operator.namespaces.iter().min().map_or("", String::as_str);
    let mut id = format!("{namespace}~");
    for byte in operator.name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-') {
            id.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            // Writing to a String cannot fail.
            let _ = write!(id, "%{byte:02X}");
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_two_operators_of_one_name_apart() {
        let operator = |name: &str, namespaces: &[&str]| OperatorSummary {
            name: name.to_owned(),
            namespaces: namespaces.iter().map(ToString::to_string).collect(),
            ..OperatorSummary::default()
        };
        assert_eq!(id(&operator("cert-manager", &["b", "a"])), "a~cert-manager");
        assert_eq!(id(&operator("a b/ü", &["x"])), "x~a%20b%2F%C3%BC");
    }
}
