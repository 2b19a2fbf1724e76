//! Engines that are broken on purpose. What breaks them is done to what they are given, so that
//! the same answers of the API server that hold for the engine are held against each.

use opsec_model::objects::{PolicyRule, RoleBinding};
use opsec_model::{Snapshot, SourceKind};

use super::Question;
use super::kinds::SUBRESOURCES;

/// A way to break the engine.
pub(crate) struct Break {
    pub(crate) how: &'static str,
    pub(crate) universe: fn(&mut Snapshot),
    pub(crate) question: fn(&mut Question),
}

/// All ways.
pub(crate) const BREAKS: [Break; 14] = [
    asked("groups are ignored", |question| {
        if let Question::Review(review) = question {
            review.user.groups.clear();
        }
    }),
    given("`pods/*` is a wildcard", |snapshot| {
        rules(snapshot, |rule| {
            if rule.resources.iter().any(|resource| resource == "pods/*") {
                let of_pods = SUBRESOURCES.iter().filter(|(of, ..)| *of == "pods");
                rule.resources
                    .extend(of_pods.map(|(_, sub, _)| format!("pods/{sub}")));
            }
        });
    }),
    given("`*/sub` is a literal", |snapshot| {
        rules(snapshot, |rule| {
            rule.resources
                .retain(|resource| !resource.starts_with("*/"));
        });
    }),
    given("aggregation is forgotten", |snapshot| {
        for role in &mut snapshot.cluster_roles {
            role.aggregation_rule = None;
        }
    }),
    given("expressions of selectors are ignored", |snapshot| {
        for role in &mut snapshot.cluster_roles {
            let rule = role.aggregation_rule.iter_mut();
            for selector in rule.flat_map(|rule| &mut rule.cluster_role_selectors) {
                selector.match_expressions.clear();
            }
        }
    }),
    given("resourceNames are ignored", |snapshot| {
        rules(snapshot, |rule| rule.resource_names.clear());
    }),
    given("`*` in resourceNames is a wildcard", |snapshot| {
        rules(snapshot, |rule| {
            if rule.resource_names.iter().any(|name| name == "*") {
                rule.resource_names.clear();
            }
        });
    }),
    given("a rule with resourceNames grants nothing", |snapshot| {
        rules(snapshot, |rule| {
            if !rule.resource_names.is_empty() {
                rule.verbs.clear();
            }
        });
    }),
    given(
        "a RoleBinding to a ClusterRole grants everywhere",
        |snapshot| {
            let everywhere = std::mem::take(&mut snapshot.role_bindings);
            for binding in everywhere {
                if binding.role_ref.kind == "ClusterRole" {
                    let RoleBinding {
                        metadata,
                        subjects,
                        role_ref,
                    } = binding;
                    let name = format!("{}-{}", metadata.namespace(), metadata.name);
                    let mut made = opsec_model::objects::ClusterRoleBinding::default();
                    made.metadata.name = name;
                    made.subjects = with_namespace(subjects, metadata.namespace());
                    made.role_ref = role_ref;
                    snapshot.cluster_role_bindings.push(made);
                } else {
                    snapshot.role_bindings.push(binding);
                }
            }
        },
    ),
    given("a subject without namespace is nobody", |snapshot| {
        for binding in &mut snapshot.role_bindings {
            binding
                .subjects
                .retain(|subject| subject.kind != "ServiceAccount" || subject.namespace.is_some());
        }
    }),
    given("a User subject never is a ServiceAccount", |snapshot| {
        let accounts = |subject: &opsec_model::objects::Subject| {
            !(subject.kind == "User" && subject.name.starts_with("system:serviceaccount:"))
        };
        for binding in &mut snapshot.role_bindings {
            binding.subjects.retain(accounts);
        }
        for binding in &mut snapshot.cluster_role_bindings {
            binding.subjects.retain(accounts);
        }
    }),
    given(
        "of roles of one name in several namespaces the first counts",
        |snapshot| {
            let roles = snapshot.roles.clone();
            for role in &mut snapshot.roles {
                let first = roles
                    .iter()
                    .find(|first| first.metadata.name == role.metadata.name);
                role.rules = first.map(|first| first.rules.clone()).unwrap_or_default();
            }
        },
    ),
    given("a path that ends in `*` is a literal", |snapshot| {
        rules(snapshot, |rule| {
            rule.non_resource_urls.retain(|url| !url.ends_with('*'));
        });
    }),
    given(
        "the API server's own roles and bindings are forgotten",
        |snapshot| {
            snapshot.source.kind = SourceKind::Cluster;
        },
    ),
];

const fn given(how: &'static str, universe: fn(&mut Snapshot)) -> Break {
    Break {
        how,
        universe,
        question: |_| (),
    }
}

const fn asked(how: &'static str, question: fn(&mut Question)) -> Break {
    Break {
        how,
        universe: |_| (),
        question,
    }
}

fn rules(snapshot: &mut Snapshot, change: impl Fn(&mut PolicyRule)) {
    let of_roles = snapshot.roles.iter_mut().flat_map(|role| &mut role.rules);
    let of_cluster_roles = snapshot
        .cluster_roles
        .iter_mut()
        .flat_map(|role| &mut role.rules);
    of_roles.chain(of_cluster_roles).for_each(change);
}

fn with_namespace(
    subjects: Vec<opsec_model::objects::Subject>,
    namespace: &str,
) -> Vec<opsec_model::objects::Subject> {
    let given = subjects.into_iter().map(|mut subject| {
        if subject.kind == "ServiceAccount" {
            subject
                .namespace
                .get_or_insert_with(|| namespace.to_owned());
        }
        subject
    });
    given.collect()
}
