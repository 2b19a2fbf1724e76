//! The table of dangerous rights, and how grave each is for one operator.
//!
//! [`Holdings`] is what every account holds, whoever is judged; [`Grading::new`] computes what does
//! not depend on a single account (which namespaces are protected, intended, who is stronger);
//! [`Grading::rights_of`] grades one account. The table is
//! data under [`rows`]; a new right is one row there and its case.

mod atoms;
pub mod baseline;
mod combine;
mod example;
mod fold;
mod ghost;
mod grade;
mod grading;
mod hit;
mod holdings;
mod names;
mod namespaces;
pub mod row;
pub mod rows;
mod special;
mod strength;
mod table;
mod words;
pub mod written;

pub use atoms::Atoms;
pub use example::{Example, example};
pub use grading::{Grading, GradingInput};
pub use hit::{Atom, Hit, Word, hits_by_any_grant};
pub use holdings::Holdings;
pub use namespaces::Namespaces;
pub use words::gains;

use std::collections::BTreeSet;
use std::sync::Arc;

use opsec_model::{Reach, ServiceAccountRef, Severity};

/// A dangerous right that an account holds, graded: what becomes one finding.
#[derive(Debug, Clone)]
pub struct GradedRight {
    /// Who holds it.
    pub account: ServiceAccountRef,
    /// The row's id, as in `ESC-BIND`.
    pub id: &'static str,
    /// The row.
    pub row: &'static row::Row,
    /// The rule that it is filed under.
    pub rule: &'static str,
    /// The other rules that it fails.
    pub also: BTreeSet<&'static str>,
    /// How grave its worst grant is.
    pub severity: Severity,
    /// How far its worst grant reaches.
    pub reach: Reach,
    /// What is held where, the worst first.
    pub hits: Vec<GradedHit>,
    /// Rights that are folded into this one: everything that the same grant contains.
    pub folded: Vec<GradedRight>,
    /// Whether it is held by `*`, an administrator's role or the like, and stands for everything.
    pub container: bool,
    /// Whether the baseline grants it, so that it is no finding.
    pub granted: bool,
    /// What raised it beyond its row, in a clause.
    pub raised_by: Option<String>,
}

/// One hit of a graded right.
#[derive(Debug, Clone)]
pub struct GradedHit {
    /// What is held.
    pub hit: Arc<Hit>,
    /// How grave it is.
    pub severity: Severity,
    /// How far it reaches.
    pub reach: Reach,
    /// Whether the baseline grants it.
    pub granted: bool,
    /// Whether it is limited to names, and all of them are the installation's own.
    pub own_names: bool,
}

impl GradedRight {
    /// Indices of every grant that gives it, into [`opsec_rbac::EffectiveRights::grants`]; those
    /// of rights folded into it are not among them.
    pub fn grants(&self) -> BTreeSet<usize> {
        self.hits
            .iter()
            .flat_map(|graded| graded.hit.grants.iter().copied())
            .collect()
    }

    /// Whether every hit is of a kind that nobody serves.
    pub fn latent(&self) -> bool {
        !self.hits.is_empty() && self.hits.iter().all(|graded| graded.hit.latent)
    }
}
