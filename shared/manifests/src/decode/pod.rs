//! What of a pod's spec is read from more than one of its fields.

use std::collections::BTreeMap;

use opsec_model::objects::{Container, PodSpec, Volume, WatchSetting, WatchedNamespaces};

use super::{items, text};
use crate::node::Node;

/// The annotation in which OLM names the namespaces of an installation, as a pod reads its own.
const OLM_TARGETS: &str = "metadata.annotations['olm.targetNamespaces']";

/// Annotations of pods.
type Annotations = BTreeMap<String, String>;

/// Fills in what the model derives from fields that it does not keep.
pub(super) fn fill_in(spec: &mut PodSpec, given: &Node) {
    for (list, containers) in [
        ("/initContainers", &mut spec.init_containers),
        ("/containers", &mut spec.containers),
        ("/ephemeralContainers", &mut spec.ephemeral_containers),
    ] {
        for (container, given) in containers.iter_mut().zip(items(given, list)) {
            fill_in_container(container, given);
        }
    }
    for (volume, given) in spec.volumes.iter_mut().zip(items(given, "/volumes")) {
        volume.other_source = other_source(volume, given);
    }
}

/// The hosts that probes and lifecycle handlers name.
fn fill_in_container(container: &mut Container, given: &Node) {
    const HANDLERS: [&str; 5] = [
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle.postStart",
        "lifecycle.preStop",
    ];
    container.probe_hosts = BTreeMap::new();
    for handler in HANDLERS {
        for action in ["httpGet", "tcpSocket"] {
            let path = format!("{handler}.{action}.host");
            let pointer = format!("/{}", path.replace('.', "/"));
            if let Some(host) = text(given, &pointer) {
                container.probe_hosts.insert(path, host.to_owned());
            }
        }
    }
}

fn other_source(volume: &Volume, given: &Node) -> String {
    let known = volume.host_path.is_some()
        || volume.projected.is_some()
        || volume.persistent_volume_claim.is_some()
        || volume.secret.is_some();
    if known {
        return String::new();
    }
    let mut fields = given
        .members()
        .into_iter()
        .flat_map(|members| members.iter().map(|(field, _)| field.as_str()));
    fields
        .find(|field| *field != "name")
        .unwrap_or("emptyDir")
        .to_owned()
}

/// What the environment of a pod's containers says about the namespaces it watches.
pub(super) fn watch_settings(given: &Node, annotations: &Annotations) -> Vec<WatchSetting> {
    let containers = items(given, "/initContainers").chain(items(given, "/containers"));
    let mut settings: Vec<WatchSetting> = Vec::new();
    for container in containers {
        for variable in items(container, "/env") {
            let Some(name) = text(variable, "/name").filter(|name| names_namespaces(name)) else {
                continue;
            };
            let setting = WatchSetting {
                name: name.to_owned(),
                namespaces: watched(variable, container, annotations),
            };
            if !settings.contains(&setting) {
                settings.push(setting);
            }
        }
    }
    settings
}

fn names_namespaces(variable: &str) -> bool {
    variable.contains("WATCH_NAMESPACE") || variable == "STRIMZI_NAMESPACE"
}

fn watched(variable: &Node, container: &Node, annotations: &Annotations) -> WatchedNamespaces {
    if let Some(source) = variable.get("valueFrom") {
        return match text(source, "/fieldRef/fieldPath") {
            Some("metadata.namespace") => WatchedNamespaces::Own,
            // Without the annotation it would be empty, but OLM may write it yet.
            Some(OLM_TARGETS) => annotations
                .get("olm.targetNamespaces")
                .map_or(WatchedNamespaces::Unknown, |targets| named(targets)),
            _ => WatchedNamespaces::Unknown,
        };
    }
    let value = text(variable, "/value").unwrap_or_default();
    if value.contains("$(") {
        return expanded(value, variable, container, annotations);
    }
    named(value)
}

fn named(value: &str) -> WatchedNamespaces {
    let names: Vec<String> = value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(ToOwned::to_owned)
        .collect();
    if names.is_empty() || names.iter().any(|name| name == "*") {
        WatchedNamespaces::All
    } else {
        WatchedNamespaces::Named(names)
    }
}

