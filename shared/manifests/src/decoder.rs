//! A [`Node`] as serde reads it, so that the model's types are decoded without a tree between.
//!
//! INVARIANT: what is decoded is counted while it is decoded, each value with the size of its
//! type, so that a short text cannot become more than there is room for.

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Error;
use smol_str::SmolStr;

use crate::memory::Memory;
use crate::node::{Data, Member, Members, Node};

/// What a string takes beside its letters, and a value in a map beside itself.
const OVERHEAD: usize = 16;

/// Reads a value and what it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder<'a> {
    node: &'a Node,
    memory: &'a Memory,
}

impl<'a> Decoder<'a> {
    /// Reads a value, counted.
    pub(crate) fn new(node: &'a Node, memory: &'a Memory) -> Self {
        Self { node, memory }
    }

    fn below(self, node: &'a Node) -> Self {
        Self { node, ..self }
    }

    fn entries(self) -> Entries<'a> {
        let members = self.node.members();
        Entries {
            left: members.map_or_else(|| [].iter(), Members::iter),
            value: None,
            whole: self,
        }
    }

    fn unexpected(&self) -> Unexpected<'a> {
        match &self.node.data {
            Data::Null => Unexpected::Unit,
            Data::Bool(flag) => Unexpected::Bool(*flag),
            Data::Number(number) => Unexpected::Float(number.as_f64().unwrap_or_default()),
            Data::Text(text) => Unexpected::Str(text),
            Data::List(_) => Unexpected::Seq,
            Data::Object(_) => Unexpected::Map,
        }
    }
}

fn take(memory: &Memory, bytes: usize) -> Result<(), Error> {
    memory
        .take(bytes)
        .map_err(|_| Error::custom("there is no room for it"))
}

impl<'de> Deserializer<'de> for Decoder<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.data {
            Data::Null => visitor.visit_unit(),
            Data::Bool(flag) => visitor.visit_bool(*flag),
            Data::Number(number) => number.deserialize_any(visitor),
            Data::Text(text) => {
                take(self.memory, text.len() + OVERHEAD)?;
                visitor.visit_borrowed_str(text)
            }
            Data::List(items) => {
                let mut items = Items {
                    items: items.iter(),
                    whole: self,
                };
                let value = visitor.visit_seq(&mut items)?;
                match items.items.len() {
                    0 => Ok(value),
                    _ => Err(Error::custom("there are fewer items in it")),
                }
            }
            Data::Object(_) => visitor.visit_map(self.entries()),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.data {
            Data::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.node.data {
            Data::Object(_) => {
                MapAccessDeserializer::new(self.entries()).deserialize_enum(name, variants, visitor)
            }
            Data::Text(text) => {
                BorrowedStrDeserializer::new(text).deserialize_enum(name, variants, visitor)
            }
            _ => Err(Error::invalid_type(self.unexpected(), &"string or map")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// The items of a list.
struct Items<'a> {
    items: std::slice::Iter<'a, Node>,
    whole: Decoder<'a>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        take(self.whole.memory, size_of::<T::Value>())?;
        seed.deserialize(self.whole.below(item)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The members of an object.
struct Entries<'a> {
    left: std::slice::Iter<'a, (SmolStr, Member)>,
    value: Option<&'a Node>,
    whole: Decoder<'a>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((key, member)) = self.left.next() else {
            return Ok(None);
        };
        self.value = Some(&member.value);
        let key = Key {
            key,
            memory: self.whole.memory,
        };
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let value = self.value.take();
        let value = value.ok_or_else(|| Error::custom("a value without its key"))?;
        take(self.whole.memory, size_of::<V::Value>())?;
        seed.deserialize(self.whole.below(value))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

/// The key of a member.
struct Key<'a> {
    key: &'a str,
    memory: &'a Memory,
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.key)
    }

    /// The key of a map; that of a field is no more than its number.
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        take(self.memory, size_of::<String>() + self.key.len() + OVERHEAD)?;
        visitor.visit_borrowed_str(self.key)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Thing {
        name: String,
        #[serde(default)]
        count: Option<i32>,
        #[serde(default)]
        labels: BTreeMap<String, String>,
        #[serde(default)]
        kind: Option<Kind>,
        #[serde(default)]
        items: Vec<Thing>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Kind {
        Plain,
        Of(u8),
    }

    fn decoded<T: DeserializeOwned>(value: &Value, limit: u64) -> Result<T, String> {
        let node = Node::on_line(1, value.clone());
        let memory = Memory::new(limit);
        T::deserialize(Decoder::new(&node, &memory)).map_err(|error| error.to_string())
    }

    #[test]
    fn values_and_errors_are_those_of_json() {
        for value in [
            json!({"name": "a", "count": 3, "labels": {"x": "y"}, "kind": "Plain", "extra": [{}]}),
            json!({"name": "a", "count": null, "kind": {"Of": 3}, "items": [{"name": "b"}]}),
            json!(["a", 1]),
            json!(["a", 1, {}, null, [], 2]),
            json!({}),
            json!({"name": 1}),
            json!({"name": null}),
            json!({"name": "a", "count": 1.5}),
            json!({"name": "a", "count": 5_000_000_000_u64}),
            json!({"name": "a", "labels": ["x"]}),
            json!({"name": "a", "labels": {"x": {}}}),
            json!({"name": "a", "items": {}}),
            json!({"name": "a", "items": "x"}),
            json!({"name": "a", "kind": "Other"}),
            json!({"name": "a", "kind": true}),
            json!({"name": true}),
            json!(null),
            json!("x"),
        ] {
            let wanted = Thing::deserialize(&value).map_err(|error| error.to_string());
            let found = decoded::<Thing>(&value, 10_000);
            // Of a list that is too long only the number is told otherwise.
            match (&wanted, &found) {
                (Err(one), Err(other)) if one.contains("fewer") => {
                    assert!(other.contains("fewer"), "{value}: {other}");
                }
                _ => assert_eq!(found, wanted, "{value}"),
            }
        }
    }

    #[test]
    fn what_is_decoded_takes_no_more_than_there_is_room_for() {
        let many = json!({"name": "a", "items": vec![json!({"name": ""}); 1000]});
        let bytes = 1000 * size_of::<Thing>() as u64;
        let error = decoded::<Thing>(&many, bytes).unwrap_err();
        assert!(error.contains("no room"), "{error}");
        assert!(decoded::<Thing>(&many, 2 * bytes).is_ok());
        let labels: BTreeMap<_, _> = (0..100).map(|n| (n.to_string(), "")).collect();
        assert!(decoded::<Thing>(&json!({"name": "a", "labels": labels}), 4000).is_err());
        assert!(decoded::<Thing>(&json!({"name": "a".repeat(5000)}), 4000).is_err());
        assert!(decoded::<Thing>(&json!({"name": "a", "extra": "a".repeat(5000)}), 4000).is_ok());
    }
}
