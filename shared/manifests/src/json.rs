//! JSON values that follow each other without a separator, which is no YAML.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use smol_str::SmolStr;

use crate::compose::Fault;
use crate::input::Limits;
use crate::node::{Data, Member, Members, Node};
use crate::split::Chunk;
use crate::text::narrow;

/// The values of a document, each with the line on which it begins; none when it is no JSON.
/// `nodes` counts the values of all input so far.
pub(crate) fn values(
    chunk: Chunk<'_>,
    limits: &Limits,
    nodes: &mut usize,
) -> Result<Option<Vec<Node>>, Fault> {
    // What is JSON is found out before anything is kept, and where each value ends.
    let mut stream = serde_json::Deserializer::from_str(chunk.text).into_iter::<IgnoredAny>();
    let mut values = Vec::new();
    let (mut line, mut counted) = (chunk.first_line, 0);
    loop {
        let from = stream.byte_offset();
        match stream.next() {
            Some(Ok(IgnoredAny)) => {}
            Some(Err(_)) => return Ok(None),
            None => return Ok(Some(values)),
        }
        let text = chunk.text.get(from..stream.byte_offset()).unwrap_or("");
        let start = from + (text.len() - text.trim_start().len());
        let between = chunk.text.get(counted..start).unwrap_or("");
        line = line.saturating_add(narrow(between.matches('\n').count()));
        counted = start;
        let mut fault = None;
        let seed = Reading {
            line,
            depth: 1,
            limits,
            nodes: &mut *nodes,
            fault: &mut fault,
        };
        let read = seed.deserialize(&mut serde_json::Deserializer::from_str(text));
        match (read, fault) {
            (Ok(node), _) => values.push(node),
            (Err(_), Some(fault)) => return Err(fault),
            (Err(_), None) => return Ok(None),
        }
    }
}

/// Reads one value, counted as it is read: what passes a limit must not be kept first.
struct Reading<'a> {
    line: u32,
    depth: usize,
    limits: &'a Limits,
    nodes: &'a mut usize,
    fault: &'a mut Option<Fault>,
}

impl Reading<'_> {
    fn below(&mut self) -> Reading<'_> {
        Reading {
            line: self.line,
            depth: self.depth + 1,
            limits: self.limits,
            nodes: &mut *self.nodes,
            fault: &mut *self.fault,
        }
    }

    fn count<E: Error>(&mut self) -> Result<(), E> {
        *self.nodes = self.nodes.saturating_add(1);
        if self.depth > self.limits.depth {
            *self.fault = Some(Fault::Depth(self.line));
        } else if *self.nodes > self.limits.nodes {
            *self.fault = Some(Fault::Nodes(self.line));
        }
        match self.fault {
            Some(_) => Err(E::custom("a limit is passed")),
            None => Ok(()),
        }
    }

    fn node(&self, data: Data) -> Node {
        Node::new(self.line, data)
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<Node, D::Error> {
        self.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(self.node(Data::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(self.node(Data::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(self.node(Data::Number(value.into())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(self.node(Data::Number(value.into())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(self.node(Number::from_f64(value).map_or(Data::Null, Data::Number)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(self.node(Data::Text(SmolStr::new(value))))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element_seed(self.below())? {
            nodes.push(node);
        }
        Ok(self.node(Data::List(nodes.into_boxed_slice())))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.count()?;
            let value = entries.next_value_seed(self.below())?;
            members.push((SmolStr::from(key), Member::new(self.line, value)));
        }
        Ok(self.node(Data::Object(Members::new(members, |_, _, _| {}))))
    }
}
