//! ValidatingAdmissionPolicies over whole requests: what each sentence about them comes to.

mod given;

use given::{
    OPERATOR, Policy, SIBLING, binding, crd, decide_in, names, policy, probe, snapshot, user,
};
use opsec_admission::{Cause, Decision, Reads, decide, probes};
use opsec_facts::Facts;
use serde_json::{Value, json};

const NOT_OPERATOR: &str = "request.userInfo.username != 'system:serviceaccount:shop:operator'";

fn decision(policies: Value, bindings: Value) -> Decision {
    decide_in(&json!({
        "validatingAdmissionPolicies": policies,
        "validatingAdmissionPolicyBindings": bindings,
    }))
}

/// What one policy with its only binding comes to: `denied`, `weak`, `unknown`, `invalid` or
/// `admitted`.
fn outcome(policy: Policy) -> String {
    let found = decision(json!([policy.json()]), json!([binding("p")]));
    word(&found).to_owned()
}

fn word(decision: &Decision) -> &'static str {
    if decision.is_denied() {
        "denied"
    } else if !decision.unknown.is_empty() {
        "unknown"
    } else if !decision.invalid.is_empty() {
        "invalid"
    } else if !decision.would_deny.is_empty() {
        "weak"
    } else {
        "admitted"
    }
}

#[test]
fn a_denial_by_user_name_holds_one_account_and_lets_its_sibling_through() {
    let snapshot = snapshot(&json!({
        "validatingAdmissionPolicies": [policy(NOT_OPERATOR).json()],
        "validatingAdmissionPolicyBindings": [binding("p")],
    }));
    let facts = Facts::new(&snapshot);
    for (account, denied) in [(OPERATOR, true), (SIBLING, false)] {
        for probe in probes::CrdCreations::new(&["own.example.com"]).by(user(account)) {
            let found = decide(&facts, &probe.request);
            assert_eq!(
                found.is_denied(),
                denied,
                "{account}: {}",
                probe.description
            );
            assert_eq!(found.is_admitted(), !denied, "{}", probe.description);
        }
    }
    let found = decide(&facts, &probe(OPERATOR));
    let [denial] = found.denials.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(denial.policy.to_string(), "ValidatingAdmissionPolicy/p");
    assert_eq!(
        denial.binding.to_string(),
        "ValidatingAdmissionPolicyBinding/p-binding"
    );
    assert!(denial.cause.is_decision());
    assert_eq!(
        denial.reads,
        Reads {
            user_name: true,
            ..Reads::default()
        }
    );
}

#[test]
fn a_denial_by_group_holds_every_account_of_the_namespace() {
    let snapshot = snapshot(&json!({
        "validatingAdmissionPolicies": [policy(
            "!request.userInfo.groups.exists(g, g == 'system:serviceaccounts:shop')"
        ).json()],
        "validatingAdmissionPolicyBindings": [binding("p")],
    }));
    let facts = Facts::new(&snapshot);
    for (account, denied) in [(OPERATOR, true), (SIBLING, true), ("blog:other", false)] {
        let found = decide(&facts, &probe(account));
        assert_eq!(found.is_denied(), denied, "{account}");
        assert!(
            found
                .denials
                .iter()
                .all(|d| d.reads.groups && !d.reads.user_name)
        );
    }
}

#[test]
fn what_rules_are_for_a_crd_creation() {
    let cases = [
        (json!({}), true),
        (json!({"resources": ["*"]}), true),
        (json!({"resources": ["*/*"]}), true),
        (json!({"resources": ["customresourcedefinitions/*"]}), true),
        (json!({"resources": ["*/status"]}), false),
        (
            json!({"resources": ["customresourcedefinitions/status"]}),
            false,
        ),
        (json!({"resources": ["pods/*"]}), false),
        (json!({"apiGroups": ["*"]}), true),
        (json!({"apiGroups": ["example.com"]}), false),
        (json!({"apiVersions": ["*"]}), true),
        // Not served, so not even Equivalent reaches it.
        (json!({"apiVersions": ["v1beta1"]}), false),
        (json!({"operations": ["*"]}), true),
        (json!({"operations": ["UPDATE", "DELETE"]}), false),
        (json!({"scope": "Namespaced"}), false),
        (json!({"scope": "Cluster"}), true),
        (json!({"scope": "*"}), true),
        (
            json!({"resourceNames": ["opsecprobes.own.example.com"]}),
            true,
        ),
        (json!({"resourceNames": ["other.own.example.com"]}), false),
        // A literal, not a wildcard.
        (json!({"resourceNames": ["*"]}), false),
    ];
    for (change, denied) in cases {
        let expected = if denied { "denied" } else { "admitted" };
        assert_eq!(outcome(policy("false").rule(&change)), expected, "{change}");
        let excluded = outcome(policy("false").exclude(&change));
        let expected = if denied { "admitted" } else { "denied" };
        assert_eq!(excluded, expected, "excluded by {change}");
    }
}

