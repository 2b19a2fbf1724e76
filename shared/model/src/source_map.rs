//! Where objects and their fields stand in files. Kept beside the [`crate::Snapshot`], never in
//! it: file names and lines change no verdict and no digest, and they do not leave the machine.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field_lines::FieldLines;
use crate::object_ref::ObjectRef;
use crate::report::Evidence;

/// A line of an input file.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct SourceLine {
    /// The file as it was named on the command line; `-` is standard input.
    pub file: String,
    /// The document in the file, from 1.
    pub document: u32,
    /// The line in the file, from 1.
    pub line: u32,
}

/// Where one object stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectSource {
    /// The object's first line.
    pub start: SourceLine,
    /// Line of each field by its path, as in `rules[3].verbs`, `spec.template.spec.hostNetwork`.
    pub fields: FieldLines,
    /// Of an object that is made from another, as OLM makes Roles from a ClusterServiceVersion:
    /// the other's field by its own, as in `spec.install.spec.permissions[0].rules` by `rules`.
    pub made_from: BTreeMap<String, MadeFrom>,
}

/// What a field of an object is made from: a path in another object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MadeFrom {
    /// It is that field, with all that is below.
    Copy(String),
    /// That field is why it is there; what is below it stands nowhere.
    Cause(String),
}

impl ObjectSource {
    /// How a field is called in the file: its own path, or that in the object that this one is
    /// made from.
    pub fn field_in_file(&self, field: &str) -> String {
        let mut own = field;
        loop {
            match self.made_from.get(own) {
                Some(MadeFrom::Cause(other)) => return other.clone(),
                Some(MadeFrom::Copy(other)) => {
                    return format!("{other}{}", field.get(own.len()..).unwrap_or_default());
                }
                None if own.is_empty() => return field.to_owned(),
                None => {
                    let cut = own.rfind(['.', '[']).unwrap_or_default();
                    own = own.get(..cut).unwrap_or_default();
                }
            }
        }
    }

    /// The line of a field, or of the nearest enclosing field that is known, or of the object.
    pub fn line_of(&self, field: &str) -> SourceLine {
        SourceLine {
            line: self.fields.nearest(field).unwrap_or(self.start.line),
            ..self.start.clone()
        }
    }
}

/// Where every object of the input stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceMap {
    /// By object.
    pub objects: BTreeMap<ObjectRef, ObjectSource>,
}

impl SourceMap {
    /// Where a field of an object stands; an empty field is the object itself.
    pub fn locate(&self, object: &ObjectRef, field: &str) -> Option<SourceLine> {
        self.objects.get(object).map(|source| source.line_of(field))
    }

    /// Fills in where evidence stands, and names the field as the file does. Evidence that has a
    /// place keeps it.
    pub fn place(&self, evidence: &mut Evidence) {
        if let (None, Some(source)) = (&evidence.source, self.objects.get(&evidence.object)) {
            evidence.source = Some(source.line_of(&evidence.field));
            evidence.field = source.field_in_file(&evidence.field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_objects_fields_are_named_as_the_other_names_them() {
        let copy = |other: &str| MadeFrom::Copy(other.to_owned());
        let cause = |other: &str| MadeFrom::Cause(other.to_owned());
        let mut source = ObjectSource {
            start: SourceLine {
                file: "csv.yaml".into(),
                document: 1,
                line: 10,
            },
            fields: FieldLines::default(),
            made_from: BTreeMap::new(),
        };
        assert_eq!(source.field_in_file("rules[2].verbs"), "rules[2].verbs");
        source.made_from = BTreeMap::from([
            (String::new(), cause("spec.permissions[0]")),
            ("rules".to_owned(), copy("spec.permissions[0].rules")),
            ("rules[2]".to_owned(), cause("spec.permissions[0]")),
        ]);
        for (field, expected) in [
            ("rules[0].verbs", "spec.permissions[0].rules[0].verbs"),
            ("rules[2].verbs", "spec.permissions[0]"),
            ("rulesets", "spec.permissions[0]"),
            ("", "spec.permissions[0]"),
        ] {
            assert_eq!(source.field_in_file(field), expected, "{field}");
        }
    }
}
