//! Sets that are merged step by step.

use std::collections::BTreeMap;

/// Disjoint sets over `0..len`.
#[derive(Debug)]
pub(crate) struct UnionFind {
    parents: Vec<usize>,
}

impl UnionFind {
    /// Every element alone.
    pub(crate) fn new(len: usize) -> Self {
        Self {
            parents: (0..len).collect(),
        }
    }

    /// The least element of the set that an element is in.
    pub(crate) fn root(&mut self, element: usize) -> usize {
        let mut root = element;
        while let Some(&parent) = self.parents.get(root) {
            if parent == root {
                break;
            }
            root = parent;
        }
        // Flattening keeps later look-ups short.
        let mut current = element;
        while let Some(parent) = self.parents.get_mut(current) {
            if *parent == root {
                break;
            }
            current = std::mem::replace(parent, root);
        }
        root
    }

    /// Merges the sets of two elements.
    pub(crate) fn union(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(parent) = self.parents.get_mut(a.max(b)) {
            *parent = a.min(b);
        }
    }

    /// The sets, each ascending, ordered by their least element.
    pub(crate) fn sets(mut self) -> Vec<Vec<usize>> {
        let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for element in 0..self.parents.len() {
            let root = self.root(element);
            sets.entry(root).or_default().push(element);
        }
        sets.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_elements_are_one_set() {
        let mut sets = UnionFind::new(5);
        sets.union(3, 1);
        sets.union(4, 3);
        sets.union(1, 4);
        assert_eq!(sets.sets(), [vec![0], vec![1, 3, 4], vec![2]]);
    }
}