#[test]
fn selectors_of_namespaces_never_exclude_a_crd_and_those_of_objects_can() {
    let unmatched = json!({"matchLabels": {"guarded": "yes"}});
    let by_namespace = policy("false").constraint("namespaceSelector", &unmatched);
    assert_eq!(outcome(by_namespace), "denied");
    let by_object = policy("false").constraint("objectSelector", &unmatched);
    assert_eq!(outcome(by_object), "admitted");
    let absent = json!({"matchExpressions": [{"key": "guarded", "operator": "DoesNotExist"}]});
    let missable = decision(
        json!([policy("false").constraint("objectSelector", &absent).json()]),
        json!([binding("p")]),
    );
    assert!(missable.is_denied());
    assert!(missable.denials.iter().all(|denial| denial.object_selector));
}

#[test]
fn a_binding_narrows_the_policy_and_its_actions_decide() {
    let bound = |change: Value| {
        let mut binding = binding("p");
        for (key, value) in change.as_object().unwrap() {
            binding["spec"][key] = value.clone();
        }
        word(&decision(json!([policy("false").json()]), json!([binding]))).to_owned()
    };
    let rules = |resource: &str| {
        json!({"matchResources": {"resourceRules": [{
            "apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": [resource],
        }]}})
    };
    for (change, expected) in [
        (json!({"validationActions": ["Deny"]}), "denied"),
        (json!({"validationActions": ["Deny", "Audit"]}), "denied"),
        (json!({"validationActions": ["Warn"]}), "weak"),
        (json!({"validationActions": ["Audit", "Warn"]}), "weak"),
        (rules("customresourcedefinitions"), "denied"),
        (rules("pods"), "admitted"),
        (json!({"policyName": "another"}), "admitted"),
        (
            json!({"matchResources": {"objectSelector": {"matchLabels": {"a": "b"}}}}),
            "admitted",
        ),
        (
            json!({"matchResources": {"namespaceSelector": {"matchLabels": {"a": "b"}}}}),
            "denied",
        ),
    ] {
        assert_eq!(bound(change.clone()), expected, "{change}");
    }
    let unbound = decision(json!([policy("false").json()]), json!([]));
    assert_eq!(word(&unbound), "admitted");
}

#[test]
fn a_policy_or_binding_that_is_refused_for_its_shape_denies_nothing() {
    let denies = || policy("false");
    for made in [
        denies().constraint("resourceRules", &json!([])),
        denies().rule(&json!({"operations": ["*", "CREATE"]})),
        denies().rule(&json!({"resources": ["*/*", "pods"]})),
        denies().spec("validations", &json!([])),
        denies().spec("failurePolicy", &json!("Deny")),
    ] {
        assert_eq!(outcome(made.clone()), "invalid", "{made:?}");
    }
    for (field, value) in [
        ("validationActions", json!([])),
        ("validationActions", json!(["Deny", "Warn"])),
        ("validationActions", json!(["Refuse"])),
        ("paramRef", json!({"name": "a"})),
        ("paramRef", json!({"parameterNotFoundAction": "Deny"})),
    ] {
        let bound = given::binding_with("p", field, &value);
        let found = decision(json!([denies().json()]), json!([bound]));
        assert_eq!(word(&found), "invalid", "{field} {value}");
    }
}

#[test]
fn errors_deny_under_fail_and_pass_under_ignore() {
    let error = "object.spec.nothing == 'a'";
    for (expression, failure_policy, expected) in [
        (error, None, "denied"),
        (error, Some("Fail"), "denied"),
        (error, Some("Ignore"), "weak"),
        ("false", Some("Ignore"), "denied"),
        ("true", Some("Ignore"), "admitted"),
    ] {
        let mut made = policy(expression);
        if let Some(word) = failure_policy {
            made = made.spec("failurePolicy", &json!(word));
        }
        assert_eq!(outcome(made), expected, "{expression} {failure_policy:?}");
    }
    let found = decision(json!([policy(error).json()]), json!([binding("p")]));
    assert!(matches!(
        found.denials.first().map(|denial| &denial.cause),
        Some(Cause::EvaluationError { index: 0, .. })
    ));
}

