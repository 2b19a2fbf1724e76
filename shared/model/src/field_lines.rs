//! The lines on which an object's fields stand, in a few bytes a field.
//!
//! An object may have as many fields as its file has letters, so no path is written out: fields
//! form a tree, the fields of one object or list side by side and sorted. A field that stands on
//! the line of what it is in, with all that is below it, is left out.

/// The line of each field of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldLines {
    fields: Vec<Field>,
    keys: String,
    top: Below,
}

/// What leads to a field from what it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// The key of a member.
    Key(&'a str),
    /// The index of an item.
    Index(usize),
}

/// A field with its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    line: u32,
    name: Name,
    below: Below,
}

/// Where the fields that are in another lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Below {
    from: u32,
    to: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Name {
    /// Where the key begins, or the index.
    from: u32,
    /// Where the key ends; [`Name::INDEX`] for an index.
    to: u32,
}

impl Name {
    const INDEX: u32 = u32::MAX;
}

impl Below {
    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.from == self.to
    }
}

impl FieldLines {
    /// A field with its line and what is below it; to be put beside its neighbours.
    pub fn field(&mut self, step: Step<'_>, line: u32, below: Below) -> Field {
        let name = match step {
            Step::Index(index) => Name {
                from: narrow(index),
                to: Name::INDEX,
            },
            Step::Key(key) => {
                let from = narrow(self.keys.len());
                self.keys.push_str(key);
                let to = narrow(self.keys.len());
                Name { from, to }
            }
        };
        Field { line, name, below }
    }

    /// Puts the fields of one object, sorted by key, or of one list, sorted by index.
    pub fn put(&mut self, neighbours: Vec<Field>) -> Below {
        let from = narrow(self.fields.len());
        if self.fields.is_empty() {
            self.fields = neighbours;
        } else {
            self.fields.extend(neighbours);
        }
        let to = narrow(self.fields.len());
        Below { from, to }
    }

    /// All lines, once the fields of the object itself are put.
    #[must_use]
    pub fn finish(mut self, top: Below) -> Self {
        self.fields.shrink_to_fit();
        self.keys.shrink_to_fit();
        Self { top, ..self }
    }

    /// The line of a field by its path, as in `rules[3].verbs`, or of the nearest that it is in;
    /// none when that is the object itself.
    pub fn nearest(&self, path: &str) -> Option<u32> {
        let (mut below, mut rest, mut line) = (self.top, path, None);
        while let Some((field, after)) = self.first(below, rest) {
            (below, rest, line) = (field.below, after, Some(field.line));
        }
        line
    }

    /// How many fields have a line of their own, and how many bytes their keys take.
    pub fn size(&self) -> (usize, usize) {
        (self.fields.len(), self.keys.len())
    }

    /// The field with which a path begins, and the rest of the path.
    fn first<'a>(&self, below: Below, path: &'a str) -> Option<(Field, &'a str)> {
        let fields = self.fields.get(wide(below.from)..wide(below.to))?;
        if let Some((index, rest)) = path.strip_prefix('[').and_then(|path| path.split_once(']')) {
            let index: u32 = index.parse().ok()?;
            let at = fields
                .binary_search_by_key(&index, |field| field.name.from)
                .ok()?;
            let field = fields.get(at).filter(|field| field.name.to == Name::INDEX);
            return Some((*field?, rest));
        }
        let path = path.strip_prefix('.').unwrap_or(path);
        // A key may hold points itself, as those of labels do: the longest that fits is meant.
        let mut end = path.len();
        while end > 0 {
            let (key, rest) = path.split_at_checked(end)?;
            let found = fields.binary_search_by(|field| self.key(*field).cmp(key));
            if let Some(field) = found.ok().and_then(|at| fields.get(at)) {
                return Some((*field, rest));
            }
            end = key.rfind(['.', '[']).unwrap_or_default();
        }
        None
    }

    fn key(&self, field: Field) -> &str {
        self.keys
            .get(wide(field.name.from)..wide(field.name.to))
            .unwrap_or_default()
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn wide(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_without_a_line_has_that_of_the_nearest_enclosing_one() {
        let mut lines = FieldLines::default();
        let nothing = Below::default();
        let verbs = lines.field(Step::Key("verbs"), 18, nothing);
        let of_rule = lines.put(vec![verbs]);
        let rule = lines.field(Step::Index(1), 17, of_rule);
        let rules = lines.put(vec![rule]);
        let plain = lines.field(Step::Key("app"), 4, nothing);
        let pointed = lines.field(Step::Key("app.kubernetes.io/name"), 5, nothing);
        let labels = lines.put(vec![plain, pointed]);
        let labels = lines.field(Step::Key("labels"), 3, labels);
        let rules = lines.field(Step::Key("rules"), 14, rules);
        let top = lines.put(vec![labels, rules]);
        let lines = lines.finish(top);
        for (path, line) in [
            ("rules[1].verbs[0]", Some(18)),
            ("rules[1].resources", Some(17)),
            ("rules[7]", Some(14)),
            ("rules[x]", Some(14)),
            ("rules", Some(14)),
            ("rule", None),
            ("rulesets", None),
            ("labels.app", Some(4)),
            ("labels.app.kubernetes.io/name", Some(5)),
            ("labels.app.kubernetes.io/part", Some(4)),
            ("labels.é", Some(3)),
            ("spec.replicas", None),
            ("", None),
        ] {
            assert_eq!(lines.nearest(path), line, "{path}");
        }
        assert_eq!(FieldLines::default().nearest("rules"), None);
    }
}
