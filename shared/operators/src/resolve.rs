//! From what a person calls an operator to the operator.

use std::fmt;

use opsec_facts::Facts;
use opsec_model::NoticeCode;
use opsec_model::olm::package_of;

use crate::display_name::without_suffix;
use crate::operator::Operator;

/// An operator as errors list it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its display name.
    pub name: String,
    /// Its namespaces.
    pub namespaces: Vec<String>,
}

/// `cert-manager (namespace cert-manager)`.
impl fmt::Display for Candidate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.namespaces.len() == 1 {
            "namespace"
        } else {
            "namespaces"
        };
        write!(
            formatter,
            "{} ({word} {})",
            self.name,
            self.namespaces.join(", ")
        )
    }
}

/// Why no operator was resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No operator has that name.
    #[error("no operator matches `{name}`; found: {}{}", list(candidates), question(suggestion.as_deref()))]
    NotFound {
        /// What was asked for.
        name: String,
        /// The operators that are there.
        candidates: Vec<Candidate>,
        /// The name among theirs that is nearest to it.
        suggestion: Option<String>,
    },
    /// Several operators have it, in the first step that matches.
    #[error(
        "`{name}` matches {} operators: {}; name one by its namespace or as `deployment/NAME`",
        candidates.len(),
        list(candidates)
    )]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// The operators that match.
        candidates: Vec<Candidate>,
    },
    /// There is no operator.
    #[error(
        "no operator is here: no workload, and no binding that names a ServiceAccount{}",
        refused_objects(refused)
    )]
    NoneFound {
        /// What the input holds and the API server would refuse, each with why.
        refused: Vec<String>,
    },
    /// No operator runs in the namespace that was named.
    #[error(
        "no operator runs in namespace `{namespace}`; found: {}",
        list(candidates)
    )]
    NoneIn {
        /// The namespace.
        namespace: String,
        /// The operators that are elsewhere.
        candidates: Vec<Candidate>,
    },
    /// All were asked for, and no installation may watch a kind outside Kubernetes' own groups.
    #[error(
        "no operator is here: none may watch a kind outside Kubernetes' own groups{}",
        to_name(candidates)
    )]
    NoneWatches {
        /// The installations that can be named; none live, where every workload is one.
        candidates: Vec<Candidate>,
    },
    /// No name was given, and there is not exactly one operator.
    #[error("there are {} operators: {}; name one of them", candidates.len(), list(candidates))]
    Several {
        /// The operators that are there.
        candidates: Vec<Candidate>,
    },
}

/// How many refused objects an error names.
const REFUSED_LISTED: usize = 3;

fn list(candidates: &[Candidate]) -> String {
    let names: Vec<String> = candidates.iter().map(Candidate::to_string).collect();
    names.join(", ")
}

fn refused_objects(refused: &[String]) -> String {
    if refused.is_empty() {
        return String::new();
    }
    format!("; {}", refused.join("; "))
}

fn to_name(candidates: &[Candidate]) -> String {
    if candidates.is_empty() {
        return String::new();
    }
    format!("; name what is to be judged: {}", list(candidates))
}

fn question(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!(". Did you mean {name}?"))
}

/// The operator that a name means, or the one that is there.
///
/// A name is tried against all operators step by step: `deployment/NAME`, a workload, a label, a
/// ClusterServiceVersion, a Helm release, the namespace, the same less its suffix, the first label
/// of an owned group, the file. The first step with a match wins.
///
/// `NAMESPACE~NAME` is tried only against the operators that run in that namespace, and
/// `NAMESPACE~` is the one that does: no name of Kubernetes holds a `~`.
///
/// # Errors
/// When nothing matches, or more than one operator does in that step.
pub fn resolve<'a>(
    operators: &'a [Operator],
    facts: &Facts<'_>,
    name: Option<&str>,
) -> Result<&'a Operator, ResolveError> {
    let everywhere: Vec<&Operator> = operators.iter().collect();
    match name.map(|name| name.split_once(WITHIN).ok_or(name)) {
        None => the_only(&everywhere, facts),
        Some(Err(name)) => by_name(&everywhere, facts, name),
        Some(Ok((namespace, name))) => within(&everywhere, facts, namespace, name),
    }
}

