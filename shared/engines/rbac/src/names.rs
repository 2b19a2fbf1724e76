//! The names that a right is limited to.

use std::collections::BTreeSet;

/// The names that a right is limited to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Names {
    /// Every name.
    All,
    /// These, literally: `*` is an object called `*`. Never empty.
    Only(BTreeSet<String>),
}

impl Names {
    /// Whether an object of that name is meant.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }

    /// Whether a signer is meant (`approve`, `sign` and `attest` on `signers`). The API server
    /// asks for the signer's name and then for its `domain/*`, so that one literal is a wildcard.
    pub fn covers_signer(&self, signer: &str) -> bool {
        let domain = signer.split_once('/').map(|(domain, _)| domain);
        self.contains(signer) || domain.is_some_and(|domain| self.contains(&format!("{domain}/*")))
    }

    /// The names, when they are limited.
    pub fn only(&self) -> Option<&BTreeSet<String>> {
        match self {
            Self::All => None,
            Self::Only(names) => Some(names),
        }
    }

    /// The names of this set that are in the other too; none when there is none.
    pub(crate) fn intersect(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::All, names) | (names, Self::All) => Some(names.clone()),
            (Self::Only(a), Self::Only(b)) => Self::only_of(a.intersection(b).cloned().collect()),
        }
    }

    /// A set of names, none when it is empty.
    pub(crate) fn only_of(names: BTreeSet<String>) -> Option<Self> {
        (!names.is_empty()).then_some(Self::Only(names))
    }

    /// The names that a request with this verb can carry under a rule's `resourceNames`, before
    /// the question how a creation carries one. A request without a name asks for the empty
    /// one, so `resourceNames: [""]` grants what never carries a name, and nothing else.
    pub(crate) fn carried(verb: &str, top_level: bool, resource_names: &[String]) -> Option<Self> {
        if resource_names.is_empty() {
            return Some(Self::All);
        }
        let unnamed = resource_names.iter().any(String::is_empty);
        let nameless = match verb {
            "list" | "watch" | "deletecollection" => true,
            "create" | "escalate" => top_level,
            _ => false,
        };
        if unnamed && nameless {
            return Some(Self::All);
        }
        if verb == "deletecollection" {
            return None;
        }
        let named = resource_names.iter().filter(|name| !name.is_empty());
        Self::only_of(named.cloned().collect())
    }
}
