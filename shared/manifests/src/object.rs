//! Documents into objects: `List` kinds are opened, `apiVersion` and `kind` are asked for.

use std::collections::BTreeMap;

use opsec_model::{FieldLines, MadeFrom, SourceLine};

use crate::document::{Parsed, hint, too_much};
use crate::error::ManifestError;
use crate::input::Limits;
use crate::lines::lines;
use crate::memory::{Memory, TooMuch};
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
    pub value: Node,
    /// The line of each field by its path.
    pub lines: FieldLines,
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
        SourceLine {
            line: self.lines.nearest(field).unwrap_or(self.start.line),
            ..self.start.clone()
        }
    }

    /// The text of `metadata.<field>`.
    pub(crate) fn metadata(&self, field: &str) -> Option<&str> {
        self.value.get("metadata")?.text(field)
    }

    /// The object's name, or the prefix from which the API server makes one.
    pub(crate) fn name(&self) -> Option<&str> {
        let given = |field| self.metadata(field).filter(|name| !name.is_empty());
        given("name").or_else(|| given("generateName"))
    }
}

/// The objects of one document, in order, each counted before it is kept.
pub(crate) fn objects(
    (file, input): (&str, usize),
    parsed: Parsed,
    (limits, memory): (&Limits, &Memory),
    out: &mut Vec<RawObject>,
) -> Result<(), ManifestError> {
    let document = Place {
        file,
        input,
        document: parsed.document,
        limits,
        memory,
    };
    document.open(parsed.root, None, out)
}

#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a str,
    input: usize,
    document: u32,
    limits: &'a Limits,
    memory: &'a Memory,
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
                Data::Null => kind.kind.ends_with("List"),
                _ => false,
            });
        if !is_list {
            let room = self.memory.take_object();
            room.map_err(|TooMuch| too_much(self.file, self.limits))?;
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
        let lines = lines(&node);
        let mut node = node;
        if kind.is_definition() {
            drop_schemas(&mut node);
        }
        drop_nulls(&mut node, kind.is("", "Service"));
        let namespace = node
            .get("metadata")
            .and_then(|metadata| metadata.text("namespace"))
            .filter(|namespace| !namespace.is_empty())
            .map(ToOwned::to_owned);
        RawObject {
            input: self.input,
            start,
            kind,
            value: node,
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
        for members in versions.iter_mut().filter_map(Node::members_mut) {
            members.remove("schema");
        }
    }
}

/// A null member is an absent one; in a map of strings it is the empty string, as for the API
/// server: `matchLabels: {a: null}` must not become a selector of everything.
pub(crate) fn drop_nulls(node: &mut Node, is_service: bool) {
    match &mut node.data {
        Data::List(items) => items
            .iter_mut()
            .for_each(|item| drop_nulls(item, is_service)),
        Data::Object(members) => {
            members.retain(|member| !member.is_null());
            for (key, member) in members.iter_mut() {
                let strings = matches!(key, "labels" | "annotations" | "matchLabels")
                    || is_service && key == "selector";
                if strings && let Data::Object(entries) = &mut member.value.data {
                    for (_, entry) in entries.iter_mut() {
                        if entry.value.is_null() {
                            entry.value = Node::text_of(entry.line, "");
                        }
                    }
                }
                drop_nulls(&mut member.value, is_service);
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
        let value = json!({
            "metadata": {"namespace": null, "labels": {"a": null}},
            "spec": {"podSelector": {"matchLabels": {"a": null}}, "selector": null},
        });
        let mut node = Node::on_line(1, value);
        drop_nulls(&mut node, false);
        assert_eq!(
            node.to_value(),
            json!({
                "metadata": {"labels": {"a": ""}},
                "spec": {"podSelector": {"matchLabels": {"a": ""}}},
            })
        );
    }
}
