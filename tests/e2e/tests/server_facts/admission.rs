//! "Admission": each policy is put into force for its own API group alone, so that tests do not
//! meet each other's.

use std::sync::Arc;

use opsec_admission::{AdmissionRequest, Operation, OptionsKind, UserInfo, decide};
use opsec_facts::Facts;
use serde_json::{Value, json};

use crate::given::{ADMISSION, CRDS, create, eventually, snapshot};
use crate::server::{Answer, admin};

/// A definition of a namespaced kind.
pub(crate) fn definition(plural: &str, group: &str) -> Value {
    let schema = json!({"openAPIV3Schema": {"type": "object"}});
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": schema});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}"), "labels": {"own": "yes"}},
        "spec": {"group": group, "scope": "Namespaced", "versions": [version],
            "names": {"plural": plural, "kind": "Own", "singular": "own", "listKind": "OwnList"}},
    })
}

/// What one policy and its binding are made of.
#[derive(Debug)]
pub(crate) struct Case {
    name: &'static str,
    spec: Value,
    bound: Value,
    denied: bool,
}

pub(crate) fn case(name: &'static str, spec: Value, denied: bool) -> Case {
    let bound = json!({});
    Case {
        name,
        spec,
        bound,
        denied,
    }
}

fn with(mut object: Value, change: &Value) -> Value {
    for (key, value) in change.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

/// Constraints on the creation of definitions, changed.
fn constraints(rule: &Value, change: &Value) -> Value {
    let whole = json!({"apiGroups": ["apiextensions.k8s.io"], "apiVersions": ["v1"],
        "operations": ["CREATE"], "resources": ["customresourcedefinitions"]});
    let rules = json!({"resourceRules": [with(whole, rule)]});
    json!({"matchConstraints": with(rules, change)})
}

impl Case {
    pub(crate) fn group(&self) -> String {
        format!("{}.example.com", self.name)
    }

    /// The policy and its binding. It looks at definitions of its own group alone; that
    /// of another policy, which came later, tells that it is in force.
    pub(crate) fn objects(&self) -> [Value; 2] {
        let group = self.group();
        // Where a rule matches everything, objects of other shapes pass by too.
        let own =
            format!("has(object.spec) && has(object.spec.group) && object.spec.group == '{group}'");
        let conditions = json!([{"name": "own", "expression": own}]);
        let spec = json!({"matchConditions": conditions,
            "validations": [{"expression": "false", "message": self.name}]});
        let spec = with(with(spec, &constraints(&json!({}), &json!({}))), &self.spec);
        let policy = json!({"apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy", "metadata": {"name": self.name}, "spec": spec});
        let bound = json!({"policyName": self.name, "validationActions": ["Deny"]});
        let binding = json!({"apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": self.name},
            "spec": with(bound, &self.bound)});
        [policy, binding]
    }
}

pub(crate) fn put_in_force(case: &Case) {
    let [policy, binding] = case.objects();
    create(&format!("{ADMISSION}/validatingadmissionpolicies"), &policy);
    let bindings = format!("{ADMISSION}/validatingadmissionpolicybindings");
    create(&bindings, &binding);
}

/// Creates a definition without keeping it.
pub(crate) fn attempt(definition: &Value) -> Answer {
    admin().post(&format!("{CRDS}?dryRun=All"), definition)
}

/// What ours says of the same.
fn ours(case: &Case, object: &Value) -> opsec_admission::Decision {
    let request = AdmissionRequest {
        operation: Operation::Create,
        group: "apiextensions.k8s.io".into(),
        version: "v1".into(),
        resource: "customresourcedefinitions".into(),
        subresource: None,
        kind: "CustomResourceDefinition".into(),
        name: object["metadata"]["name"].as_str().unwrap().to_owned(),
        namespace: None,
        object: Arc::new(object.clone()),
        old_object: None,
        user: Arc::new(UserInfo {
            username: "admin".to_owned(),
            groups: vec!["system:masters".into(), "system:authenticated".into()],
            uid: None,
            extra: None,
        }),
        dry_run: true,
        options: OptionsKind::CreateOptions,
    };
    decide(&Facts::new(&snapshot(&case.objects())), &request)
}

/// Puts all in force, then one more that denies: when it does, they do.
fn judged(marker: &'static str, cases: &[Case]) {
    cases.iter().for_each(put_in_force);
    let last = case(marker, json!({}), true);
    put_in_force(&last);
    let probe = definition("owns", &last.group());
    eventually("a policy in force", || !attempt(&probe).is_ok());
    for case in cases {
        let object = definition("owns", &case.group());
        let name = case.name;
        // The server may still be waiting for the params of one.
        eventually(name, || attempt(&object).is_ok() != case.denied);
        let decision = ours(case, &object);
        assert_eq!(decision.is_denied(), case.denied, "{name}: {decision:?}");
        assert_eq!(decision.is_admitted(), !case.denied, "{name}: {decision:?}");
    }
}

