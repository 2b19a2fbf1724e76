//! YAML that shows a row: a role that holds the right where it is gravest, and one that does
//! without it, or holds it where it weighs less. Made from what the row asks for, so that a row
//! cannot be shown wrongly; tests grade both.

use std::fmt::Write as _;

use opsec_kubernetes::Scope;

use crate::row::{NameRule, Needs, Part, Row, Special};

/// YAML of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Holds the right.
    pub bad: String,
    /// Does without it, or holds it where it weighs less.
    pub good: String,
}

/// A rule of a role.
struct Rule<'a> {
    groups: &'a [&'a str],
    resources: &'a [&'a str],
    verbs: Vec<&'a str>,
    names: &'a [&'a str],
    paths: &'a [&'a str],
}

/// YAML that shows a row.
pub fn example(row: &Row) -> Example {
    match row.needs {
        Needs::Any([first, ..]) => of_parts(row, &[first]),
        Needs::Together([groups, ..]) => {
            let parts: Vec<&Part> = groups.iter().filter_map(|group| group.first()).collect();
            of_parts(row, &parts)
        }
        Needs::Special(special) => of_special(row, special),
        Needs::Any([]) | Needs::Together([]) => Example {
            bad: String::new(),
            good: String::new(),
        },
    }
}

fn of_parts(row: &Row, parts: &[&Part]) -> Example {
    let groups: Vec<[&str; 1]> = parts.iter().map(|part| [part.group]).collect();
    let held = |names: &'static [&'static str]| -> Vec<Rule<'_>> {
        parts
            .iter()
            .zip(&groups)
            .map(|(part, group)| Rule {
                names,
                ..rule(group, part.resources, part.verbs)
            })
            .collect()
    };
    if let Some(names) = telling_names(row) {
        return Example {
            bad: cluster_role(&held(names)),
            good: cluster_role(&held(&["example"])),
        };
    }
    let bad = cluster_role(&held(&[]));
    let good = if weighs_less_at_home(row) && parts.iter().all(|part| is_namespaced(part)) {
        role(&held(&[]))
    } else {
        cluster_role(&watching(parts, &groups))
    };
    Example { bad, good }
}

/// The names by which alone the row is held.
fn telling_names(row: &Row) -> Option<&'static [&'static str]> {
    match row.names {
        NameRule::ConfigMap("coredns") => Some(&["coredns"]),
        NameRule::AuthenticationConfigMap => Some(&["extension-apiserver-authentication"]),
        _ => None,
    }
}

/// Whether the kinds are Kubernetes' own and live in namespaces.
fn is_namespaced(part: &Part) -> bool {
    part.resources.iter().all(|resource| {
        let kind = resource.split('/').next().unwrap_or(resource);
        opsec_kubernetes::find(part.group, kind).is_some_and(|kind| kind.scope == Scope::Namespaced)
    })
}

/// Whether the right weighs less in the account's own namespace.
fn weighs_less_at_home(row: &Row) -> bool {
    let severity = |grade: Option<crate::row::Grade>| grade.map(|grade| grade.severity);
    match (severity(row.grades.cluster), severity(row.grades.own)) {
        (Some(everywhere), Some(at_home)) => at_home < everywhere,
        _ => false,
    }
}

/// The same resources, looked at and not changed; by the verbs that the right itself lacks.
fn watching<'a>(parts: &[&'a Part], groups: &'a [[&'a str; 1]]) -> Vec<Rule<'a>> {
    parts
        .iter()
        .zip(groups)
        .map(|(part, group)| {
            let verbs: Vec<&str> = ["list", "watch"]
                .into_iter()
                .filter(|verb| !part.verbs.contains(verb))
                .collect();
            rule(group, part.resources, &verbs)
        })
        .collect()
}

fn rule<'a>(groups: &'a [&'a str], resources: &'a [&'a str], verbs: &[&'a str]) -> Rule<'a> {
    Rule {
        groups,
        resources,
        verbs: verbs.to_vec(),
        names: &[],
        paths: &[],
    }
}

const AUTHENTICATION: &[&str] = &["authentication.k8s.io"];
const CERTIFICATES: &[&str] = &["certificates.k8s.io"];
const CORE: &[&str] = &[""];
const SIGNER: &[&str] = &["kubernetes.io/kube-apiserver-client"];
const OWN_SIGNER: &[&str] = &["example.com/own"];

