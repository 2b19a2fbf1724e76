//! Webhooks and aggregated APIs: their configurations, and what OLM makes so that a Deployment can
//! serve them: a Service, a certificate, and the rights to ask the API server who is calling.

use std::collections::BTreeMap;

use opsec_model::{InstallMode, Notice, NoticeCode};
use serde_json::{Value, json};

use super::fields::Part;
use super::made::{Draft, Maker, made, member, object};
use super::rbac::{self, Binding};
use super::workloads::account;
use crate::node::{Data, Node};
use crate::object::RawObject;

/// What a webhook of a version and one of a configuration have in common.
const SHARED: [&str; 4] = ["rules", "failurePolicy", "matchPolicy", "objectSelector"];

/// Makes the configurations, APIServices and what serves them.
pub(super) fn serve(maker: &mut Maker<'_>) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut served: BTreeMap<String, BTreeMap<i64, Value>> = BTreeMap::new();
    let version = maker.version;
    let webhooks = version.webhooks();
    let apis = version.owned("apiservicedefinitions");
    for entry in webhooks.iter().chain(&apis) {
        if let Some(deployment) = deployment_of(maker, entry, &mut notices) {
            served
                .entry(deployment.to_owned())
                .or_default()
                .insert(port(entry), target_port(entry));
        }
    }
    for entry in &webhooks {
        configuration(maker, entry, &mut notices);
    }
    for entry in &apis {
        api_service(maker, entry);
    }
    for deployment in version.install("deployments") {
        let name = deployment.text("name").unwrap_or_default();
        if let Some(ports) = served.get(name) {
            serving(maker, &deployment, name, ports);
        }
    }
    notices
}

/// The Deployment that serves an entry, when the version has it.
fn deployment_of<'a>(
    maker: &Maker<'_>,
    entry: &Part<'a>,
    notices: &mut Vec<Notice>,
) -> Option<&'a str> {
    let name = entry.text("deploymentName");
    let deployments = maker.version.install("deployments");
    let found = name.filter(|name| {
        deployments
            .iter()
            .any(|deployment| deployment.text("name") == Some(name))
    });
    if found.is_none() {
        let field = format!("{}.deploymentName", entry.path);
        let reason = match name {
            Some(name) => format!("`{name}` is no Deployment of the version"),
            None => "it is required".to_owned(),
        };
        notices.push(refused(maker, &field, &reason));
    }
    found
}

fn refused(maker: &Maker<'_>, field: &str, reason: &str) -> Notice {
    let version = maker.version.name;
    let message = format!(
        "ClusterServiceVersion {version}: {field}: {reason}; OLM refuses it, but what it asks for is judged"
    );
    maker.notice(NoticeCode::ClusterServiceVersion, message, field)
}

fn port(entry: &Part<'_>) -> i64 {
    let port = entry.get("containerPort");
    port.and_then(|port| port.value.as_i64())
        .filter(|port| *port > 0)
        .unwrap_or(443)
}

/// Where the pods listen: a number or a name.
fn target_port(entry: &Part<'_>) -> Value {
    let target = entry.get("targetPort");
    target.map_or_else(|| json!(port(entry)), |target| target.value.to_value())
}

fn service_name(deployment: &str) -> String {
    format!("{}-service", deployment.replace('.', "-"))
}

fn configuration(maker: &mut Maker<'_>, entry: &Part<'_>, notices: &mut Vec<Notice>) {
    let kind = match entry.text("type") {
        Some("ValidatingAdmissionWebhook") => "ValidatingWebhookConfiguration",
        Some("MutatingAdmissionWebhook") => "MutatingWebhookConfiguration",
        Some("ConversionWebhook") => return,
        other => {
            let reason = match other {
                Some(word) => format!("`{word}` is no type of webhook"),
                None => "it is required".to_owned(),
            };
            let field = format!("{}.type", entry.path);
            notices.push(refused(maker, &field, &reason));
            return;
        }
    };
    if looks_at_too_much(entry) {
        let reason = "a webhook may look neither at every group nor at OLM's or admission's own";
        notices.push(refused(maker, &format!("{}.rules", entry.path), reason));
    }
    let given = entry.text("generateName").unwrap_or_default();
    let name = maker.name(kind, given);
    let config = json!({"service": service(maker, entry)});
    let mut webhook = object([
        ("name", member(made(json!(given)))),
        ("clientConfig", member(made(config))),
    ]);
    let mut fields = Vec::new();
    for field in SHARED {
        if let Some(part) = entry.get(field) {
            webhook.put(field, part.copy());
            fields.push((format!("webhooks[0].{field}"), part.path));
        }
    }
    if let Some(selector) = targets_selector(maker) {
        webhook.put("namespaceSelector", member(made(selector)));
    }
    let webhooks = Node::new(entry.line, Data::List([webhook].into()));
    maker.make(Draft {
        api_version: "admissionregistration.k8s.io/v1",
        kind,
        name,
        namespace: None,
        content: object([("webhooks", member(webhooks))]),
        from: &entry.path,
        fields,
        added: Vec::new(),
    });
}

/// OLM labels the namespaces of its group and selects them by that. Here they are selected by
/// their names, which are the same namespaces.
fn targets_selector(maker: &Maker<'_>) -> Option<Value> {
    let targets = &maker.installation.target_namespaces;
    (!targets.is_empty()).then(|| {
        let names = json!({
            "key": "kubernetes.io/metadata.name", "operator": "In", "values": targets,
        });
        json!({"matchExpressions": [names]})
    })
}

