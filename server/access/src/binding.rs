//! Bindings: a role, for subjects, within a scope. A list that a binding lacks is empty, and an
//! empty list means nothing.

use std::collections::BTreeSet;

use crate::pattern::{Pattern, PatternError};
use crate::role::Role;
use crate::subject::{Subject, SubjectError};
use crate::target::{Pair, Target};

/// The baseline of the fleet, which no `*` means.
const DEFAULT: &str = "default";

/// A binding as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BindingText {
    /// The role, by its name.
    pub role: String,
    /// Subjects.
    pub subjects: Vec<String>,
    /// Clusters by id, exact or with one `*` at the end.
    pub clusters: Vec<String>,
    /// Operators by name or by id, likewise.
    pub operators: Vec<String>,
    /// Baselines by name, likewise. `*` does not mean `default`, which is named.
    pub baselines: Vec<String>,
}

/// A role, for subjects, within a scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    role: Role,
    subjects: BTreeSet<Subject>,
    clusters: BTreeSet<Pattern>,
    operators: BTreeSet<Pattern>,
    baselines: BTreeSet<Pattern>,
}

/// Why bindings are refused. They are refused whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// No such role.
    #[error("binding {binding}: there is no role `{role}`; there are {}", roles())]
    Role {
        /// Which one, from 1.
        binding: usize,
        /// The name.
        role: String,
    },
    /// No such subject.
    #[error("binding {binding}: {error}")]
    Subject {
        /// Which one, from 1.
        binding: usize,
        /// Why.
        error: SubjectError,
    },
    /// No such authenticator.
    #[error("binding {binding}: subject `{subject}`: no authenticator is called `{name}`")]
    Authenticator {
        /// Which one, from 1.
        binding: usize,
        /// The subject.
        subject: String,
        /// The name.
        name: String,
    },
    /// A pattern is none.
    #[error("binding {binding}: {field}: {error}")]
    Pattern {
        /// Which one, from 1.
        binding: usize,
        /// The list that it stands in.
        field: &'static str,
        /// Why.
        error: PatternError,
    },
    /// Nobody is bound.
    #[error("binding {binding}: it names no subject")]
    Nobody {
        /// Which one, from 1.
        binding: usize,
    },
    /// Something stands twice.
    #[error("binding {binding}: {what} stands twice")]
    Duplicate {
        /// Which one, from 1.
        binding: usize,
        /// What.
        what: String,
    },
}

fn roles() -> String {
    Role::ALL.map(Role::as_str).join(", ")
}

impl Binding {
    fn read(text: &BindingText, binding: usize) -> Result<Self, BindingError> {
        let role = Role::of_name(&text.role).ok_or_else(|| BindingError::Role {
            binding,
            role: text.role.clone(),
        })?;
        if text.subjects.is_empty() {
            return Err(BindingError::Nobody { binding });
        }
        let subject = |text: &str| {
            Subject::parse(text).map_err(|error| BindingError::Subject { binding, error })
        };
        let patterns = |field: &'static str, list: &[String]| {
            let pattern = |text: &str| {
                Pattern::parse(text).map_err(|error| BindingError::Pattern {
                    binding,
                    field,
                    error,
                })
            };
            once(list, binding, pattern)
        };
        Ok(Self {
            role,
            subjects: once(&text.subjects, binding, subject)?,
            clusters: patterns("clusters", &text.clusters)?,
            operators: patterns("operators", &text.operators)?,
            baselines: patterns("baselines", &text.baselines)?,
        })
    }

    /// Its role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether it is for any of these.
    pub(crate) fn binds(&self, subjects: &[Subject]) -> bool {
        subjects
            .iter()
            .any(|subject| self.subjects.contains(subject))
    }

    /// Whether its scope contains what a call is about.
    pub fn contains(&self, target: Target<'_>) -> bool {
        match target {
            Target::Nothing => true,
            Target::Baseline(name) => self.has_baseline(name),
            Target::Change { baseline, pairs } => {
                self.has_baseline(baseline) && pairs.iter().all(|&pair| self.has(pair))
            }
            Target::Pair { cluster, operator } => {
                let cluster = self.clusters.iter().any(|pattern| pattern.matches(cluster));
                let operators = &mut self.operators.iter();
                cluster && operators.any(|pattern| pattern.matches_operator(operator))
            }
            Target::Cluster(name) => self.clusters.iter().any(|pattern| pattern.matches(name)),
            Target::Everything => {
                let lists = [&self.clusters, &self.operators, &self.baselines];
                lists
                    .iter()
                    .all(|list| list.iter().any(Pattern::is_everything))
            }
        }
    }

    /// INVARIANT: `default` is every cluster's, so no `*` means it.
    fn has_baseline(&self, name: &str) -> bool {
        let patterns = &mut self.baselines.iter();
        if name == DEFAULT {
            return patterns.any(|pattern| pattern.as_str() == DEFAULT);
        }
        patterns.any(|pattern| pattern.matches(name))
    }

    fn has(&self, pair: Pair<'_>) -> bool {
        let (clusters, operators) = (&mut self.clusters.iter(), &mut self.operators.iter());
        clusters.any(|pattern| pattern.contains(pair.cluster))
            && operators.any(|pattern| pattern.contains_operator(pair.operator))
    }
}

