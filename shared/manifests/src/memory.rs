//! How much memory what is decoded may take: objects may take many times what their text takes,
//! as `rules: [{},{},…]` does.

use std::cell::Cell;

use crate::node::Node;

/// What decoded objects take, and may take at most.
#[derive(Debug)]
pub(crate) struct Memory {
    left: Cell<u64>,
    passed: Cell<bool>,
}

/// The limit is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMuch;

/// What an object takes beside what is decoded of it: where it stands, by what it is found, what
/// is made of it for the way to the service and there.
const OBJECT: usize = 1024;

/// What a value takes in a tree whose objects are maps, as JSON's are: most with few members.
const VALUE: usize = 256;

impl Memory {
    /// Room for so many bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            left: Cell::new(limit),
            passed: Cell::new(false),
        }
    }

    /// Takes room for something of that size.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), TooMuch> {
        let left = self.left.get().checked_sub(bytes as u64);
        self.left.set(left.unwrap_or_default());
        self.passed.set(self.passed.get() || left.is_none());
        left.map(|_| ()).ok_or(TooMuch)
    }

    /// Takes room for an object, as yet not decoded.
    pub(crate) fn take_object(&self) -> Result<(), TooMuch> {
        self.take(OBJECT)
    }

    /// Takes room for a value with all that it holds, as a tree of maps.
    pub(crate) fn take_tree(&self, node: &Node) -> Result<(), TooMuch> {
        self.take(node.extent().0.saturating_mul(VALUE))
    }

    /// Whether more was asked for than there is.
    pub(crate) fn is_passed(&self) -> bool {
        self.passed.get()
    }
}
