//! Where objects and their fields stand in files. Kept beside the [`crate::Snapshot`], never in
//! it: file names and lines change no verdict and no digest, and they do not leave the machine.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::object_ref::ObjectRef;

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
    pub fields: BTreeMap<String, u32>,
}

impl ObjectSource {
    /// The line of a field, or of the nearest enclosing field that is known, or of the object.
    pub fn line_of(&self, field: &str) -> SourceLine {
        let mut path = field;
        loop {
            if let Some(&line) = self.fields.get(path) {
                return SourceLine {
                    line,
                    ..self.start.clone()
                };
            }
            match path.rfind(['.', '[']) {
                Some(cut) => path = path.get(..cut).unwrap_or_default(),
                None => return self.start.clone(),
            }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_without_a_line_has_that_of_the_nearest_enclosing_one() {
        let start = SourceLine {
            file: "a.yaml".into(),
            document: 2,
            line: 10,
        };
        let fields = BTreeMap::from([("rules".into(), 14), ("rules[1]".into(), 17)]);
        let source = ObjectSource { start, fields };
        assert_eq!(source.line_of("rules[1].verbs").line, 17);
        assert_eq!(source.line_of("rules[7]").line, 14);
        assert_eq!(source.line_of("spec.replicas").line, 10);
    }
}
