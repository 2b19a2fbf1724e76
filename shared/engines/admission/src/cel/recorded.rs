//! Expressions and what Kubernetes' own compiler and evaluator made of them, recorded from
//! `k8s.io/apiserver` 0.36.3. Each must come to the same here, but for those that are marked as
//! not had: they must come to UNKNOWN and never to an answer.

use opsec_facts::Facts;
use opsec_model::ObjectRef;
use opsec_model::Snapshot;
use opsec_model::objects::{NamedExpression, ParamKind, ValidatingAdmissionPolicySpec, Validation};
use serde_json::json;

use crate::admission::Admission;
use crate::compiled::{CompiledPolicy, Outcome};
use crate::decision::Cause;
use crate::inputs::{self, Inputs};
use crate::params::Param;
use crate::probes::creation;
use crate::request::{AdmissionRequest, UserInfo};

const CASES: &str = include_str!("cases.txt");

fn spec(expression: &str) -> ValidatingAdmissionPolicySpec {
    let variables = [
        (
            "isServiceAccount",
            "request.userInfo.username.startsWith('system:serviceaccount:')",
        ),
        ("group", "object.spec.group"),
        ("missing", "object.spec.nothing"),
        ("allowed", "['own.example.com', 'b.example.com']"),
        ("count", "size(object.spec.versions)"),
        ("user", "request.userInfo"),
        ("labels", "object.metadata.?labels.orValue({})"),
        ("none", "optional.none()"),
        ("pair", "{'a': 1}"),
        ("nested", "[['a']]"),
        ("any", "object.spec.served"),
        ("flag", "object.spec.served == true"),
        ("emptyList", "[]"),
        ("mixed", "true ? 1 : object.spec.count"),
    ];
    ValidatingAdmissionPolicySpec {
        param_kind: Some(ParamKind {
            api_version: "v1".into(),
            kind: "ConfigMap".into(),
        }),
        variables: variables
            .map(|(name, expression)| NamedExpression {
                name: name.into(),
                expression: expression.into(),
            })
            .to_vec(),
        validations: vec![Validation {
            expression: expression.into(),
            ..Validation::default()
        }],
        ..ValidatingAdmissionPolicySpec::default()
    }
}

fn given() -> (AdmissionRequest, Param) {
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "opsecprobes.own.example.com",
            "labels": {"app": "x", "tier": "y"},
        },
        "spec": {
            "group": "own.example.com",
            "names": {
                "plural": "opsecprobes",
                "singular": "opsecprobe",
                "kind": "OpsecProbe",
                "listKind": "OpsecProbeList",
            },
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": true, "storage": true}],
            "conversion": {"strategy": "None"},
            "count": 3,
            "ratio": 0.5,
            "preserve": null,
            "served": true,
        },
    });
    let user = UserInfo {
        username: "system:serviceaccount:shop:operator".into(),
        groups: [
            "system:serviceaccounts",
            "system:serviceaccounts:shop",
            "system:authenticated",
        ]
        .map(Into::into)
        .to_vec(),
        uid: Some(String::new()),
        extra: Some(std::collections::BTreeMap::new()),
    };
    let param = Param {
        object: ObjectRef::namespaced("ConfigMap", "guard", "settings"),
        body: json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings", "namespace": "guard"},
            "data": {
                "group": "own.example.com",
                "groups": "own.example.com,other.example.com",
                "enabled": "true",
                "list": "",
            },
        }),
    };
    (creation(&user.into(), &definition.into()), param)
}

fn answer(expression: &str, inputs: &Inputs<'_>) -> &'static str {
    let Ok(policy) = CompiledPolicy::compile(&spec(expression)) else {
        return "invalid";
    };
    match policy.evaluate(inputs).first() {
        None => "true",
        Some(Outcome::Unknown(_)) => "unknown",
        Some(Outcome::Denies { cause, .. }) => match cause {
            Cause::Validation { .. } => "false",
            _ => "error",
        },
    }
}

#[test]
fn expressions_come_to_what_kubernetes_makes_of_them() {
    let (request, param) = given();
    let snapshot = Snapshot::default();
    let facts = Facts::new(&snapshot);
    let admission = Admission::new(&facts);
    let inputs = inputs::of(&admission, &request, Some(&param));
    let mut wrong = Vec::new();
    let mut decided = 0;
    for line in CASES.lines().filter(|line| !line.starts_with('#')) {
        let (expected, expression) = line.split_once('\t').unwrap();
        let (expected, had) = match expected.strip_prefix('?') {
            Some(_) => ("unknown", false),
            None => (expected, true),
        };
        let found = answer(expression, &inputs);
        if found != expected {
            wrong.push(format!("{expression}\n    is {expected}, came to {found}"));
        }
        decided += usize::from(had);
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(decided > 500, "{decided}");
}
