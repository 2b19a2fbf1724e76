//! A parsed document that still knows its lines, in little memory: 32 bytes a value.
//!
//! What is read is read from here; nothing is copied into another tree but what the model keeps.

use serde_json::{Map, Number, Value};
use smol_str::SmolStr;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// The line of the file on which it begins.
    pub line: u32,
    /// What it is.
    pub data: Data,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string. Copies share what is long.
    Text(SmolStr),
    /// A list.
    List(Box<[Node]>),
    /// An object.
    Object(Members),
}

// A document may be made of millions of values.
const _: () = assert!(size_of::<Node>() == 32);

/// The members of an object, sorted by key. A list takes a tenth of the memory that a map takes
/// whose members are few, as most are.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Members(Box<[(SmolStr, Member)]>);

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

impl Member {
    /// A member that a line holds.
    pub(crate) fn new(line: u32, value: Node) -> Self {
        Self {
            line,
            merged: false,
            value,
        }
    }
}

impl Members {
    /// Members as they stand; of equal keys the last counts, and `replaced` is told the key, the
    /// member that does not count and the next of that key.
    pub(crate) fn new(
        mut entries: Vec<(SmolStr, Member)>,
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
        Self(entries.into_boxed_slice())
    }

    /// How many they are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The member of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Member> {
        self.0.get(self.find(key).ok()?).map(|(_, member)| member)
    }

    /// The member of a key.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Member> {
        let at = self.find(key).ok()?;
        self.0.get_mut(at).map(|(_, member)| member)
    }

    /// The value of a key, made where it is absent.
    pub(crate) fn get_or_insert(&mut self, key: &str, member: Member) -> Option<&mut Node> {
        if self.find(key).is_err() {
            self.insert(key, member);
        }
        self.get_mut(key).map(|member| &mut member.value)
    }

    /// Puts a member, in place of that of the key.
    pub(crate) fn insert(&mut self, key: &str, member: Member) {
        match self.find(key) {
            Ok(at) => {
                if let Some(entry) = self.0.get_mut(at) {
                    entry.1 = member;
                }
            }
            Err(at) => {
                let mut entries = std::mem::take(&mut self.0).into_vec();
                entries.insert(at, (SmolStr::new(key), member));
                self.0 = entries.into_boxed_slice();
            }
        }
    }

    /// Takes a member out.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Member> {
        let at = self.find(key).ok()?;
        let mut entries = std::mem::take(&mut self.0).into_vec();
        let (_, member) = entries.remove(at);
        self.0 = entries.into_boxed_slice();
        Some(member)
    }

    /// Keeps the members that fit.
    pub(crate) fn retain(&mut self, fits: impl Fn(&Node) -> bool) {
        if self.0.iter().all(|(_, member)| fits(&member.value)) {
            return;
        }
        let mut entries = std::mem::take(&mut self.0).into_vec();
        entries.retain(|(_, member)| fits(&member.value));
        self.0 = entries.into_boxed_slice();
    }

    /// Keys and members, by key.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, (SmolStr, Member)> {
        self.0.iter()
    }

    /// Keys and members, by key.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Member)> {
        self.0
            .iter_mut()
            .map(|(key, member)| (key.as_str(), member))
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(other, _)| other.as_str().cmp(key))
    }
}

impl IntoIterator for Members {
    type Item = (SmolStr, Member);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_vec().into_iter()
    }
}

impl Node {
    /// A value on a line.
    pub(crate) fn new(line: u32, data: Data) -> Self {
        Self { line, data }
    }

    /// A string.
    pub(crate) fn text_of(line: u32, text: &str) -> Self {
        Self::new(line, Data::Text(SmolStr::new(text)))
    }

    /// A value of which all stands on one line.
    pub(crate) fn on_line(line: u32, value: Value) -> Self {
        let below = |value| Self::on_line(line, value);
        let data = match value {
            Value::Null => Data::Null,
            Value::Bool(flag) => Data::Bool(flag),
            Value::Number(number) => Data::Number(number),
            Value::String(text) => Data::Text(SmolStr::from(text)),
            Value::Array(items) => Data::List(items.into_iter().map(below).collect()),
            Value::Object(members) => {
                let member = |(key, value)| (SmolStr::from(key), Member::new(line, below(value)));
                // A map is sorted as members are.
                Data::Object(Members(members.into_iter().map(member).collect()))
            }
        };
        Self::new(line, data)
    }

    /// An object that holds nothing.
    pub(crate) fn empty(line: u32) -> Self {
        Self::new(line, Data::Object(Members::default()))
    }