/// Reads a list in which nothing stands twice.
fn once<T: Ord>(
    list: &[String],
    binding: usize,
    read: impl Fn(&str) -> Result<T, BindingError>,
) -> Result<BTreeSet<T>, BindingError> {
    let mut seen = BTreeSet::new();
    for text in list {
        if !seen.insert(read(text)?) {
            let what = format!("`{text}`");
            return Err(BindingError::Duplicate { binding, what });
        }
    }
    Ok(seen)
}

/// All bindings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bindings {
    all: Vec<Binding>,
}

impl Bindings {
    /// Reads bindings; authenticators are those of the configuration.
    ///
    /// # Errors
    /// When any of them is not understood, or stands twice.
    pub fn read(
        texts: &[BindingText],
        authenticators: &BTreeSet<String>,
    ) -> Result<Self, BindingError> {
        let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
        for (text, binding) in texts.iter().zip(1..) {
            let read = Binding::read(text, binding)?;
            for subject in &read.subjects {
                let name = subject.authenticator();
                if !authenticators.contains(name) {
                    return Err(BindingError::Authenticator {
                        binding,
                        subject: subject.to_string(),
                        name: name.to_owned(),
                    });
                }
            }
            if !seen.insert(read.clone()) {
                let what = "the binding".to_owned();
                return Err(BindingError::Duplicate { binding, what });
            }
            all.push(read);
        }
        Ok(Self { all })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Those for any of these subjects with any of these roles.
    pub(crate) fn of<'a>(
        &'a self,
        subjects: &'a [Subject],
        roles: &'a [Role],
    ) -> impl Iterator<Item = &'a Binding> {
        let all = self.all.iter();
        all.filter(|binding| roles.contains(&binding.role) && binding.binds(subjects))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|&text| text.to_owned()).collect()
    }

    fn text(role: &str, clusters: &[&str], operators: &[&str], baselines: &[&str]) -> BindingText {
        BindingText {
            role: role.to_owned(),
            subjects: texts(&["corp/user:jane"]),
            clusters: texts(clusters),
            operators: texts(operators),
            baselines: texts(baselines),
        }
    }

    fn read(texts: &[BindingText]) -> Result<Bindings, BindingError> {
        Bindings::read(texts, &BTreeSet::from(["corp".to_owned()]))
    }

    fn one(clusters: &[&str], operators: &[&str], baselines: &[&str]) -> Binding {
        let bindings = read(&[text("editor", clusters, operators, baselines)]).unwrap();
        bindings.all.into_iter().next().unwrap()
    }

    #[test]
    fn a_list_that_is_absent_means_nothing() {
        let binding = one(&[], &["*"], &[]);
        for target in [
            Target::Baseline("argo"),
            Target::Cluster("prod"),
            Target::Pair {
                cluster: "prod",
                operator: "argo",
            },
            Target::Everything,
        ] {
            assert!(!binding.contains(target), "{target:?}");
        }
        assert!(binding.contains(Target::Nothing));
    }

    #[test]
    fn a_star_does_not_mean_the_default_baseline() {
        assert!(!one(&[], &[], &["*", "def*"]).contains(Target::Baseline("default")));
        assert!(one(&[], &[], &["default"]).contains(Target::Baseline("default")));
        assert!(one(&[], &[], &["*"]).contains(Target::Baseline("argo")));
    }

    #[test]
    fn a_change_is_contained_with_every_pair_or_not_at_all() {
        let binding = one(&["dev-*"], &["argo*", "kyverno"], &["argo"]);
        let change = |baseline, pairs: &[(&'static str, &'static str)]| {
            let pairs: Vec<Pair<'_>> = pairs
                .iter()
                .map(|&(cluster, operator)| Pair { cluster, operator })
                .collect();
            binding.contains(Target::Change {
                baseline,
                pairs: &pairs,
            })
        };
        assert!(change(
            "argo",
            &[("dev-1", "argo-cd"), ("dev-eu-*", "argo*")]
        ));
        assert!(!change(
            "argo",
            &[("dev-1", "argo-cd"), ("prod", "argo-cd")]
        ));
        assert!(!change("argo", &[("*", "argo-cd")]));
        assert!(!change("argo", &[("dev-1", "*")]));
        assert!(!change("kyverno", &[("dev-1", "kyverno")]));
    }

    #[test]
    fn everything_is_a_star_in_all_three() {
        assert!(one(&["*"], &["*"], &["*"]).contains(Target::Everything));
        assert!(!one(&["*"], &["*"], &["a*"]).contains(Target::Everything));
    }

    #[test]
    fn a_file_that_is_not_understood_is_refused_whole() {
        let good = text("viewer", &["*"], &["*"], &["*"]);
        let refused = |bad: BindingText| read(&[good.clone(), bad]).unwrap_err().to_string();
        assert_eq!(
            refused(text("owner", &[], &[], &[])),
            "binding 2: there is no role `owner`; there are viewer, checker, attester, editor, \
             approver, admin"
        );
        let stranger = BindingText {
            subjects: texts(&["other/user:jane"]),
            ..good.clone()
        };
        assert!(refused(stranger).contains("no authenticator is called `other`"));
        let nobody = BindingText {
            subjects: Vec::new(),
            ..good.clone()
        };
        assert!(refused(nobody).contains("it names no subject"));
        assert!(refused(text("viewer", &["a", "a"], &[], &[])).contains("`a` stands twice"));
        assert!(refused(text("viewer", &["a*b"], &[], &[])).contains("clusters: `a*b`"));
        assert!(refused(good.clone()).contains("the binding stands twice"));
    }
}