/// A CRD creation: a namespaceSelector never excludes it; an objectSelector can; scope Namespaced
/// never matches; v1beta1 does not match; resourceNames is compared; system:masters is held.
#[test]
fn which_rules_match_the_creation_of_a_definition() {
    let none = json!({"matchLabels": {"no": "such"}});
    let with_rule = |rule: Value| constraints(&rule, &json!({}));
    let with_change = |change: Value| constraints(&json!({}), &change);
    let equivalent = json!({"matchPolicy": "Equivalent"});
    let beta = json!({"apiVersions": ["v1beta1"]});
    judged(
        "adm-match",
        &[
            case("adm-plain", json!({}), true),
            case(
                "adm-ns",
                with_change(json!({"namespaceSelector": none})),
                true,
            ),
            case(
                "adm-object",
                with_change(json!({"objectSelector": none})),
                false,
            ),
            case(
                "adm-scope",
                with_rule(json!({"scope": "Namespaced"})),
                false,
            ),
            case("adm-beta", constraints(&beta, &equivalent), false),
            case(
                "adm-name",
                with_rule(json!({"resourceNames": ["owns.adm-name.example.com"]})),
                true,
            ),
            case(
                "adm-other",
                with_rule(json!({"resourceNames": ["x"]})),
                false,
            ),
            case(
                "adm-all",
                with_rule(json!({"apiGroups": ["*"], "resources": ["*/*"]})),
                true,
            ),
            case(
                "adm-subs",
                with_rule(json!({"resources": ["customresourcedefinitions/*"]})),
                true,
            ),
        ],
    );
}

/// An expression or match condition that errors denies under Fail and allows under Ignore; Warn
/// and Audit do not deny.
#[test]
fn errors_deny_under_fail_and_only_deny_denies() {
    let error = "object.spec.absent == 'x'";
    let validation =
        |policy: &str| json!({"failurePolicy": policy, "validations": [{"expression": error}]});
    let condition = |policy: &str, group: &str| {
        let own = format!("object.spec.group == '{group}.example.com' ? {error} : false");
        json!({"failurePolicy": policy, "matchConditions": [{"name": "c", "expression": own}]})
    };
    let mut warns = case("adm-warn", json!({}), false);
    warns.bound = json!({"validationActions": ["Warn", "Audit"]});
    judged(
        "adm-errors",
        &[
            case("adm-fail", validation("Fail"), true),
            case("adm-ignore", validation("Ignore"), false),
            case("adm-cfail", condition("Fail", "adm-cfail"), true),
            case("adm-cignore", condition("Ignore", "adm-cignore"), false),
            warns,
        ],
    );
}