#[test]
fn match_conditions_skip_when_false_and_fail_when_none_is_false() {
    let error = "object.spec.nothing == 'a'";
    for (conditions, failure_policy, expected) in [
        (vec!["true"], "Fail", "denied"),
        (vec!["false"], "Fail", "admitted"),
        (vec![error], "Fail", "denied"),
        (vec![error], "Ignore", "weak"),
        (vec![error, "false"], "Fail", "admitted"),
        (vec!["true", error], "Ignore", "weak"),
        (vec!["duration('1h') > duration('1m')"], "Fail", "unknown"),
        (
            vec!["duration('1h') > duration('1m')", "false"],
            "Fail",
            "admitted",
        ),
        // Match conditions have no variables, and no namespace.
        (vec!["variables.x"], "Fail", "invalid"),
        (vec!["namespaceObject == null"], "Fail", "denied"),
    ] {
        let list: Vec<Value> = conditions
            .iter()
            .enumerate()
            .map(|(index, expression)| json!({"name": format!("c{index}"), "expression": expression}))
            .collect();
        let made = policy("false")
            .spec("matchConditions", &json!(list))
            .spec("failurePolicy", &json!(failure_policy));
        assert_eq!(outcome(made), expected, "{conditions:?} {failure_policy}");
    }
}

#[test]
fn variables_are_evaluated_when_used_and_in_order() {
    let variables = json!([
        {"name": "user", "expression": "request.userInfo.username"},
        {"name": "operator", "expression": "variables.user == 'system:serviceaccount:shop:operator'"},
        {"name": "broken", "expression": "object.spec.nothing == 'a'"},
        {"name": "unsupported", "expression": "duration('1h')"},
        {"name": "longer", "expression": "duration('1h') > duration('1m')"},
        {"name": "alias", "expression": "variables.longer"},
    ]);
    for (expression, expected) in [
        ("!variables.operator", "denied"),
        ("variables.operator", "admitted"),
        ("variables.operator || variables.broken", "admitted"),
        ("variables.broken", "denied"),
        ("variables.unsupported.getHours() == 1", "unknown"),
        // What is not had here may be of any type.
        ("variables.longer", "unknown"),
        ("variables.alias", "unknown"),
        (
            "[variables.operator, variables.longer].exists(x, x)",
            "unknown",
        ),
        ("variables.operator || variables.alias", "admitted"),
        (
            "variables.operator || variables.unsupported == variables.user",
            "admitted",
        ),
        ("variables.nothing", "invalid"),
        ("variables.user", "invalid"),
    ] {
        let made = policy(expression).spec("variables", &variables);
        assert_eq!(outcome(made), expected, "{expression}");
    }
    let found = decision(
        json!([policy("!variables.operator")
            .spec("variables", &variables)
            .json()]),
        json!([binding("p")]),
    );
    assert!(found.denials.iter().all(|denial| denial.reads.user_name));
    let later = json!([
        {"name": "a", "expression": "variables.b"},
        {"name": "b", "expression": "true"},
    ]);
    assert_eq!(outcome(policy("true").spec("variables", &later)), "invalid");
}

#[test]
fn what_does_not_compile_is_refused_from_files_and_unknown_live() {
    for expression in [
        "object.spec.group ==",
        "nothing == 1",
        "request.nothing == 'a'",
        "request.userInfo.username == 1",
        "object.spec.group",
        "'a'",
        "params.data.x == 'a'",
        "frobnicate(object)",
    ] {
        assert_eq!(outcome(policy(expression)), "invalid", "{expression}");
        let live = decide_in(&json!({
            "source": {"kind": "cluster"},
            "validatingAdmissionPolicies": [policy(expression).json()],
            "validatingAdmissionPolicyBindings": [binding("p")],
        }));
        assert_eq!(word(&live), "unknown", "{expression}");
    }
    let found = decision(json!([policy("nothing").json()]), json!([binding("p")]));
    assert_eq!(names(&found.invalid), ["spec.validations[0].expression"]);
}

