//! A parsed document that still knows its lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::schemas::SCHEMA;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// The line of the file on which it begins.
    pub line: u32,
    /// How many values it is, itself included.
    pub size: usize,
    /// How many levels it holds, itself included.
    pub height: usize,
    /// What it is.
    pub data: Data,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    /// A scalar.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// An object.
    Object(BTreeMap<String, Member>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    /// The line of its key.
    pub line: u32,
    /// Whether a merge key (`<<`) brought it.
    pub merged: bool,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// A scalar.
    pub(crate) fn scalar(line: u32, value: Value) -> Self {
        Self {
            line,
            size: 1,
            height: 1,
            data: Data::Scalar(value),
        }
    }

    /// A value of which only the first line is known.
    pub(crate) fn on_line(line: u32, value: Value) -> Self {
        match value {
            Value::Array(items) => Self::list(
                line,
                items
                    .into_iter()
                    .map(|item| Self::on_line(line, item))
                    .collect(),
            ),
            Value::Object(members) => {
                let member = |(key, value)| {
                    (
                        key,
                        Member {
                            line,
                            merged: false,
                            value: Self::on_line(line, value),
                        },
                    )
                };
                Self::object(line, members.into_iter().map(member).collect())
            }
            scalar => Self::scalar(line, scalar),
        }
    }

    /// A list.
    pub(crate) fn list(line: u32, items: Vec<Self>) -> Self {
        let size = items.iter().map(|item| item.size).sum::<usize>() + 1;
        let height = items.iter().map(|item| item.height).max().unwrap_or(0) + 1;
        Self {
            line,
            size,
            height,
            data: Data::List(items),
        }
    }

    /// An object.
    pub(crate) fn object(line: u32, members: BTreeMap<String, Member>) -> Self {
        let size = members
            .values()
            .map(|member| member.value.size)
            .sum::<usize>()
            + 1;
        let height = members
            .values()
            .map(|member| member.value.height)
            .max()
            .unwrap_or(0)
            + 1;
        Self {
            line,
            size,
            height,
            data: Data::Object(members),
        }
    }

    /// A member's value.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.member(key).map(|member| &member.value)
    }

    /// A member.
    pub(crate) fn member(&self, key: &str) -> Option<&Member> {
        match &self.data {
            Data::Object(members) => members.get(key),
            _ => None,
        }
    }

    /// A member's value.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match &mut self.data {
            Data::Object(members) => members.get_mut(key).map(|member| &mut member.value),
            _ => None,
        }
    }

    /// The text of a member that is a string.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.data {
            Data::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether it is null.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.data, Data::Scalar(Value::Null))
    }

    /// The value without its lines.
    pub(crate) fn into_value(self) -> Value {
        match self.data {
            Data::Scalar(value) => value,
            Data::List(items) => Value::Array(items.into_iter().map(Self::into_value).collect()),
            Data::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(key, member)| (key, member.value.into_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// The line of each field by its path, as in `rules[3].verbs`. Schemas of custom resources,
    /// of which nothing is judged, are left out.
    pub(crate) fn lines(&self) -> BTreeMap<String, u32> {
        let mut lines = BTreeMap::new();
        self.collect_lines(&mut String::new(), &mut lines);
        lines
    }

    fn collect_lines(&self, path: &mut String, lines: &mut BTreeMap<String, u32>) {
        let length = path.len();
        match &self.data {
            Data::Scalar(_) => {}
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    // Writing to a String cannot fail.
                    let _ = write!(path, "[{index}]");
                    lines.insert(path.clone(), item.line);
                    item.collect_lines(path, lines);
                    path.truncate(length);
                }
            }
            Data::Object(members) => {
                for (key, member) in members {
                    if length > 0 {
                        path.push('.');
                    }
                    path.push_str(key);
                    lines.insert(path.clone(), member.line);
                    if key != SCHEMA {
                        member.value.collect_lines(path, lines);
                    }
                    path.truncate(length);
                }
            }
        }
    }
}