    /// How many values it is, itself and the keys included, and how many levels it holds, itself
    /// included.
    pub(crate) fn extent(&self) -> (usize, usize) {
        let mut extent = (1, 0);
        let mut add = |node: &Self, keys: usize| {
            let (size, height) = node.extent();
            extent = (extent.0 + size + keys, extent.1.max(height));
        };
        match &self.data {
            Data::List(items) => items.iter().for_each(|item| add(item, 0)),
            Data::Object(members) => members.iter().for_each(|(_, member)| add(&member.value, 1)),
            _ => {}
        }
        (extent.0, extent.1 + 1)
    }

    /// A member's value.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.member(key).map(|member| &member.value)
    }

    /// A member.
    pub(crate) fn member(&self, key: &str) -> Option<&Member> {
        self.members()?.get(key)
    }

    /// A member's value.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        self.members_mut()?
            .get_mut(key)
            .map(|member| &mut member.value)
    }

    /// The text of a member that is a string.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// The value behind the keys of a JSON pointer, as in `/spec/rules`.
    pub(crate) fn pointer(&self, pointer: &str) -> Option<&Self> {
        let mut keys = pointer.split('/').skip(1);
        keys.try_fold(self, |node, key| node.get(key))
    }

    /// Its text when it is a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its number when it is a whole one.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        match &self.data {
            Data::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// Its items when it is a list.
    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// Its members when it is an object.
    pub(crate) fn members(&self) -> Option<&Members> {
        match &self.data {
            Data::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Its members when it is an object.
    pub(crate) fn members_mut(&mut self) -> Option<&mut Members> {
        match &mut self.data {
            Data::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Puts a member when it is an object, in place of that of the key.
    pub(crate) fn put(&mut self, key: &str, member: Member) {
        if let Some(members) = self.members_mut() {
            members.insert(key, member);
        }
    }

    /// Whether it is null.
    pub(crate) fn is_null(&self) -> bool {
        self.data == Data::Null
    }

    /// Whether another says the same, on whatever lines.
    pub(crate) fn says_what(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::List(items), Data::List(others)) => {
                let mut pairs = items.iter().zip(others.iter());
                items.len() == others.len() && pairs.all(|(item, other)| item.says_what(other))
            }
            (Data::Object(members), Data::Object(others)) => {
                let mut pairs = members.iter().zip(others.iter());
                members.len() == others.len()
                    && pairs.all(|((key, member), (other, of_other))| {
                        key == other && member.value.says_what(&of_other.value)
                    })
            }
            (data, other) => data == other,
        }
    }

    /// The value without its lines. It takes a multiple of the memory.
    pub(crate) fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(flag) => Value::Bool(*flag),
            Data::Number(number) => Value::Number(number.clone()),
            Data::Text(text) => Value::String(text.to_string()),
            Data::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Data::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(key, member)| (key.to_string(), member.value.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(line: u32) -> Member {
        Member::new(line, Node::on_line(line, Value::from(line)))
    }

    #[test]
    fn of_equal_keys_the_last_counts_and_each_that_does_not_is_told() {
        let entries = [("b", 1), ("a", 2), ("b", 3), ("c", 4), ("b", 5)];
        let entries = entries.map(|(key, line)| (SmolStr::new(key), member(line)));
        let mut told = Vec::new();
        let members = Members::new(entries.to_vec(), |key, earlier, later| {
            told.push((key.to_owned(), earlier.line, later.line));
        });
        assert_eq!(told, [("b".to_owned(), 1, 3), ("b".to_owned(), 3, 5)]);
        let lines: Vec<_> = members
            .iter()
            .map(|(key, member)| (key.as_str(), member.line))
            .collect();
        assert_eq!(lines, [("a", 2), ("b", 5), ("c", 4)]);
        assert_eq!(members.get("c"), Some(&member(4)));
        assert_eq!(members.get("d"), None);
    }

    #[test]
    fn members_stay_sorted_whatever_is_put_and_taken() {
        let mut members = Members::default();
        for key in ["b", "a", "c", "b"] {
            members.insert(key, member(1));
        }
        assert!(members.get_or_insert("d", member(4)).is_some());
        assert_eq!(members.remove("a"), Some(member(1)));
        members.retain(|node| node.as_i64() == Some(1));
        let keys: Vec<_> = members.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["b", "c"]);
    }

    #[test]
    fn lines_make_no_difference_to_what_is_said() {
        let value = serde_json::json!({"a": [1, {"b": null}], "c": "d"});
        let (one, other) = (
            Node::on_line(1, value.clone()),
            Node::on_line(2, value.clone()),
        );
        assert!(one.says_what(&other) && one != other);
        assert_eq!(one.to_value(), value);
        assert_eq!(one.extent(), (9, 4));
        let longer = serde_json::json!({"a": [1, {"b": null}, 2], "c": "d"});
        assert!(!one.says_what(&Node::on_line(1, longer)));
    }
}