#[test]
fn what_kubernetes_has_and_this_has_not_is_unknown_by_name() {
    for (expression, feature) in [
        ("duration('1h') > duration('1m')", "duration"),
        ("'%e'.format([1.5]) == '1'", "%e"),
        (
            "object.metadata.annotations.distinct().size() == 0 || true",
            "`distinct` of what is an error",
        ),
        (
            "authorizer.group('').resource('pods').check('get').reason() == ''",
            "reason",
        ),
        ("object.spec.group.matches('\\\\pL')", "regular expression"),
        ("has(object.metadata.uid)", "uid"),
        ("request.userInfo.uid == ''", "UID"),
        ("request.options.fieldManager == 'kubectl'", "field manager"),
    ] {
        let found = decision(json!([policy(expression).json()]), json!([binding("p")]));
        assert_eq!(word(&found), "unknown", "{expression}: {found:?}");
        assert!(
            found
                .unknown
                .iter()
                .any(|unknown| unknown.reason.contains(feature)),
            "{expression}: {:?}",
            found.unknown
        );
    }
}

/// The words for a policy with that validation, for the operator and for its sibling.
fn outcomes(expression: &str, fields: Value) -> [&'static str; 2] {
    let policies = json!({
        "validatingAdmissionPolicies": [policy(expression).json()],
        "validatingAdmissionPolicyBindings": [binding("p")],
    });
    let snapshot = snapshot(&given::with(fields, &policies));
    let facts = Facts::new(&snapshot);
    [OPERATOR, SIBLING].map(|account| word(&decide(&facts, &probe(account))))
}

#[test]
fn an_authorizer_answers_by_the_roles_that_are_there() {
    let granted = json!({
        "clusterRoles": [{
            "metadata": {"name": "publisher"},
            "rules": [{"verbs": ["publish"], "apiGroups": ["g"], "resources": ["definitions"]}],
        }],
        "clusterRoleBindings": [{
            "metadata": {"name": "publisher"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "publisher",
            },
            "subjects": [{"kind": "ServiceAccount", "namespace": "shop", "name": "operator"}],
        }],
    });
    let publish = |about: &str| {
        format!("authorizer{about}.group('g').resource('definitions').check('publish').allowed()")
    };
    let asked = publish("");
    assert_eq!(outcomes(&asked, granted.clone()), ["admitted", "denied"]);
    assert_eq!(outcomes(&asked, json!({})), ["denied", "denied"]);
    let about_operator = publish(".serviceAccount('shop', 'operator')");
    assert_eq!(
        outcomes(&about_operator, granted.clone()),
        ["admitted", "admitted"]
    );
    let about_sibling = publish(".serviceAccount('shop', 'sibling')");
    assert_eq!(
        outcomes(&about_sibling, granted.clone()),
        ["denied", "denied"]
    );
    let own = "authorizer.requestResource.check('publish').allowed()";
    assert_eq!(outcomes(own, granted), ["denied", "denied"]);
}

#[test]
fn an_authorizer_that_may_not_know_all_bindings_grants_but_does_not_refuse() {
    let missing = json!({
        "source": {"kind": "cluster"},
        "incomplete": {
            "rolebindings.rbac.authorization.k8s.io": {
                "state": "forbidden",
                "missing": "list rolebindings",
            },
        },
    });
    let asked = "authorizer.group('g').resource('x').check('y').allowed()";
    assert_eq!(outcomes(asked, missing), ["unknown", "unknown"]);
}

#[test]
fn a_certain_denial_stands_beside_what_is_unknown() {
    let mut made = policy("duration('1h') > duration('1m')").json();
    made["spec"]["validations"]
        .as_array_mut()
        .unwrap()
        .push(json!({"expression": "false", "message": "no CRDs"}));
    let found = decision(json!([made]), json!([binding("p")]));
    assert!(found.is_denied() && !found.unknown.is_empty());
    assert_eq!(
        found.denials.first().map(|denial| denial.cause.clone()),
        Some(Cause::Validation {
            index: 1,
            message: "no CRDs".into()
        })
    );
}

#[test]
fn expressions_that_run_away_are_unknown() {
    let deep = format!("{}true{}", "(".repeat(5000), ")".repeat(5000));
    let long = vec!["1"; 20_000].join("+") + " > 1";
    let signs = format!("{}true", "!".repeat(5000));
    let many = "[1,2,3,4,5,6,7,8,9,10]";
    let nested = format!(
        "{many}.all(a, {many}.all(b, {many}.all(c, {many}.all(d, {many}.all(e, {many}.all(f, true))))))"
    );
    for expression in [deep, long, signs, nested] {
        let start: String = expression.chars().take(20).collect();
        assert_eq!(outcome(policy(&expression)), "unknown", "{start}");
    }
}