fn of_special(row: &Row, special: Special) -> Example {
    match special {
        Special::Wildcard => Example {
            bad: cluster_role(&[rule(&["*"], &["*"], &["*"])]),
            good: cluster_role(&[rule(&["apps"], &["deployments"], &["get", "list", "watch"])]),
        },
        Special::AdminBound => bound("cluster-admin"),
        Special::ViewBound => bound("view"),
        Special::Impersonate => Example {
            bad: cluster_role(&[rule(CORE, &["users"], &["impersonate"])]),
            good: cluster_role(&[rule(CORE, &["groups"], &["impersonate"])]),
        },
        Special::ImpersonateServiceAccount => {
            everywhere_or_at_home(&[rule(CORE, &["serviceaccounts"], &["impersonate"])])
        }
        Special::ImpersonateUser => Example {
            bad: cluster_role(&[
                rule(AUTHENTICATION, &["users"], &["impersonate:user-info"]),
                rule(CORE, &["pods"], &["impersonate-on:user-info:list"]),
            ]),
            good: cluster_role(&[rule(AUTHENTICATION, &["users"], &["impersonate:user-info"])]),
        },
        Special::SecretReveal => {
            everywhere_or_at_home(&[rule(CORE, &["secrets"], &["patch", "delete"])])
        }
        Special::Ghost => ghost(),
        Special::CertificateApproval => {
            certificates("certificatesigningrequests/approval", "approve")
        }
        Special::CertificateSigning => certificates("certificatesigningrequests/status", "sign"),
        Special::Paths(paths) => Example {
            bad: cluster_role(&[Rule {
                paths,
                ..rule(&[], &[], &["get"])
            }]),
            good: cluster_role(&[Rule {
                paths: &["/healthz"],
                ..rule(&[], &[], &["get"])
            }]),
        },
        Special::ScaleEverything => Example {
            bad: cluster_role(&[rule(&["*"], &["*/scale"], &["update"])]),
            good: cluster_role(&[rule(&["example.com"], &["examples/scale"], &["update"])]),
        },
        Special::AnyOf(group, verbs) => {
            let groups = [group];
            let rules = [rule(&groups, &["*"], verbs)];
            let good = if weighs_less_at_home(row) {
                role(&rules)
            } else {
                cluster_role(&[rule(&groups, &["*"], &["list", "watch"])])
            };
            Example {
                bad: cluster_role(&rules),
                good,
            }
        }
    }
}

/// Held in every namespace, or in the account's own alone.
fn everywhere_or_at_home(rules: &[Rule<'_>]) -> Example {
    Example {
        bad: cluster_role(rules),
        good: role(rules),
    }
}

fn bound(role: &str) -> Example {
    Example {
        bad: format!(
            "kind: ClusterRoleBinding\nmetadata: {{name: example}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}\nsubjects:\n- {{kind: ServiceAccount, namespace: example, name: example}}\n"
        ),
        good: cluster_role(&[rule(&["apps"], &["deployments"], &["get", "list", "watch"])]),
    }
}

fn ghost() -> Example {
    let creates = [
        rule(CORE, &["serviceaccounts"], &["create"]),
        rule(CORE, &["serviceaccounts/token"], &["create"]),
    ];
    let binding = "---\n# Of a ServiceAccount that does not exist.\nkind: ClusterRoleBinding\nmetadata: {name: forgotten}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\nsubjects:\n- {kind: ServiceAccount, namespace: default, name: forgotten}\n";
    Example {
        bad: cluster_role(&creates) + binding,
        good: cluster_role(&creates),
    }
}

fn certificates(step: &str, verb: &str) -> Example {
    let rules = |names| {
        let mut text = cluster_role(&[
            rule(CERTIFICATES, &["certificatesigningrequests"], &["create"]),
            rule(CERTIFICATES, &[step], &["update"]),
        ]);
        push_rule(
            &mut text,
            &Rule {
                names,
                ..rule(CERTIFICATES, &["signers"], &[verb])
            },
        );
        text
    };
    Example {
        bad: rules(SIGNER),
        good: rules(OWN_SIGNER),
    }
}

fn cluster_role(rules: &[Rule<'_>]) -> String {
    let mut text = "kind: ClusterRole\nmetadata: {name: example}\nrules:\n".to_owned();
    for rule in rules {
        push_rule(&mut text, rule);
    }
    text
}

fn role(rules: &[Rule<'_>]) -> String {
    let mut text = "kind: Role\nmetadata: {namespace: example, name: example}\nrules:\n".to_owned();
    for rule in rules {
        push_rule(&mut text, rule);
    }
    text
}

fn push_rule(text: &mut String, rule: &Rule<'_>) {
    let lists = [
        ("apiGroups", rule.groups),
        ("resources", rule.resources),
        ("nonResourceURLs", rule.paths),
        ("resourceNames", rule.names),
        ("verbs", rule.verbs.as_slice()),
    ];
    let mut marker = "- ";
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        let list: Vec<String> = list.iter().map(|entry| scalar(entry)).collect();
        // Writing to a String does not fail.
        let _ = writeln!(text, "{marker}{name}: [{}]", list.join(", "));
        marker = "  ";
    }
}

/// A scalar of a flow list; what YAML would take for something else is quoted.
fn scalar(entry: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-./:".contains(&byte);
    if !entry.is_empty() && entry.bytes().all(plain) && !entry.ends_with(':') {
        entry.to_owned()
    } else {
        format!("\"{entry}\"")
    }
}