/// What stands between a namespace and the name of an operator that runs there.
const WITHIN: char = '~';

/// The namespace of a name that means whatever runs there: `NAMESPACE~`.
#[must_use]
pub fn whole_namespace(name: &str) -> Option<&str> {
    name.strip_suffix(WITHIN)
}

fn within<'a>(
    operators: &[&'a Operator],
    facts: &Facts<'_>,
    namespace: &str,
    name: &str,
) -> Result<&'a Operator, ResolveError> {
    let there: Vec<&Operator> = operators
        .iter()
        .copied()
        .filter(|operator| operator.namespaces.contains(namespace))
        .collect();
    if there.is_empty() {
        return Err(ResolveError::NoneIn {
            namespace: namespace.to_owned(),
            candidates: worth_listing(operators, facts),
        });
    }
    if name.is_empty() {
        the_only(&there, facts)
    } else {
        by_name(&there, facts, name)
    }
}

fn the_only<'a>(
    operators: &[&'a Operator],
    facts: &Facts<'_>,
) -> Result<&'a Operator, ResolveError> {
    if let [only] = operators {
        return Ok(only);
    }
    let may_watch: Vec<&Operator> = operators
        .iter()
        .copied()
        .filter(|operator| operator.is_operator)
        .collect();
    match may_watch.as_slice() {
        _ if operators.is_empty() => Err(none_found(facts)),
        [only] => Ok(only),
        [] => Err(ResolveError::Several {
            candidates: operators.iter().copied().map(candidate).collect(),
        }),
        several => Err(ResolveError::Several {
            candidates: several.iter().copied().map(candidate).collect(),
        }),
    }
}

/// Live every workload is an installation; only operators are worth listing.
fn worth_listing(operators: &[&Operator], facts: &Facts<'_>) -> Vec<Candidate> {
    let listed = operators
        .iter()
        .filter(|operator| operator.is_operator || facts.from_files());
    listed.copied().map(candidate).collect()
}

/// Why none of the installations is judged where all operators are asked for.
#[must_use]
pub fn none_watches(operators: &[Operator], facts: &Facts<'_>) -> ResolveError {
    if operators.is_empty() {
        return none_found(facts);
    }
    let listed = operators.iter().filter(|_| facts.from_files());
    ResolveError::NoneWatches {
        candidates: listed.map(candidate).collect(),
    }
}

/// Nothing is there, with the objects whose refusal may be why.
fn none_found(facts: &Facts<'_>) -> ResolveError {
    let notices = facts.snapshot().notices.iter();
    let refused = notices
        .filter(|notice| notice.code == NoticeCode::InvalidObject)
        .map(|notice| notice.message.clone())
        .take(REFUSED_LISTED)
        .collect();
    ResolveError::NoneFound { refused }
}

type Step = fn(&Operator, &str) -> bool;

const STEPS: [Step; 9] = [
    is_kind_and_name,
    is_workload,
    is_label,
    is_cluster_service_version,
    is_helm_release,
    is_namespace,
    is_namespace_without_suffix,
    is_first_label_of_group,
    is_file,
];

fn by_name<'a>(
    operators: &[&'a Operator],
    facts: &Facts<'_>,
    name: &str,
) -> Result<&'a Operator, ResolveError> {
    for step in STEPS {
        let matching: Vec<&Operator> = operators
            .iter()
            .copied()
            .filter(|operator| step(operator, name))
            .collect();
        match matching.as_slice() {
            [] => {}
            [only] => return Ok(only),
            several => {
                return Err(ResolveError::Ambiguous {
                    name: name.to_owned(),
                    candidates: several.iter().copied().map(candidate).collect(),
                });
            }
        }
    }
    if operators.is_empty() {
        return Err(none_found(facts));
    }
    let listed: Vec<&Operator> = operators
        .iter()
        .copied()
        .filter(|operator| operator.is_operator || facts.from_files())
        .collect();
    Err(ResolveError::NotFound {
        name: name.to_owned(),
        suggestion: nearest(name, &listed),
        candidates: worth_listing(operators, facts),
    })
}

