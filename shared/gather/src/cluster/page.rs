//! One page of a list.

use serde::Deserialize;
use serde_json::Value;

/// What a list answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Page {
    kind: String,
    pub(super) metadata: PageMetadata,
    /// Null where Go had an empty list.
    items: Option<Vec<Value>>,
}

impl Page {
    /// Its objects; none when it is no list. What is no list does not say that there are none.
    pub(super) fn items(&mut self) -> Option<Vec<Value>> {
        let items = self.items.take();
        self.kind
            .ends_with("List")
            .then(|| items.unwrap_or_default())
    }
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
    fn a_list_without_items_is_empty_and_what_is_no_list_is_not() {
        let read = |text| serde_json::from_str::<Page>(text).unwrap();
        let mut page = read(r#"{"kind":"PodList","metadata":{"continue":"x"},"items":null}"#);
        assert_eq!(page.metadata.next.as_deref(), Some("x"));
        assert_eq!(page.items(), Some(Vec::new()));
        for text in ["{}", r#"{"kind":"Status","items":[]}"#, r#"{"items":[]}"#] {
            assert_eq!(read(text).items(), None, "{text}");
        }
    }
}
