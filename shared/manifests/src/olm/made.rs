//! Objects that are made of a version, with the lines and the fields that they are made from.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::{MadeFrom, Notice, NoticeCode, OlmInstallation, SourceLine};
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::expand::notice;
use super::version::Version;
use crate::lines::lines;
use crate::node::{Data, Member, Members, Node};
use crate::object::{KindRef, RawObject};
use crate::validate::names;

pub(super) const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// The line of what stands in no file: it gets that of what it is made from.
const MADE: u32 = 0;

/// Makes the objects of one installation.
pub(super) struct Maker<'a> {
    pub version: &'a Version<'a>,
    pub installation: &'a OlmInstallation,
    taken: BTreeSet<(&'static str, String)>,
    pub objects: Vec<RawObject>,
}

/// An object to be made.
pub(super) struct Draft<'a> {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub name: String,
    /// Absent for a cluster-scoped kind.
    pub namespace: Option<&'a str>,
    /// What it says, beside its metadata.
    pub content: Node,
    /// The path of the field that the whole is made from.
    pub from: &'a str,
    /// Fields of its own that are copies, and the paths of those.
    pub fields: Vec<(String, String)>,
    /// Fields of its own that OLM adds.
    pub added: Vec<String>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(version: &'a Version<'a>, installation: &'a OlmInstallation) -> Self {
        Self {
            version,
            installation,
            taken: BTreeSet::new(),
            objects: Vec::new(),
        }
    }

    /// A name that no object of that kind has: the same with a number where one has it.
    pub(super) fn name(&mut self, kind: &'static str, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2;
        while !self.taken.insert((kind, name.clone())) {
            name = format!("{wanted}-{number}");
            number += 1;
        }
        name
    }

    /// Makes an object.
    pub(super) fn make(&mut self, draft: Draft<'_>) {
        let raw = self.version.raw;
        let line = raw.line_of(draft.from).line;
        let copies = draft.fields.iter().cloned();
        let mut made_from: BTreeMap<String, MadeFrom> = copies
            .map(|(own, other)| (own, MadeFrom::Copy(other)))
            .collect();
        let whole = std::iter::once(String::new());
        for own in draft.added.iter().cloned().chain(whole) {
            made_from.insert(own, MadeFrom::Cause(draft.from.to_owned()));
        }
        let kind = KindRef::new(draft.api_version, draft.kind);
        let namespace = draft.namespace.map(str::to_owned);
        let mut value = self.value(draft);
        set_line(&mut value, line);
        let object = RawObject {
            input: raw.input,
            start: SourceLine {
                line,
                ..raw.start.clone()
            },
            kind,
            namespace,
            placed: false,
            lines: lines(&value),
            made_from,
            value,
        };
        self.objects.push(object);
    }

    /// A notice about the version, at a field of it.
    pub(super) fn notice(&self, code: NoticeCode, message: String, field: &str) -> Notice {
        notice(self.version.raw, code, message, field)
    }

    fn value(&self, draft: Draft<'_>) -> Node {
        let mut members = match draft.content.data {
            Data::Object(members) => members,
            _ => Members::default(),
        };
        let mut metadata = match members.remove("metadata").map(|given| given.value.data) {
            Some(Data::Object(members)) => members,
            _ => Members::default(),
        };
        metadata.insert("name", member(made(json!(draft.name))));
        if let Some(namespace) = draft.namespace {
            metadata.insert("namespace", member(made(json!(namespace))));
            metadata.insert("ownerReferences", member(made(json!([self.owner()]))));
        }
        let labels = metadata.get_or_insert("labels", member(object([])));
        if let Some(labels) = labels.and_then(Node::members_mut) {
            self.label(labels);
        }
        let metadata = Node::new(MADE, Data::Object(metadata));
        members.insert("metadata", member(metadata));
        Node::new(MADE, Data::Object(members))
    }

    fn owner(&self) -> Value {
        json!({
            "apiVersion": self.version.raw.kind.api_version(),
            "kind": "ClusterServiceVersion",
            "name": self.version.name,
        })
    }

    /// The labels by which OLM finds what it made; those that no label can be are left out.
    fn label(&self, labels: &mut Members) {
        let installation = self.installation;
        let owner = [
            ("olm.owner", self.version.name),
            ("olm.owner.kind", "ClusterServiceVersion"),
            ("olm.owner.namespace", installation.namespace.as_str()),
        ];
        for (key, value) in owner {
            if names::is_label_value(value) {
                labels.insert(key, member(made(json!(value))));
            }
        }
        let key = component_label(installation);
        if names::is_qualified_name(&key) {
            labels.insert(&key, member(made(json!(""))));
        }
    }
}

/// The label that OLM puts on everything that belongs to an installation.
pub(super) fn component_label(installation: &OlmInstallation) -> String {
    let OlmInstallation {
        package, namespace, ..
    } = installation;
    format!("operators.coreos.com/{package}.{namespace}")
}

/// Gives what is made a line; what was copied keeps its own.
fn set_line(node: &mut Node, line: u32) {
    if node.line == MADE {
        node.line = line;
    }
    match &mut node.data {
        Data::List(items) => items.iter_mut().for_each(|item| set_line(item, line)),
        Data::Object(members) => {
            for (_, member) in members.iter_mut() {
                if member.line == MADE {
                    member.line = line;
                }
                set_line(&mut member.value, line);
            }
        }
        _ => {}
    }
}

/// A value that is made.
pub(super) fn made(value: Value) -> Node {
    Node::on_line(MADE, value)
}

/// An object that is made, of these members.
pub(super) fn object<const N: usize>(members: [(&str, Member); N]) -> Node {
    let members = members.map(|(key, member)| (SmolStr::new(key), member));
    let members = Members::new(members.into(), |_, _, _| {});
    Node::new(MADE, Data::Object(members))
}

/// A member that is made.
pub(super) fn member(value: Node) -> Member {
    Member::new(MADE, value)
}