fn candidate(operator: &Operator) -> Candidate {
    Candidate {
        name: operator.name.clone(),
        namespaces: operator.namespaces.iter().cloned().collect(),
    }
}

fn is_kind_and_name(operator: &Operator, text: &str) -> bool {
    let Some((kind, name)) = text.split_once('/') else {
        return false;
    };
    let kind = kind.to_ascii_lowercase();
    operator.components.iter().any(|component| {
        let own = component.object.kind.to_ascii_lowercase();
        component.object.name == name && (kind == own || kind == format!("{own}s"))
    })
}

fn is_workload(operator: &Operator, name: &str) -> bool {
    operator
        .components
        .iter()
        .any(|component| component.object.name == name)
}

fn is_label(operator: &Operator, name: &str) -> bool {
    let marks = &operator.marks;
    [&marks.part_of, &marks.instance, &marks.name]
        .into_iter()
        .any(|values| values.contains(name))
}

/// By its name with or without the version, or by its package.
fn is_cluster_service_version(operator: &Operator, name: &str) -> bool {
    let versions = operator.marks.cluster_service_versions.iter();
    let packages = operator.marks.olm_packages.iter();
    versions
        .into_iter()
        .any(|version| version == name || package_of(version) == name)
        || packages
            .filter_map(|package| package.rsplit_once('.'))
            .any(|(package, _)| package == name)
}

fn is_helm_release(operator: &Operator, name: &str) -> bool {
    let releases = operator.marks.helm_releases.iter();
    releases
        .filter_map(|release| release.split_once('/'))
        .any(|(_, release)| release == name)
}

fn is_namespace(operator: &Operator, name: &str) -> bool {
    operator.namespaces.contains(name)
}

fn is_namespace_without_suffix(operator: &Operator, name: &str) -> bool {
    operator
        .namespaces
        .iter()
        .any(|namespace| without_suffix(namespace) == name)
}

fn is_first_label_of_group(operator: &Operator, name: &str) -> bool {
    operator
        .owned_kinds
        .iter()
        .filter_map(|kind| kind.group.split_once('.'))
        .any(|(label, _)| label == name)
}

fn is_file(operator: &Operator, name: &str) -> bool {
    operator.files.iter().any(|file| stem(file) == name)
}

/// A file's name without its folder and its ending.
fn stem(path: &str) -> &str {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// The name of an operator that is a slip of the pen away.
fn nearest(name: &str, operators: &[&Operator]) -> Option<String> {
    let allowed = (name.chars().count() / 3).max(1);
    let names = operators.iter().flat_map(|operator| {
        let workloads = operator
            .components
            .iter()
            .map(|component| &component.object.name);
        std::iter::once(&operator.name)
            .chain(&operator.namespaces)
            .chain(workloads)
    });
    names
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate.clone())
}

/// Levenshtein's distance: how many letters differ, are missing or too many.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((to, above), above_right) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or_default();
            let changed = above + usize::from(from != *to);
            next.push(changed.min(left + 1).min(above_right + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_insertions_deletions_and_changes() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("cert-manger", "cert-manager", 1),
            ("kitten", "sitting", 3),
            ("keda", "keda", 0),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn a_files_stem_is_its_name_without_folder_and_ending() {
        for (path, expected) in [
            ("deploy/cert-manager.yaml", "cert-manager"),
            ("cert-manager.v1.yaml", "cert-manager.v1"),
            ("install", "install"),
            ("-", "-"),
        ] {
            assert_eq!(stem(path), expected);
        }
    }
}
