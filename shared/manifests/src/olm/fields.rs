//! A part of a ClusterServiceVersion that knows its path.
//!
//! OLM reads a version from a catalog with Go's JSON, for which `clusterpermissions` is
//! `clusterPermissions`: what is granted under another spelling is granted.

use crate::node::{Data, Member, Members, Node};

/// A value, the line of its key and its path, as the file spells it.
#[derive(Debug, Clone)]
pub(super) struct Part<'a> {
    pub value: &'a Node,
    pub line: u32,
    pub path: String,
}

impl<'a> Part<'a> {
    /// A whole object.
    pub(super) fn whole(value: &'a Node) -> Self {
        Self {
            value,
            line: value.line,
            path: String::new(),
        }
    }

    /// A member, in any case of letters where none has the very name.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let members = self.value.members()?;
        let (spelled, member) = member(members, key)?;
        let path = if self.path.is_empty() {
            spelled.to_owned()
        } else {
            format!("{}.{spelled}", self.path)
        };
        Some(Self {
            value: &member.value,
            line: member.line,
            path,
        })
    }

    /// A member by the names of those around it.
    pub(super) fn at(&self, keys: &[&str]) -> Option<Self> {
        keys.iter()
            .try_fold(self.clone(), |part, key| part.get(key))
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.value.as_list().into_iter().flatten().enumerate();
        items
            .map(|(index, value)| Self {
                value,
                line: value.line,
                path: format!("{}[{index}]", self.path),
            })
            .collect()
    }

    /// The items of a member that is a list.
    pub(super) fn list(&self, key: &str) -> Vec<Self> {
        self.get(key).map_or_else(Vec::new, |list| list.items())
    }

    /// The text of a member; none when it is empty.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        let text = self.get(key)?.value.as_str()?;
        (!text.is_empty()).then_some(text)
    }

    /// A copy of it, as a member of what is made of it.
    pub(super) fn copy(&self) -> Member {
        Member::new(self.line, self.value.clone())
    }

    /// Members that are spelled otherwise than a name and taken for it: both names.
    pub(super) fn spelled_otherwise(&self, names: &[&str]) -> Vec<(String, String)> {
        let Some(members) = self.value.members() else {
            return Vec::new();
        };
        let found = names.iter().filter_map(|name| {
            let (spelled, _) = member(members, name)?;
            (spelled != *name).then(|| (spelled.to_owned(), (*name).to_owned()))
        });
        found.collect()
    }
}

fn member<'a>(members: &'a Members, key: &str) -> Option<(&'a str, &'a Member)> {
    let mut alike = members
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(key));
    let exact = members.iter().find(|(name, _)| name == key);
    let (name, member) = exact.or_else(|| alike.next())?;
    Some((name, member))
}

/// An object with the names of its members as they are spelled here.
pub(super) fn respelled(object: &Node, names: &[&str]) -> Node {
    let Data::Object(mut members) = object.data.clone() else {
        return object.clone();
    };
    for name in names {
        let other = member(&members, name).map(|(spelled, _)| spelled.to_owned());
        if let Some(other) = other.filter(|other| other != name)
            && let Some(member) = members.remove(&other)
        {
            members.insert(name, member);
        }
    }
    Node::new(object.line, Data::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_found_in_any_case_and_by_their_very_name_first() {
        let value = json!({"clusterpermissions": [{"a": 1}], "Name": "x", "name": "y"});
        let value = Node::on_line(1, value);
        let part = Part::whole(&value);
        let items = part.list("clusterPermissions");
        assert_eq!(items[0].path, "clusterpermissions[0]");
        assert_eq!(part.text("name"), Some("y"));
        assert_eq!(
            part.spelled_otherwise(&["clusterPermissions", "name", "absent"]),
            [("clusterpermissions".into(), "clusterPermissions".into())]
        );
        let rule = Node::on_line(1, json!({"APIGroups": [""], "x": 1}));
        assert_eq!(
            respelled(&rule, &["apiGroups"]).to_value(),
            json!({"apiGroups": [""], "x": 1})
        );
    }
}
