//! Objects that are made of a version, with the lines and the fields that they are made from.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use opsec_model::{MadeFrom, Notice, NoticeCode, OlmInstallation, SourceLine};
use serde_json::{Map, Value, json};

use super::expand::notice;
use super::version::Version;
use crate::object::{KindRef, RawObject};
use crate::validate::names;

pub(super) const RBAC: &str = "rbac.authorization.k8s.io/v1";

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
    pub content: Value,
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
        let lines = &self.version.raw.lines;
        let mut own_lines = BTreeMap::new();
        for (own, other) in &draft.fields {
            copy_lines(lines, own, other, &mut own_lines);
        }
        let line = line_of(lines, draft.from).unwrap_or(self.version.raw.start.line);
        let copies = draft.fields.iter().cloned();
        let mut made_from: BTreeMap<String, MadeFrom> = copies
            .map(|(own, other)| (own, MadeFrom::Copy(other)))
            .collect();
        let whole = std::iter::once(String::new());
        for own in draft.added.iter().cloned().chain(whole) {
            own_lines.insert(own.clone(), line);
            made_from.insert(own, MadeFrom::Cause(draft.from.to_owned()));
        }
        let object = RawObject {
            input: self.version.raw.input,
            start: SourceLine {
                line,
                ..self.version.raw.start.clone()
            },
            kind: KindRef::new(draft.api_version, draft.kind),
            namespace: draft.namespace.map(str::to_owned),
            placed: false,
            lines: own_lines,
            made_from,
            value: self.value(draft),
        };
        self.objects.push(object);
    }

    /// A notice about the version, at a field of it.
    pub(super) fn notice(&self, code: NoticeCode, message: String, field: &str) -> Notice {
        notice(self.version.raw, code, message, field)
    }

    fn value(&self, draft: Draft<'_>) -> Value {
        let mut value = match draft.content {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let mut metadata = match value.remove("metadata") {
            Some(Value::Object(members)) => members,
            _ => Map::new(),
        };
        metadata.insert("name".to_owned(), json!(draft.name));
        if let Some(namespace) = draft.namespace {
            metadata.insert("namespace".to_owned(), json!(namespace));
            metadata.insert("ownerReferences".to_owned(), json!([self.owner()]));
        }
        let labels = metadata.entry("labels").or_insert_with(|| json!({}));
        if let Some(labels) = labels.as_object_mut() {
            self.label(labels);
        }
        value.insert("metadata".to_owned(), Value::Object(metadata));
        Value::Object(value)
    }

    fn owner(&self) -> Value {
        json!({
            "apiVersion": self.version.raw.kind.api_version(),
            "kind": "ClusterServiceVersion",
            "name": self.version.name,
        })
    }

    /// The labels by which OLM finds what it made; those that no label can be are left out.
    fn label(&self, labels: &mut Map<String, Value>) {
        let installation = self.installation;
        let owner = [
            ("olm.owner", self.version.name),
            ("olm.owner.kind", "ClusterServiceVersion"),
            ("olm.owner.namespace", installation.namespace.as_str()),
        ];
        for (key, value) in owner {
            if names::is_label_value(value) {
                labels.insert(key.to_owned(), json!(value));
            }
        }
        let key = component_label(installation);
        if names::is_qualified_name(&key) {
            labels.insert(key, json!(""));
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

/// The line of a field, or of the nearest that it is in.
pub(super) fn line_of(lines: &BTreeMap<String, u32>, path: &str) -> Option<u32> {
    let mut path = path;
    loop {
        if let Some(&line) = lines.get(path) {
            return Some(line);
        }
        path = path.get(..path.rfind(['.', '['])?)?;
    }
}

/// Copies the lines of a field and of what it holds, under another name.
fn copy_lines(
    lines: &BTreeMap<String, u32>,
    own: &str,
    other: &str,
    copied: &mut BTreeMap<String, u32>,
) {
    let from = (Bound::Included(other), Bound::Unbounded);
    for (path, &line) in lines.range::<str, _>(from) {
        let Some(rest) = path.strip_prefix(other) else {
            break;
        };
        if rest.is_empty() || rest.starts_with(['.', '[']) {
            copied.insert(format!("{own}{rest}"), line);
        }
    }
}
