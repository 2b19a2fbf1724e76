//! What the role that `--print-rbac` prints is for: without any one thing of it nothing passes that
//! did not, and what rests on it is UNKNOWN and says which permission is missing.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::{apply, apply_all, control_plane, opsec, runtime};
use crate::demo::demo;

const RBAC: &str = "rbac.authorization.k8s.io";

/// A rule of the role, with one group.
#[derive(Debug, Clone, PartialEq)]
struct Granted {
    group: String,
    resource: String,
    names: Vec<String>,
}

impl Granted {
    fn rule(&self) -> Value {
        let mut rule = json!({
            "apiGroups": [self.group], "resources": [self.resource], "verbs": ["list"],
        });
        if !self.names.is_empty() {
            rule["resourceNames"] = json!(self.names);
        }
        rule
    }
}

/// The printed role, one resource (and of names, one name) at a time.
fn printed() -> Vec<Granted> {
    let text = opsec("check --print-rbac --secret-metadata").stdout;
    let role: Value = serde_saphyr::from_str(&text).unwrap();
    let texts = |value: &Value| -> Vec<String> {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        items
            .iter()
            .map(|item| item.as_str().unwrap().to_owned())
            .collect()
    };
    let mut granted = Vec::new();
    for rule in role["rules"].as_array().unwrap() {
        assert_eq!(texts(&rule["verbs"]), ["list"]);
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                let names = texts(&rule["resourceNames"]);
                let each: Vec<Vec<String>> = if names.is_empty() {
                    vec![Vec::new()]
                } else {
                    names.into_iter().map(|name| vec![name]).collect()
                };
                granted.extend(each.into_iter().map(|names| Granted {
                    group: group.clone(),
                    resource: resource.clone(),
                    names,
                }));
            }
        }
    }
    granted
}

/// Grants a user a role with those rules.
fn grant(user: &str, rules: &[&Granted]) -> Vec<Value> {
    let rules: Vec<Value> = rules.iter().map(|granted| granted.rule()).collect();
    vec![
        json!({
            "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole",
            "metadata": {"name": user}, "rules": rules,
        }),
        json!({
            "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRoleBinding",
            "metadata": {"name": user},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": user},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
        }),
    ]
}

/// Waits until the authoriser knows what a user was granted.
fn granted(user: &str, granted: &Granted) {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": {
            "group": granted.group, "resource": granted.resource, "verb": "list",
            "name": granted.names.first(),
        }},
    });
    let client = control_plane().client();
    runtime().block_on(async {
        for _ in 0..100 {
            let request = http::Request::post("/apis/authorization.k8s.io/v1/subjectaccessreviews")
                .header("content-type", "application/json")
                .body(review.to_string().into_bytes())
                .unwrap();
            let answer: Value = client.request(request).await.unwrap();
            if answer["status"]["allowed"] == true {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{user} was not granted {granted:?}");
    });
}

/// A kind of someone else that is read where it is served.
fn definition(group: &str, plural: &str, kind: &str, version: &str, scope: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {
            "group": group, "scope": scope,
            "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")},
            "versions": [{"name": version, "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            }}}],
        },
    })
}

/// Every kind of others that the role has.
fn serve_every_kind() {
    let routes = [
        ("grpcroutes", "GRPCRoute"),
        ("httproutes", "HTTPRoute"),
        ("tcproutes", "TCPRoute"),
        ("tlsroutes", "TLSRoute"),
        ("udproutes", "UDPRoute"),
    ];
    let mut definitions: Vec<Value> = routes
        .iter()
        .map(|(plural, kind)| {
            definition(
                "gateway.networking.k8s.io",
                plural,
                kind,
                "v1",
                "Namespaced",
            )
        })
        .collect();
    definitions.push(definition(
        "operators.coreos.com",
        "operatorgroups",
        "OperatorGroup",
        "v1",
        "Namespaced",
    ));
    definitions.push(definition(
        "policy.networking.k8s.io",
        "clusternetworkpolicies",
        "ClusterNetworkPolicy",
        "v1alpha2",
        "Cluster",
    ));
    apply_all(definitions);
}

/// Status and reason of each rule.
fn rules(user: &str) -> BTreeMap<String, (String, String)> {
    let ran = opsec(&format!(
        "check cache-operator -n cache-operator --secret-metadata -o json --as {user}"
    ));
    if ran.stdout.is_empty() {
        // Not even the operator is found: what is missing is said in a line.
        assert_eq!(ran.status, 2, "{ran:?}");
        return BTreeMap::from([("none".to_owned(), ("UNKNOWN".to_owned(), ran.stderr))]);
    }
    let report = ran.json();
    let practices = report["practices"].as_array().unwrap();
    let rules = practices
        .iter()
        .flat_map(|practice| practice["rules"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rules
        .map(|rule| {
            (
                text(&rule["id"]),
                (text(&rule["status"]), text(&rule["reason"])),
            )
        })
        .collect()
}

#[test]
fn without_any_one_list_what_needs_it_is_unknown_and_nothing_passes() {
    serve_every_kind();
    apply(&demo("../crds/operatorrights.yaml"));
    apply(&demo("as-shipped.yaml"));
    let all = printed();
    let user = |number: usize| format!("without-{number}");
    let mut objects = grant("with-all", &all.iter().collect::<Vec<_>>());
    for (number, left_out) in all.iter().enumerate() {
        let rest: Vec<&Granted> = all.iter().filter(|granted| *granted != left_out).collect();
        objects.extend(grant(&user(number), &rest));
    }
    apply_all(objects);
    granted("with-all", &all[0]);
    let whole = rules("with-all");
    for (id, (_, reason)) in &whole {
        assert!(!reason.contains("may not"), "{id}: {reason}");
    }
    let mut wrong = Vec::new();
    let mut unnoticed = Vec::new();
    for (number, left_out) in all.iter().enumerate() {
        let kept = all.iter().find(|granted| *granted != left_out).unwrap();
        granted(&user(number), kept);
        let partial = rules(&user(number));
        let passes = partial.iter().filter(|(id, (status, _))| {
            status == "PASS" && whole.get(*id).is_none_or(|(before, _)| before != "PASS")
        });
        wrong.extend(passes.map(|(id, _)| format!("{id} passes without {left_out:?}")));
        let said = partial.values().any(|(status, reason)| {
            status == "UNKNOWN"
                && reason.contains("may not list")
                && reason.contains(named(left_out))
        });
        if !said {
            unnoticed.push(left_out.resource.as_str());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // What weighs a finding, what is asked only of an operator with payload or of OLM, or where a
    // policy takes ConfigMaps as parameters, and what only rules rest on that this one fails
    // already: a failure stands without it.
    let weigh = [
        "configmaps",
        "nodes",
        "apiservices",
        "endpointslices",
        "operatorgroups",
        "configmaps",
        "configmaps",
    ];
    assert_eq!(unnoticed, weigh);
}

/// The word of it that a reason has.
fn named(granted: &Granted) -> &str {
    if granted.resource == "*" {
        &granted.group
    } else {
        &granted.resource
    }
}