fn looks_at_too_much(entry: &Part<'_>) -> bool {
    let holds = |rule: &Part<'_>, list: &str, wanted: &[&str]| {
        rule.list(list).iter().any(|item| {
            item.value
                .as_str()
                .is_some_and(|word| wanted.contains(&word))
        })
    };
    entry.list("rules").iter().any(|rule| {
        let admission = holds(rule, "apiGroups", &["admissionregistration.k8s.io"]);
        holds(rule, "apiGroups", &["*", "operators.coreos.com"])
            || admission && holds(rule, "resources", &["*"])
    })
}

fn service(maker: &Maker<'_>, entry: &Part<'_>) -> Value {
    let deployment = entry.text("deploymentName").unwrap_or_default();
    json!({
        "name": service_name(deployment),
        "namespace": maker.installation.namespace,
        "port": port(entry),
    })
}

fn api_service(maker: &mut Maker<'_>, entry: &Part<'_>) {
    let group = entry.text("group").unwrap_or_default();
    let version = entry.text("version").unwrap_or_default();
    let name = maker.name("APIService", &format!("{version}.{group}"));
    let mut spec = object([("service", member(made(service(maker, entry))))]);
    for (key, text) in [("group", group), ("version", version)] {
        let mut given = member(made(json!(text)));
        given.line = entry.get(key).map_or(given.line, |part| part.line);
        spec.put(key, given);
    }
    let field = |own: &str, other: &str| {
        let part = entry.get(other)?;
        Some((own.to_owned(), part.path))
    };
    maker.make(Draft {
        api_version: "apiregistration.k8s.io/v1",
        kind: "APIService",
        name,
        namespace: None,
        content: object([("spec", member(spec))]),
        from: &entry.path,
        fields: [
            field("spec.group", "group"),
            field("spec.version", "version"),
        ]
        .into_iter()
        .flatten()
        .collect(),
        added: Vec::new(),
    });
}

/// What lets a Deployment serve: its Service, the certificate's Secret and the right to read it,
/// and those of every extension of the API server.
fn serving(maker: &mut Maker<'_>, deployment: &Part<'_>, name: &str, ports: &BTreeMap<i64, Value>) {
    let namespace = maker.installation.namespace.as_str();
    let from = deployment.path.as_str();
    let service = service_name(name);
    let selector = deployment.at(&["spec", "selector", "matchLabels"]);
    let ports: Vec<Value> = ports
        .iter()
        .map(|(port, target)| json!({"name": port.to_string(), "port": port, "targetPort": target}))
        .collect();
    let selected = selector
        .as_ref()
        .map_or_else(|| member(object([])), Part::copy);
    let spec = object([
        ("selector", selected),
        ("ports", member(made(json!(ports)))),
    ]);
    let fields = selector
        .iter()
        .map(|part| ("spec.selector".to_owned(), part.path.clone()))
        .collect();
    maker.make(Draft {
        api_version: "v1",
        kind: "Service",
        name: service.clone(),
        namespace: Some(namespace),
        content: object([("spec", member(spec))]),
        from,
        fields,
        added: Vec::new(),
    });
    maker.make(Draft {
        api_version: "v1",
        kind: "Secret",
        name: format!("{service}-cert"),
        namespace: Some(namespace),
        content: made(json!({"type": "kubernetes.io/tls"})),
        from,
        fields: Vec::new(),
        added: Vec::new(),
    });
    serving_rights(maker, from, &service, &[account(deployment)]);
}

/// The right to read the certificate, and to ask the API server who is calling.
fn serving_rights(maker: &mut Maker<'_>, from: &str, service: &str, accounts: &[&str]) {
    let certificate = format!("{service}-cert");
    let rules = json!([{
        "apiGroups": [""], "resources": ["secrets"], "resourceNames": [certificate], "verbs": ["get"],
    }]);
    rbac::own_role(maker, &certificate, rules, accounts, from);
    rbac::bind(
        maker,
        from,
        Binding {
            kind: "ClusterRoleBinding",
            name: &format!("{service}-system:auth-delegator"),
            namespace: None,
            role: ("ClusterRole", "system:auth-delegator"),
            accounts,
        },
    );
    rbac::bind(
        maker,
        from,
        Binding {
            kind: "RoleBinding",
            name: &format!("{service}-auth-reader"),
            namespace: Some("kube-system"),
            role: ("Role", "extension-apiserver-authentication-reader"),
            accounts,
        },
    );
}

/// Conversion webhooks: OLM writes them into the definitions, which come with the version.
pub(super) fn convert(maker: &Maker<'_>, definitions: &mut [RawObject]) -> Vec<Notice> {
    let mut notices = Vec::new();
    let owned = maker.version.owned("customresourcedefinitions");
    let conversions = maker.version.webhooks().into_iter();
    let only_for_all = maker.version.modes() == [InstallMode::AllNamespaces];
    for entry in conversions.filter(|entry| entry.text("type") == Some("ConversionWebhook")) {
        if !only_for_all {
            let reason = "a version that converts may support no mode but AllNamespaces";
            notices.push(refused(maker, &format!("{}.type", entry.path), reason));
        }
        for name in entry.list("conversionCRDs") {
            let Some(wanted) = name.value.as_str() else {
                continue;
            };
            if !owned.iter().any(|owned| owned.text("name") == Some(wanted)) {
                let reason = format!("the version does not own `{wanted}`");
                notices.push(refused(maker, &name.path, &reason));
            }
            let conversion = json!({
                "strategy": "Webhook",
                "webhook": {"clientConfig": {"service": service(maker, &entry)}},
            });
            let found = definitions.iter_mut().filter(|raw| {
                let is_definition = raw
                    .kind
                    .is("apiextensions.k8s.io", "CustomResourceDefinition");
                is_definition && raw.metadata("name") == Some(wanted)
            });
            for raw in found {
                if let Some(spec) = raw.value.get_mut("spec") {
                    spec.put("conversion", member(made(conversion.clone())));
                }
            }
        }
    }
    notices
}
