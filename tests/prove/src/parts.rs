//! The parts of the proof. Whoever adds one adds a row.

use crate::error::ProveError;
use crate::run::Run;
use crate::table::Row;

/// A part of the proof.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// What `cargo xtask prove` calls it.
    pub name: &'static str,
    /// How many cases are made where nobody says.
    pub cases: usize,
    /// Makes that many.
    pub prove: fn(&Run, usize) -> Result<Vec<Row>, ProveError>,
}

/// All of them.
pub const PARTS: &[Part] = &[
    Part {
        name: "rights",
        cases: 20_000,
        prove: crate::rights::prove,
    },
    Part {
        name: "pod-security",
        cases: 4_000,
        prove: crate::pod_security::prove,
    },
    Part {
        name: "network",
        cases: 24_000,
        prove: crate::network::prove,
    },
    Part {
        name: "operators",
        // How many of the corpus: all.
        cases: usize::MAX,
        prove: crate::operators::prove,
    },
    Part {
        name: "admission",
        cases: 1_000,
        prove: crate::admission::prove,
    },
];

/// A part by its name.
pub fn part(name: &str) -> Option<&'static Part> {
    PARTS.iter().find(|part| part.name == name)
}
