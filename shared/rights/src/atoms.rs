//! A set of a few atoms. A cluster has a hit or more for each of its thousands of accounts, and most
//! hold one atom: a tree has room for eleven in its smallest node.

use crate::hit::Atom;

/// Atoms, each once, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Atoms {
    /// INVARIANT: sorted, without duplicates.
    sorted: Vec<Atom>,
}

impl Atoms {
    /// One atom.
    pub(crate) fn of(atom: Atom) -> Self {
        Self { sorted: vec![atom] }
    }

    /// The atoms, in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Atom> {
        self.sorted.iter()
    }

    /// Adds an atom, unless it is there.
    pub(crate) fn insert(&mut self, atom: Atom) {
        if let Err(place) = self.sorted.binary_search(&atom) {
            self.sorted.reserve_exact(1);
            self.sorted.insert(place, atom);
        }
    }
}

impl<'a> IntoIterator for &'a Atoms {
    type Item = &'a Atom;
    type IntoIter = std::slice::Iter<'a, Atom>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Extend<Atom> for Atoms {
    fn extend<T: IntoIterator<Item = Atom>>(&mut self, atoms: T) {
        for atom in atoms {
            self.insert(atom);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(verb: &'static str) -> Atom {
        Atom {
            verb: verb.into(),
            group: "".into(),
            resource: "pods".into(),
            name: None,
        }
    }

    #[test]
    fn each_stands_once_and_in_order() {
        let mut atoms = Atoms::of(atom("get"));
        atoms.extend([atom("list"), atom("create"), atom("get")]);
        let verbs: Vec<&str> = atoms.iter().map(|atom| &*atom.verb).collect();
        assert_eq!(verbs, ["create", "get", "list"]);
    }
}