/// A missing param does as `parameterNotFoundAction` says; namespaced params without a namespace,
/// on a cluster-scoped request, deny.
#[test]
fn a_missing_param_does_as_its_binding_says() {
    let with_param = |name: &'static str, reference: Value, denied| {
        // Params are looked for before conditions: only the rule keeps a policy off other tests.
        let only = json!({"resourceNames": [format!("owns.{name}.example.com")]});
        let kind = json!({"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}});
        let spec = with(constraints(&only, &json!({})), &kind);
        let mut case = case(name, spec, denied);
        case.bound = json!({"paramRef": reference});
        case
    };
    let absent = |action: &str| json!({"name": "absent", "namespace": "default", "parameterNotFoundAction": action});
    let nowhere = json!({"name": "absent", "parameterNotFoundAction": "Allow"});
    judged(
        "adm-params",
        &[
            with_param("adm-pdeny", absent("Deny"), true),
            with_param("adm-pallow", absent("Allow"), false),
            with_param("adm-pnowhere", nowhere, true),
        ],
    );
}

/// Apply of an absent definition is CREATE.
#[test]
fn apply_is_a_creation() {
    let denies = case("adm-apply", json!({}), true);
    put_in_force(&denies);
    let object = definition("owns", &denies.group());
    let path = format!("{CRDS}/owns.adm-apply.example.com");
    eventually("the policy in force", || !attempt(&object).is_ok());
    let answer = admin().apply(&path, &object);
    assert_eq!(answer.code, 422, "{answer:?}");
    assert_eq!(admin().get(&path).code, 404);
}

/// CEL that does not compile is refused when it is created, and from files it is reported.
#[test]
fn what_does_not_compile_is_refused() {
    let broken = case(
        "adm-broken",
        json!({"validations": [{"expression": "object.("}]}),
        false,
    );
    let [policy, _] = broken.objects();
    let answer = admin().post(&format!("{ADMISSION}/validatingadmissionpolicies"), &policy);
    assert_eq!(answer.code, 422, "{answer:?}");
    let decision = ours(&broken, &definition("owns", &broken.group()));
    assert!(
        !decision.is_denied() && !decision.invalid.is_empty(),
        "{decision:?}"
    );
}

/// What is created in group admissionregistration.k8s.io, all of one name.
fn admission_objects(name: &'static str) -> Vec<(&'static str, Value)> {
    let [policy, binding] = case(name, json!({}), false).objects();
    let named = json!({"metadata": {"name": name}});
    let mutation = json!({"patchType": "ApplyConfiguration",
        "applyConfiguration": {"expression": "Object{}"}});
    let mut mutating = with(named.clone(), &json!({"spec": policy["spec"]}));
    let spec = mutating["spec"].as_object_mut().unwrap();
    spec.remove("validations");
    spec.insert("reinvocationPolicy".to_owned(), json!("Never"));
    spec.insert("mutations".to_owned(), json!([mutation]));
    let bound = with(named.clone(), &json!({"spec": {"policyName": name}}));
    vec![
        ("validatingwebhookconfigurations", named.clone()),
        ("mutatingwebhookconfigurations", named),
        ("validatingadmissionpolicies", policy),
        ("validatingadmissionpolicybindings", binding),
        ("mutatingadmissionpolicies", mutating),
        ("mutatingadmissionpolicybindings", bound),
    ]
}

/// Which of them are refused.
fn refused(name: &'static str) -> Vec<&'static str> {
    let mut all = admission_objects(name);
    all.retain(|(resource, object)| {
        let answer = admin().post(&format!("{ADMISSION}/{resource}?dryRun=All"), object);
        // Not for another reason.
        assert!(
            answer.is_ok() || answer.message().contains("denied"),
            "{answer:?}"
        );
        !answer.is_ok()
    });
    all.into_iter().map(|(resource, _)| resource).collect()
}

/// Policies and their bindings are exempt: a policy on them is accepted and inert. It holds
/// webhook configurations.
#[test]
fn a_policy_holds_webhook_configurations_and_no_policies() {
    let rule = json!({"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]});
    let conditions = "has(object.metadata.name) && object.metadata.name.startsWith('adm-inert-')";
    let mut spec = constraints(&rule, &json!({}));
    spec["matchConditions"] = json!([{"name": "own", "expression": conditions}]);
    put_in_force(&case("adm-inert", spec, false));
    let maps = "/api/v1/namespaces/default/configmaps?dryRun=All";
    let map = json!({"metadata": {"name": "adm-inert-x"}});
    eventually("the policy in force", || !admin().post(maps, &map).is_ok());
    let held = [
        "validatingwebhookconfigurations",
        "mutatingwebhookconfigurations",
    ];
    assert_eq!(refused("adm-inert-x"), held);
}

/// Protected groups need only an annotation, whose value may be "unapproved, …".
#[test]
fn a_protected_group_needs_only_an_annotation() {
    let mut object = definition("owns", "facts.k8s.io");
    assert_eq!(attempt(&object).code, 422);
    let annotation = "unapproved, experimental";
    object["metadata"]["annotations"] = json!({"api-approved.kubernetes.io": annotation});
    let answer = attempt(&object);
    assert_eq!(answer.code, 201, "{answer:?}");
}

/// A matching webhook under Fail that cannot be reached denies.
#[test]
fn a_webhook_that_cannot_be_reached_denies() {
    let path = format!("{ADMISSION}/mutatingwebhookconfigurations");
    let rule = json!({"apiGroups": ["", "admissionregistration.k8s.io"], "apiVersions": ["v1"],
        "operations": ["CREATE"], "resources": ["*"]});
    let condition = "has(object.metadata.name) && object.metadata.name.startsWith('adm-hook-')";
    let hook = json!({"metadata": {"name": "adm-hook"}, "webhooks": [{"name": "h.example.com",
        "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail",
        "timeoutSeconds": 1, "clientConfig": {"url": "https://127.0.0.1:1/"}, "rules": [rule],
        "matchConditions": [{"name": "own", "expression": condition}]}]});
    create(&path, &hook);
    let maps = "/api/v1/namespaces/default/configmaps?dryRun=All";
    let map = json!({"metadata": {"name": "adm-hook-x"}});
    eventually("the webhook in force", || {
        admin().post(maps, &map).code == 500
    });
    // Admission objects are exempt from every webhook.
    assert_eq!(refused("adm-hook-x"), Vec::<&str>::new());
    assert!(admin().delete(&format!("{path}/adm-hook")).is_ok());
}
