//! Where in a document the reader is. It is written out only when something is said of the place:
//! a text that follows each of millions of items costs more than reading them.

use std::fmt;

use smol_str::SmolStr;

/// The way from a document's root to a value.
#[derive(Debug, Default)]
pub(crate) struct Path {
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Member(SmolStr),
    Item(usize),
}

impl Path {
    /// One step down, to an object's member.
    pub(crate) fn enter_member(&mut self, key: &SmolStr) {
        self.steps.push(Step::Member(key.clone()));
    }

    /// One step down, to a list's item, counted from 0.
    pub(crate) fn enter_item(&mut self, index: usize) {
        self.steps.push(Step::Item(index));
    }

    /// One step up.
    pub(crate) fn leave(&mut self) {
        self.steps.pop();
    }
}

/// As in `spec.containers[0].image`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.steps.iter().enumerate() {
            match step {
                Step::Member(key) if depth == 0 => f.write_str(key)?,
                Step::Member(key) => write!(f, ".{key}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn a_path_is_written_as_people_write_it() {
        let mut path = Path::default();
        assert_eq!(path.to_string(), "");
        path.enter_member(&"spec".into());
        path.enter_member(&"containers".into());
        path.enter_item(3);
        path.enter_member(&"image".into());
        assert_eq!(path.to_string(), "spec.containers[3].image");
        path.leave();
        path.leave();
        assert_eq!(path.to_string(), "spec.containers");
    }
}