/// A value that is one reference to a variable before it, `$(NAME)`, is that variable's.
fn expanded(
    value: &str,
    variable: &Node,
    container: &Node,
    annotations: &Annotations,
) -> WatchedNamespaces {
    let Some(name) = value
        .strip_prefix("$(")
        .and_then(|rest| rest.strip_suffix(')'))
    else {
        return WatchedNamespaces::Unknown;
    };
    items(container, "/env")
        .take_while(|earlier| !std::ptr::eq(*earlier, variable))
        .filter(|earlier| text(earlier, "/name") == Some(name))
        .last()
        .map_or(WatchedNamespaces::Unknown, |earlier| {
            watched(earlier, container, annotations)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn watch_settings_say_all_own_named_or_unknown() {
        let own = json!({"fieldRef": {"fieldPath": "metadata.namespace"}});
        let olm =
            json!({"fieldRef": {"fieldPath": "metadata.annotations['olm.targetNamespaces']"}});
        let map = json!({"configMapKeyRef": {"name": "settings", "key": "namespaces"}});
        for (variable, expected) in [
            (
                json!({"name": "WATCH_NAMESPACE", "value": ""}),
                Some(WatchedNamespaces::All),
            ),
            (
                json!({"name": "WATCH_NAMESPACE"}),
                Some(WatchedNamespaces::All),
            ),
            (
                json!({"name": "WATCH_NAMESPACES", "value": "shop,*"}),
                Some(WatchedNamespaces::All),
            ),
            (
                json!({"name": "MY_WATCH_NAMESPACES", "value": "shop, blog,"}),
                Some(WatchedNamespaces::Named(vec!["shop".into(), "blog".into()])),
            ),
            (
                json!({"name": "STRIMZI_NAMESPACE", "valueFrom": own}),
                Some(WatchedNamespaces::Own),
            ),
            (
                json!({"name": "WATCH_NAMESPACE", "valueFrom": olm}),
                Some(WatchedNamespaces::Unknown),
            ),
            (
                json!({"name": "WATCH_NAMESPACE", "valueFrom": map}),
                Some(WatchedNamespaces::Unknown),
            ),
            (
                json!({"name": "WATCH_NAMESPACE", "value": "$(POD_NAMESPACE)"}),
                Some(WatchedNamespaces::Own),
            ),
            (
                json!({"name": "WATCH_NAMESPACE", "value": "$(LATER)"}),
                Some(WatchedNamespaces::Unknown),
            ),
            (
                json!({"name": "WATCH_NAMESPACE", "value": "a-$(POD_NAMESPACE)"}),
                Some(WatchedNamespaces::Unknown),
            ),
            (json!({"name": "POD_NAMESPACE_2", "value": "shop"}), None),
        ] {
            let pod_namespace = json!({"name": "POD_NAMESPACE", "valueFrom": own});
            let later = json!({"name": "LATER", "value": "shop"});
            let spec = json!({"containers": [{"env": [pod_namespace, variable, later]}]});
            let spec = Node::on_line(1, spec);
            let found = watch_settings(&spec, &Annotations::new())
                .into_iter()
                .next()
                .map(|setting| setting.namespaces);
            assert_eq!(found, expected, "{variable}");
        }
    }

    #[test]
    fn olms_annotation_names_the_namespaces() {
        let olm = json!({"fieldRef": {"fieldPath": OLM_TARGETS}});
        let variable = json!({"name": "WATCH_NAMESPACE", "valueFrom": olm});
        let spec = Node::on_line(1, json!({"containers": [{"env": [variable]}]}));
        for (targets, expected) in [
            ("", WatchedNamespaces::All),
            (
                "shop,blog",
                WatchedNamespaces::Named(vec!["shop".into(), "blog".into()]),
            ),
        ] {
            let annotations =
                Annotations::from([("olm.targetNamespaces".to_owned(), targets.to_owned())]);
            let found = watch_settings(&spec, &annotations);
            assert_eq!(found[0].namespaces, expected, "{targets}");
        }
    }

    #[test]
    fn probe_hosts_and_volume_sources_are_filled_in_and_never_taken_from_the_input() {
        let given = json!({
            "containers": [{
                "name": "manager",
                "probeHosts": {"livenessProbe.httpGet.host": "invented"},
                "readinessProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 1}},
                "lifecycle": {"preStop": {"httpGet": {"host": "example.com"}}},
            }],
            "volumes": [
                {"name": "a"},
                {"name": "b", "nfs": {}, "otherSource": "configMap"},
                {"name": "c", "hostPath": {"path": "/"}, "otherSource": "emptyDir"},
            ],
        });
        let mut spec: PodSpec = serde_json::from_value(given.clone()).unwrap();
        fill_in(&mut spec, &Node::on_line(1, given));
        let hosts: Vec<_> = spec.containers[0].probe_hosts.iter().collect();
        assert_eq!(
            hosts,
            [
                (
                    &"lifecycle.preStop.httpGet.host".to_owned(),
                    &"example.com".to_owned()
                ),
                (
                    &"readinessProbe.tcpSocket.host".to_owned(),
                    &"10.0.0.1".to_owned()
                ),
            ]
        );
        let sources: Vec<_> = spec
            .volumes
            .iter()
            .map(|volume| volume.other_source.as_str())
            .collect();
        assert_eq!(sources, ["emptyDir", "nfs", ""]);
    }
}
