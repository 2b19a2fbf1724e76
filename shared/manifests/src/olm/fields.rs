//! A part of a ClusterServiceVersion that knows its path.
//!
//! OLM reads a version from a catalog with Go's JSON, for which `clusterpermissions` is
//! `clusterPermissions`: what is granted under another spelling is granted.

use serde_json::{Map, Value};

/// A value and its path, as the file spells it.
#[derive(Debug, Clone)]
pub(super) struct Part<'a> {
    pub value: &'a Value,
    pub path: String,
}

impl<'a> Part<'a> {
    /// A whole object.
    pub(super) fn whole(value: &'a Value) -> Self {
        Self {
            value,
            path: String::new(),
        }
    }

    /// A member, in any case of letters where none has the very name.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let members = self.value.as_object()?;
        let (spelled, value) = member(members, key)?;
        let path = if self.path.is_empty() {
            spelled.clone()
        } else {
            format!("{}.{spelled}", self.path)
        };
        Some(Self { value, path })
    }

    /// A member by the names of those around it.
    pub(super) fn at(&self, keys: &[&str]) -> Option<Self> {
        keys.iter()
            .try_fold(self.clone(), |part, key| part.get(key))
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items
            .map(|(index, value)| Self {
                value,
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

    /// Members that are spelled otherwise than a name and taken for it: both names.
    pub(super) fn spelled_otherwise(&self, names: &[&str]) -> Vec<(String, String)> {
        let Some(members) = self.value.as_object() else {
            return Vec::new();
        };
        let found = names.iter().filter_map(|name| {
            let (spelled, _) = member(members, name)?;
            (spelled != name).then(|| (spelled.clone(), (*name).to_owned()))
        });
        found.collect()
    }
}

fn member<'a>(members: &'a Map<String, Value>, key: &str) -> Option<(&'a String, &'a Value)> {
    members.get_key_value(key).or_else(|| {
        let mut alike = members
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(key));
        alike.next()
    })
}

/// An object with the names of its members as they are spelled here.
pub(super) fn respelled(object: &Value, names: &[&str]) -> Value {
    let Some(members) = object.as_object() else {
        return object.clone();
    };
    let mut members = members.clone();
    for name in names {
        let other = member(&members, name).map(|(spelled, _)| spelled.clone());
        if let Some(other) = other.filter(|other| other != name)
            && let Some(value) = members.remove(&other)
        {
            members.insert((*name).to_owned(), value);
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_found_in_any_case_and_by_their_very_name_first() {
        let value = json!({"clusterpermissions": [{"a": 1}], "Name": "x", "name": "y"});
        let part = Part::whole(&value);
        let items = part.list("clusterPermissions");
        assert_eq!(items[0].path, "clusterpermissions[0]");
        assert_eq!(part.text("name"), Some("y"));
        assert_eq!(
            part.spelled_otherwise(&["clusterPermissions", "name", "absent"]),
            [("clusterpermissions".into(), "clusterPermissions".into())]
        );
        assert_eq!(
            respelled(&json!({"APIGroups": [""], "x": 1}), &["apiGroups"]),
            json!({"apiGroups": [""], "x": 1})
        );
    }
}
