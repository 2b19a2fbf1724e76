//! One page of a list.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What a list answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Page {
    pub(super) metadata: PageMetadata,
    #[serde(deserialize_with = "null_is_none")]
    pub(super) items: Vec<Value>,
}

/// The metadata of no objects is answered as `null`, not as a list of none.
fn null_is_none<'de, D: Deserializer<'de>>(items: D) -> Result<Vec<Value>, D::Error> {
    Ok(Option::deserialize(items)?.unwrap_or_default())
}

/// Where the next page begins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageMetadata {
    #[serde(rename = "continue")]
    pub(super) next: Option<String>,
}

/// A query's value, so that no character of it ends it.
pub(super) fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_query_is_escaped() {
        assert_eq!(escape("a=b&c d/é"), "a%3Db%26c%20d%2F%C3%A9");
    }

    #[test]
    fn a_list_without_items_is_empty() {
        // The second is what an API server answers of metadata where no object is.
        for text in [
            r#"{"metadata":{"continue":"x"}}"#,
            r#"{"metadata":{"continue":"x"},"items":null}"#,
        ] {
            let page: Page = serde_json::from_str(text).unwrap();
            assert_eq!(page.metadata.next.as_deref(), Some("x"));
            assert!(page.items.is_empty());
        }
    }
}