#[test]
fn policies_their_bindings_and_reviews_are_exempt_and_webhook_configurations_are_not() {
    let snapshot = snapshot(&json!({
        "validatingAdmissionPolicies": [policy("false")
            .rule(&json!({"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"]})).json()],
        "validatingAdmissionPolicyBindings": [binding("p")],
    }));
    let facts = Facts::new(&snapshot);
    for (group, resource, kind, denied) in [
        (
            "admissionregistration.k8s.io",
            "validatingadmissionpolicies",
            "ValidatingAdmissionPolicy",
            false,
        ),
        (
            "admissionregistration.k8s.io",
            "validatingwebhookconfigurations",
            "ValidatingWebhookConfiguration",
            true,
        ),
        (
            "authorization.k8s.io",
            "subjectaccessreviews",
            "SubjectAccessReview",
            false,
        ),
        (
            "authentication.k8s.io",
            "tokenreviews",
            "TokenReview",
            false,
        ),
        (
            "rbac.authorization.k8s.io",
            "clusterroles",
            "ClusterRole",
            true,
        ),
    ] {
        let mut request = probe(OPERATOR);
        request.group = group.into();
        request.resource = resource.into();
        request.kind = kind.into();
        assert_eq!(decide(&facts, &request).is_denied(), denied, "{kind}");
    }
}

#[test]
fn a_namespace_has_its_own_labels_and_no_namespace_object() {
    let snapshot = snapshot(&json!({
        "validatingAdmissionPolicies": [policy("namespaceObject != null")
            .rule(&json!({"apiGroups": [""], "resources": ["namespaces", "pods"]}))
            .constraint("namespaceSelector", &json!({"matchLabels": {"guarded": "yes"}})).json()],
        "validatingAdmissionPolicyBindings": [binding("p")],
        "namespaces": [{"metadata": {"name": "shop", "labels": {"guarded": "yes"}}}],
    }));
    let facts = Facts::new(&snapshot);
    let mut request = probe(OPERATOR);
    request.group = "".into();
    request.resource = "namespaces".into();
    request.kind = "Namespace".into();
    request.name = "new".into();
    request.object = json!({"metadata": {"name": "new", "labels": {"guarded": "yes"}}}).into();
    assert!(decide(&facts, &request).is_denied());
    request.object = json!({"metadata": {"name": "new"}}).into();
    assert!(decide(&facts, &request).is_admitted());
    request.resource = "pods".into();
    request.kind = "Pod".into();
    request.namespace = Some("shop".into());
    assert!(decide(&facts, &request).is_admitted());
}

#[test]
fn what_was_not_gathered_is_named() {
    let found = decide_in(&json!({"incomplete": {
        "validatingadmissionpolicies.admissionregistration.k8s.io":
            {"state": "forbidden", "missing": "list validatingadmissionpolicies"},
    }}));
    assert_eq!(found.missing, ["may not list validatingadmissionpolicies"]);
    assert!(!found.is_admitted());
}

#[test]
fn an_audit_annotation_that_fails_denies_whatever_the_actions_are() {
    for (value, failure_policy, expected) in [
        ("'a'", "Fail", "admitted"),
        ("object.spec.nothing + 'a'", "Fail", "denied"),
        ("object.spec.nothing + 'a'", "Ignore", "weak"),
        ("1", "Fail", "invalid"),
    ] {
        let made = policy("true")
            .spec(
                "auditAnnotations",
                &json!([{"key": "k", "valueExpression": value}]),
            )
            .spec("failurePolicy", &json!(failure_policy));
        let mut warns = binding("p");
        warns["spec"]["validationActions"] = json!(["Warn"]);
        let found = decision(json!([made.json()]), json!([warns]));
        assert_eq!(word(&found), expected, "{value} {failure_policy}");
    }
}

#[test]
fn the_probes_are_the_crds_that_policies_see() {
    for (expression, expected) in [
        ("object.spec.names.singular == 'opsecprobe'", "admitted"),
        ("object.spec.conversion.strategy == 'None'", "admitted"),
        ("object.metadata.name == request.name", "admitted"),
        ("!has(request.namespace)", "admitted"),
        ("oldObject == null", "admitted"),
        (
            "request.resource.group == 'apiextensions.k8s.io'",
            "admitted",
        ),
        (
            "object.metadata.?labels.optMap(l, 'opsec-probe' in l).orValue(false)",
            "denied",
        ),
        ("object.spec.group != 'own.example.com'", "denied"),
    ] {
        assert_eq!(outcome(policy(expression)), expected, "{expression}");
    }
    assert_eq!(crd()["spec"]["group"], "own.example.com");
}
