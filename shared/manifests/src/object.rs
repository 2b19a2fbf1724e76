//! Documents into objects: `List` kinds are opened, `apiVersion` and `kind` are asked for.

use std::collections::BTreeMap;

use opsec_model::{MadeFrom, SourceLine};
use serde_json::Value;

use crate::document::{Parsed, hint};
use crate::error::ManifestError;
use crate::node::{Data, Node};

/// An object as it stands in a file.
#[derive(Debug, Clone)]
pub(crate) struct RawObject {
    /// Which of the inputs holds it.
    pub input: usize,
    /// Where it begins.
    pub start: SourceLine,
    /// Group, version and kind.
    pub kind: KindRef,
    /// Its value without nulls.
    pub value: Value,
    /// The line of each field by its path.
    pub lines: BTreeMap<String, u32>,
    /// Its namespace; once placed, absent only for a cluster-scoped kind.
    pub namespace: Option<String>,
    /// Whether its namespace is one it was placed in.
    pub placed: bool,
    /// Of an object that is made from another: the other's fields by its own.
    pub made_from: BTreeMap<String, MadeFrom>,
}

/// Group, version and kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KindRef {
    /// The group, empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
}

impl KindRef {
    /// The kind that `apiVersion` and `kind` name.
    pub(crate) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// Group and version as `apiVersion` spells them.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether it is CustomResourceDefinition.
    pub(crate) fn is_definition(&self) -> bool {
        self.is("apiextensions.k8s.io", "CustomResourceDefinition")
    }

    /// Whether it is that kind of that group.
    pub(crate) fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

impl RawObject {
    /// Where a field stands, or the nearest that it is in.
    pub(crate) fn line_of(&self, field: &str) -> SourceLine {
        let mut path = Some(field);
        while let Some(known) = path {
            if let Some(&line) = self.lines.get(known) {
                return SourceLine {
                    line,
                    ..self.start.clone()
                };
            }
            path = known.rfind(['.', '[']).and_then(|cut| known.get(..cut));
        }
        self.start.clone()
    }

    /// The text of `metadata.<field>`.
    pub(crate) fn metadata(&self, field: &str) -> Option<&str> {
        self.value.get("metadata")?.get(field)?.as_str()
    }

    /// The object's name, or the prefix from which the API server makes one.
    pub(crate) fn name(&self) -> Option<&str> {
        let given = |field| self.metadata(field).filter(|name| !name.is_empty());
        given("name").or_else(|| given("generateName"))
    }
}

/// The objects of one document, in order.
pub(crate) fn objects(
    file: &str,
    input: usize,
    parsed: Parsed,
    out: &mut Vec<RawObject>,
) -> Result<(), ManifestError> {
    let document = Place {
        file,
        input,
        document: parsed.document,
    };
    document.open(parsed.root, None, out)
}

#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a str,
    input: usize,
    document: u32,
}

impl Place<'_> {
    fn open(
        self,
        node: Node,
        inherited: Option<&KindRef>,
        out: &mut Vec<RawObject>,
    ) -> Result<(), ManifestError> {
        let line = node.line;
        let Data::Object(members) = &node.data else {
            return Err(self.fault(line, "this is no object; one has `apiVersion` and `kind`"));
        };
        let kind = self.kind_of(&node, inherited)?;
        let is_list = members
            .get("items")
            .is_some_and(|items| match items.value.data {
                Data::List(_) => true,
                Data::Scalar(Value::Null) => kind.kind.ends_with("List"),
                _ => false,
            });
        if !is_list {
            out.push(self.object(node, kind));
            return Ok(());
        }
        // Items of a typed list, as in RoleList, may leave out what the list says.
        let item_kind = kind
            .kind
            .strip_suffix("List")
            .filter(|name| !name.is_empty());
        let item_kind = item_kind.map(|name| KindRef {
            kind: name.to_owned(),
            ..kind.clone()
        });
        let Data::Object(mut members) = node.data else {
            return Ok(());
        };
        let Some(Data::List(items)) = members.remove("items").map(|items| items.value.data) else {
            return Ok(());
        };
        items
            .into_iter()
            .try_for_each(|item| self.open(item, item_kind.as_ref(), out))
    }

    fn kind_of(self, node: &Node, inherited: Option<&KindRef>) -> Result<KindRef, ManifestError> {
        let given = |field| node.text(field).filter(|text| !text.is_empty());
        match (given("apiVersion"), given("kind"), inherited) {
            (Some(api_version), Some(kind), _) => Ok(KindRef::new(api_version, kind)),
            (None, None, Some(inherited)) => Ok(inherited.clone()),
            (None, _, _) => Err(self.fault(node.line, "the object has no `apiVersion`")),
            (_, None, _) => Err(self.fault(node.line, "the object has no `kind`")),
        }
    }

    fn object(self, node: Node, kind: KindRef) -> RawObject {
        let start = SourceLine {
            file: self.file.to_owned(),
            document: self.document,
            line: node.line,
        };
        let lines = node.lines();
        let mut node = node;
        if kind.is_definition() {
            drop_schemas(&mut node);
        }
        let mut value = node.into_value();
        drop_nulls(&mut value, kind.is("", "Service"));
        let namespace = value
            .get("metadata")
            .and_then(|metadata| metadata.get("namespace"))
            .and_then(Value::as_str)
            .filter(|namespace| !namespace.is_empty())
            .map(ToOwned::to_owned);
        RawObject {
            input: self.input,
            start,
            kind,
            value,
            lines,
            namespace,
            placed: false,
            made_from: BTreeMap::new(),
        }
    }

    fn fault(self, line: u32, message: &str) -> ManifestError {
        ManifestError::Document {
            file: self.file.to_owned(),
            document: self.document,
            line,
            column: 1,
            message: message.to_owned(),
            hint: hint(""),
        }
    }
}

/// Schemas are most of what definitions are, and nothing is judged by them.
fn drop_schemas(definition: &mut Node) {
    let versions = definition
        .get_mut("spec")
        .and_then(|spec| spec.get_mut("versions"));
    if let Some(Node {
        data: Data::List(versions),
        ..
    }) = versions
    {
        for version in versions {
            if let Data::Object(members) = &mut version.data {
                members.remove("schema");
            }
        }
    }
}

/// A null member is an absent one; in a map of strings it is the empty string, as for the API
/// server: `matchLabels: {a: null}` must not become a selector of everything.
pub(crate) fn drop_nulls(value: &mut Value, is_service: bool) {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| drop_nulls(item, is_service)),
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            for (key, member) in members.iter_mut() {
                let strings = matches!(key.as_str(), "labels" | "annotations" | "matchLabels")
                    || is_service && key == "selector";
                if strings && let Value::Object(entries) = member {
                    for entry in entries.values_mut().filter(|entry| entry.is_null()) {
                        *entry = Value::String(String::new());
                    }
                }
                drop_nulls(member, is_service);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nulls_are_absent_but_empty_strings_in_maps_of_strings() {
        let mut value = json!({
            "metadata": {"namespace": null, "labels": {"a": null}},
            "spec": {"podSelector": {"matchLabels": {"a": null}}, "selector": null},
        });
        drop_nulls(&mut value, false);
        assert_eq!(
            value,
            json!({
                "metadata": {"labels": {"a": ""}},
                "spec": {"podSelector": {"matchLabels": {"a": ""}}},
            })
        );
    }
}
