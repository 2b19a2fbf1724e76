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
    /// How many values it is, itself and the keys included.
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
    Object(Members),
}

/// The members of an object, sorted by key. A list takes a tenth of the memory that a map takes
/// whose members are few, as most are.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Members(Vec<(String, Member)>);

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

impl Members {
    /// Members as they stand; of equal keys the last counts, and `replaced` is told the key, the
    /// member that does not count and the next of that key.
    pub(crate) fn new(
        mut entries: Vec<(String, Member)>,
        mut replaced: impl FnMut(&str, &Member, &Member),
    ) -> Self {
        entries.sort_by(|(key, _), (other, _)| key.cmp(other));
        entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                replaced(&later.0, &earlier.1, &later.1);
                std::mem::swap(later, earlier);
            }
            same
        });
        entries.shrink_to_fit();
        Self(entries)
    }

    /// How many they are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The member of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Member> {
        self.0.get(self.find(key)?).map(|(_, member)| member)
    }

    /// The member of a key.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Member> {
        let at = self.find(key)?;
        self.0.get_mut(at).map(|(_, member)| member)
    }

    /// Takes a member out.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Member> {
        let at = self.find(key)?;
        Some(self.0.remove(at).1)
    }

    /// Keys and members, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Member)> {
        self.0.iter().map(|(key, member)| (key.as_str(), member))
    }

    fn find(&self, key: &str) -> Option<usize> {
        self.0
            .binary_search_by(|(other, _)| other.as_str().cmp(key))
            .ok()
    }
}

impl IntoIterator for Members {
    type Item = (String, Member);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
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

    /// A value of which all stands on one line.
    #[cfg(test)]
    pub(crate) fn on_line(line: u32, value: Value) -> Self {
        let below = |value| Self::on_line(line, value);
        match value {
            Value::Array(items) => Self::list(line, items.into_iter().map(below).collect()),
            Value::Object(members) => {
                let member = |(key, value)| {
                    let merged = false;
                    let value = below(value);
                    let member = Member {
                        line,
                        merged,
                        value,
                    };
                    (key, member)
                };
                let members = members.into_iter().map(member).collect();
                Self::object(line, Members::new(members, |_, _, _| {}))
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
    pub(crate) fn object(line: u32, members: Members) -> Self {
        let size = members
            .iter()
            .map(|(_, member)| member.value.size + 1)
            .sum::<usize>()
            + 1;
        let height = members
            .iter()
            .map(|(_, member)| member.value.height)
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
    ///
    /// INVARIANT: what the paths take is bounded by how many values there are. Keys that are long
    /// and nested deeply would take their square; where they do, the fields behind have the line
    /// of what they are in.
    pub(crate) fn lines(&self) -> BTreeMap<String, u32> {
        let mut fields = Fields {
            path: String::new(),
            lines: Vec::new(),
            room: self
                .size
                .saturating_mul(PATH_BYTES)
                .saturating_add(LEAST_ROOM),
        };
        fields.collect(self);
        fields.lines.into_iter().collect()
    }
}

/// What the paths of an object take at most: bytes for each of its values. Real ones take 32.
const PATH_BYTES: usize = 128;

/// What they may always take.
const LEAST_ROOM: usize = 64 * 1024;

struct Fields {
    path: String,
    lines: Vec<(String, u32)>,
    room: usize,
}

impl Fields {
    fn collect(&mut self, node: &Node) {
        let length = self.path.len();
        match &node.data {
            Data::Scalar(_) => {}
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    // Writing to a String cannot fail.
                    let _ = write!(self.path, "[{index}]");
                    self.field(item.line, Some(item));
                    self.path.truncate(length);
                }
            }
            Data::Object(members) => {
                for (key, member) in members.iter() {
                    if length > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(key);
                    let below = Some(&member.value).filter(|_| key != SCHEMA);
                    self.field(member.line, below);
                    self.path.truncate(length);
                }
            }
        }
    }

    fn field(&mut self, line: u32, below: Option<&Node>) {
        let Some(room) = self.room.checked_sub(self.path.len()) else {
            return;
        };
        self.room = room;
        self.lines.push((self.path.clone(), line));
        if let Some(node) = below {
            self.collect(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(line: u32) -> Member {
        Member {
            line,
            merged: false,
            value: Node::scalar(line, Value::from(line)),
        }
    }

    #[test]
    fn of_equal_keys_the_last_counts_and_each_that_does_not_is_told() {
        let entries = [("b", 1), ("a", 2), ("b", 3), ("c", 4), ("b", 5)];
        let entries = entries.map(|(key, line)| (key.to_owned(), member(line)));
        let mut told = Vec::new();
        let members = Members::new(entries.to_vec(), |key, earlier, later| {
            told.push((key.to_owned(), earlier.line, later.line));
        });
        assert_eq!(told, [("b".to_owned(), 1, 3), ("b".to_owned(), 3, 5)]);
        let lines: Vec<_> = members
            .iter()
            .map(|(key, member)| (key, member.line))
            .collect();
        assert_eq!(lines, [("a", 2), ("b", 5), ("c", 4)]);
        assert_eq!(members.get("c"), Some(&member(4)));
        assert_eq!(members.get("d"), None);
    }

    #[test]
    fn paths_of_long_keys_in_long_keys_stay_small() {
        let leaves = (0..10_000)
            .map(|line| Node::scalar(line, Value::Null))
            .collect();
        let deep = (0..50).fold(Node::list(0, leaves), |node, line| {
            let value = Member {
                value: node,
                ..member(line)
            };
            Node::object(
                line,
                Members::new(vec![("k".repeat(1000), value)], |_, _, _| {}),
            )
        });
        let lines = deep.lines();
        let bytes: usize = lines.keys().map(String::len).sum();
        assert!(bytes < 2_000_000, "{bytes}");
        assert!(lines.len() > 40, "{}", lines.len());
    }
}
