//! One page of a list.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// What a list answers, beside its objects.
#[derive(Debug, Default)]
pub(super) struct Page {
    kind: String,
    pub(super) metadata: PageMetadata,
}

impl Page {
    /// Reads a page, and gives away its objects one by one: all of them at once are several times
    /// as large as their text.
    pub(super) fn read(body: &[u8], each: impl FnMut(Value)) -> serde_json::Result<Self> {
        let mut json = serde_json::Deserializer::from_slice(body);
        let page = json.deserialize_any(Whole(each))?;
        json.end()?;
        Ok(page)
    }

    /// Whether it is one at all. What is no list does not say that there is nothing.
    pub(super) fn is_list(&self) -> bool {
        self.kind.ends_with("List")
    }
}

/// A whole page.
struct Whole<F>(F);

impl<'de, F: FnMut(Value)> Visitor<'de> for Whole<F> {
    type Value = Page;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Page, A::Error> {
        let mut page = Page::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "kind" => page.kind = map.next_value()?,
                "metadata" => page.metadata = map.next_value()?,
                "items" => map.next_value_seed(Items(&mut self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(page)
    }

    /// JSON, and no page.
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Page, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Page::default())
    }
}

/// Its objects; null where Go had an empty list.
struct Items<'a, F>(&'a mut F);

impl<'de, F: FnMut(Value)> DeserializeSeed<'de> for Items<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Value)> Visitor<'de> for Items<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            (self.0)(item);
        }
        Ok(())
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

    /// The number of objects, or none when it is no list.
    fn read(text: &str) -> (Page, usize) {
        let mut count = 0;
        let page = Page::read(text.as_bytes(), |_| count += 1).unwrap();
        (page, count)
    }

    #[test]
    fn a_list_without_items_is_empty_and_what_is_no_list_is_not() {
        let (page, count) = read(r#"{"kind":"PodList","metadata":{"continue":"x"},"items":null}"#);
        assert_eq!(page.metadata.next.as_deref(), Some("x"));
        assert!(page.is_list());
        assert_eq!(count, 0);
        for text in [
            "{}",
            "[1]",
            r#"{"kind":"Status","items":[]}"#,
            r#"{"items":[]}"#,
        ] {
            assert!(!read(text).0.is_list(), "{text}");
        }
    }

    #[test]
    fn every_object_is_given_wherever_the_items_stand() {
        let (page, count) = read(r#"{"items":[{"a":1},{"b":[2]}],"more":{},"kind":"PodList"}"#);
        assert!(page.is_list());
        assert_eq!(count, 2);
        assert_eq!(page.metadata.next, None);
    }

    #[test]
    fn what_ends_early_or_is_no_object_is_an_error() {
        let error = |text: &str| Page::read(text.as_bytes(), drop).unwrap_err();
        assert!(error(r#"{"kind":"PodList","items":[{"a":1},{"b""#).is_eof());
        for text in ["1", r#"{"items":{}}"#, r#"{"kind":"PodList"} more"#] {
            assert!(!error(text).is_eof(), "{text}");
        }
    }
}
