//! Which operators and clusters a baseline is for: pairs of patterns, each owned by one baseline.

use std::fmt;

use opsec_model::Baseline;

/// The name of the fleet's baseline, which is for everything that no other is for.
pub(crate) const DEFAULT: &str = "default";

/// A pattern for operators and one for clusters: an exact name, or a prefix ending in one `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Operators by display name.
    pub operators: String,
    /// Clusters by id.
    pub clusters: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "operator `{}` on cluster `{}`",
            self.operators, self.clusters
        )
    }
}

/// How well a scope matches: an exact operator before a longer prefix before `*`, then clusters
/// likewise.
pub(crate) type Rank = (usize, usize);

impl Scope {
    /// What a baseline is for. `default` claims nothing: it is what is left.
    pub fn all_of(baseline: &Baseline) -> Vec<Self> {
        if baseline.metadata.name == DEFAULT {
            return Vec::new();
        }
        let Some(applies_to) = &baseline.spec.applies_to else {
            return Vec::new();
        };
        let every = ["*".to_owned()];
        let or_every = |patterns: &'_ [String]| {
            if patterns.is_empty() {
                every.to_vec()
            } else {
                patterns.to_vec()
            }
        };
        let clusters = or_every(&applies_to.clusters);
        let mut scopes: Vec<Self> = or_every(&applies_to.operators)
            .iter()
            .flat_map(|operators| {
                clusters.iter().map(|clusters| Self {
                    operators: operators.clone(),
                    clusters: clusters.clone(),
                })
            })
            .collect();
        scopes.sort();
        scopes.dedup();
        scopes
    }

    /// How well it matches, if it does. A cluster that is not named matches `*` only.
    pub(crate) fn rank(&self, operator: &str, cluster: Option<&str>) -> Option<Rank> {
        let operators = rank(&self.operators, Some(operator))?;
        Some((operators, rank(&self.clusters, cluster)?))
    }
}

fn rank(pattern: &str, name: Option<&str>) -> Option<usize> {
    match (pattern.strip_suffix('*'), name) {
        (Some(""), _) => Some(0),
        (Some(prefix), Some(name)) => name.starts_with(prefix).then_some(prefix.len()),
        (None, Some(name)) => (pattern == name).then_some(usize::MAX),
        (_, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_names_come_before_longer_prefixes_before_all() {
        let rank = |operators: &str, clusters: &str, cluster| {
            Scope {
                operators: operators.into(),
                clusters: clusters.into(),
            }
            .rank("cert-manager", cluster)
        };
        let ordered = [
            rank("*", "*", Some("prod-1")),
            rank("*", "prod-1", Some("prod-1")),
            rank("cert*", "*", Some("prod-1")),
            rank("cert-*", "*", Some("prod-1")),
            rank("cert-manager", "*", Some("prod-1")),
            rank("cert-manager", "prod-*", Some("prod-1")),
            rank("cert-manager", "prod-1", Some("prod-1")),
        ];
        assert!(ordered.iter().all(Option::is_some));
        assert!(
            ordered.windows(2).all(|pair| pair[0] < pair[1]),
            "{ordered:?}"
        );
        assert_eq!(rank("cert-manager", "dev-*", Some("prod-1")), None);
        assert_eq!(rank("argo*", "*", None), None);
        assert_eq!(
            rank("cert-manager", "prod-*", None),
            None,
            "no cluster is named"
        );
    }
}
