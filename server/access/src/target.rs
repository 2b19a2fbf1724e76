//! What a call is about, as far as it decides whether the call is allowed.

/// An operator and a cluster: names, or patterns with one `*` at their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair<'a> {
    /// The cluster by id.
    pub cluster: &'a str,
    /// The operator by name, or by its id `NAMESPACE~NAME`.
    pub operator: &'a str,
}

/// What a call is about. Only names of the request stand here, never what the store says: who is
/// refused learns nothing of what exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// Nothing that a scope limits, as a snapshot of a cluster that is not registered.
    Nothing,
    /// A baseline, by its name.
    Baseline(&'a str),
    /// A change of a baseline: its name and every pair that it was for or is to be for. One binding
    /// must contain all of it: two that each contain a half would allow what neither does.
    Change {
        /// The baseline, by its name.
        baseline: &'a str,
        /// The pairs of patterns; an absent list of operators or clusters is `*`.
        pairs: &'a [Pair<'a>],
    },
    /// An operator on a cluster, both by name.
    Pair {
        /// The cluster by id.
        cluster: &'a str,
        /// The operator by name, or by its id `NAMESPACE~NAME`.
        operator: &'a str,
    },
    /// A cluster, by its id: as such, or every operator on it.
    Cluster(&'a str),
    /// Everything there is.
    Everything,
}
