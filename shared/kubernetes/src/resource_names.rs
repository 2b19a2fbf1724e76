//! What a person calls a kind, as kubectl's commands take it: plural, singular, kind or short
//! name, alone or with `.group` or `.version.group`.
//! <https://kubernetes.io/docs/reference/kubectl/#resource-types>

use opsec_model::Snapshot;

use crate::kinds::built_in;
use crate::virtual_resources::virtual_resources;

/// The names of all kinds that are known, in the order in which kubectl prefers them.
#[derive(Debug, Clone, Default)]
pub struct ResourceNames<'a> {
    names: Vec<Names<'a>>,
}

/// A kind that was named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedResource {
    /// The API group; empty is the core group.
    pub group: String,
    /// The plural.
    pub resource: String,
    /// Whether the kind is known; if not, group and plural are what was written.
    pub known: bool,
}

#[derive(Debug, Clone, Default)]
struct Names<'a> {
    group: &'a str,
    resource: &'a str,
    kind: &'a str,
    singular: &'a str,
    short: &'a [String],
    versions: Vec<&'a str>,
}

impl<'a> ResourceNames<'a> {
    /// The names of the built-in kinds, of the snapshot's CustomResourceDefinitions, of what a
    /// live API server serves besides, and of the resources that exist only in authorisation.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let built_in = built_in().iter().map(|kind| Names {
            group: &kind.group,
            resource: &kind.resource,
            kind: &kind.kind,
            singular: "",
            short: &kind.short_names,
            versions: vec![&kind.version],
        });
        let mut custom: Vec<Names<'a>> = snapshot
            .custom_resource_definitions
            .iter()
            .map(|definition| {
                let spec = &definition.spec;
                let served = spec.versions.iter().filter(|version| version.served);
                Names {
                    group: &spec.group,
                    resource: &spec.names.plural,
                    kind: &spec.names.kind,
                    singular: &spec.names.singular,
                    short: &spec.names.short_names,
                    versions: served.map(|version| version.name.as_str()).collect(),
                }
            })
            .filter(|names| !names.versions.is_empty())
            .collect();
        custom.extend(snapshot.served.iter().map(|kind| Names {
            group: &kind.group,
            resource: &kind.resource,
            ..Names::default()
        }));
        custom.sort_by_key(|names| (names.group, names.resource));
        let virtual_ones = virtual_resources().iter().map(|found| Names {
            group: found.group,
            resource: found.resource,
            ..Names::default()
        });
        Self {
            names: built_in.chain(custom).chain(virtual_ones).collect(),
        }
    }

    /// The kind that is meant. What is not known is taken as `resource.group`.
    pub fn resolve(&self, written: &str) -> NamedResource {
        let lower = written.to_lowercase();
        let (name, rest) = match lower.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (lower.as_str(), None),
        };
        let found = match rest {
            None => self.called(name, |_| true),
            Some(rest) => self.in_version(name, rest).or_else(|| {
                self.called(name, |names| names.group == rest)
                    .or_else(|| self.called(name, |names| names.group.starts_with(rest)))
            }),
        };
        if let Some(names) = found {
            return NamedResource {
                group: names.group.to_owned(),
                resource: names.resource.to_owned(),
                known: true,
            };
        }
        let (resource, group) = written.split_once('.').unwrap_or((written, ""));
        NamedResource {
            group: group.to_owned(),
            resource: resource.to_owned(),
            known: false,
        }
    }

    fn in_version(&self, name: &str, rest: &str) -> Option<&Names<'a>> {
        let (version, group) = rest.split_once('.')?;
        self.called(name, |names| {
            names.group == group && names.versions.contains(&version)
        })
    }

    /// The first kind of that name; a short name goes before the others' full names.
    fn called(&self, name: &str, fits: impl Fn(&Names<'a>) -> bool) -> Option<&Names<'a>> {
        let first = |is_called: &dyn Fn(&&Names<'a>) -> bool| {
            let mut names = self.names.iter().filter(|names| fits(names));
            names.find(is_called)
        };
        first(&|names| names.short.iter().any(|short| short == name)).or_else(|| {
            first(&|names| {
                names.resource == name
                    || (!names.kind.is_empty() && names.kind.to_lowercase() == name)
                    || (!names.singular.is_empty() && names.singular == name)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        let definition = |plural: &str, kind: &str, group: &str, short: &[&str]| {
            serde_json::json!({
                "metadata": {"name": format!("{plural}.{group}")},
                "spec": {
                    "group": group, "scope": "Namespaced",
                    "names": {"plural": plural, "kind": kind, "singular": "onewidget", "shortNames": short},
                    "versions": [{"name": "v1beta1", "served": true}],
                },
            })
        };
        serde_json::from_value(serde_json::json!({"customResourceDefinitions": [
            definition("widgets", "Widget", "b.example.com", &[]),
            definition("widgets", "Widget", "a.example.com", &["wd", "po"]),
            definition("deployments", "Deployment", "z.example.com", &[]),
        ]}))
        .unwrap()
    }

    #[test]
    fn kinds_are_named_as_kubectl_has_it() {
        let snapshot = snapshot();
        let names = ResourceNames::of(&snapshot);
        for (written, group, resource, known) in [
            ("pods", "", "pods", true),
            ("pod", "", "pods", true),
            ("Pod", "", "pods", true),
            ("po", "", "pods", true),
            ("po.example", "example", "po", false),
            ("po.a.example.com", "a.example.com", "widgets", true),
            ("deploy", "apps", "deployments", true),
            ("deployments", "apps", "deployments", true),
            ("Deployment.apps", "apps", "deployments", true),
            ("deployments.v1.apps", "apps", "deployments", true),
            ("deployments.v9.apps", "v9.apps", "deployments", false),
            ("deployments.app", "apps", "deployments", true),
            (
                "deployments.z.example.com",
                "z.example.com",
                "deployments",
                true,
            ),
            ("ing", "networking.k8s.io", "ingresses", true),
            ("events", "", "events", true),
            ("events.events.k8s.io", "events.k8s.io", "events", true),
            ("hpa", "autoscaling", "horizontalpodautoscalers", true),
            (
                "crd",
                "apiextensions.k8s.io",
                "customresourcedefinitions",
                true,
            ),
            ("widgets", "a.example.com", "widgets", true),
            ("wd", "a.example.com", "widgets", true),
            ("onewidget", "a.example.com", "widgets", true),
            ("widget.b", "b.example.com", "widgets", true),
            (
                "widgets.v1beta1.b.example.com",
                "b.example.com",
                "widgets",
                true,
            ),
            ("users", "", "users", true),
            ("signers", "certificates.k8s.io", "signers", true),
            ("things", "", "things", false),
            ("things.shop.example", "shop.example", "things", false),
            ("*", "", "*", false),
            ("*.*", "*", "*", false),
        ] {
            let expected = NamedResource {
                group: group.to_owned(),
                resource: resource.to_owned(),
                known,
            };
            assert_eq!(names.resolve(written), expected, "{written}");
        }
    }
}
