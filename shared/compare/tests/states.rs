//! Sentences about two states, each with the least of manifests.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use jiff::Timestamp;
use opsec_compare::{CompareError, Comparing, State, compare};
use opsec_manifests::{Input, Options, read};
use opsec_model::baseline::{Baseline, BaselineSpec};
use opsec_model::comparison::{Comparison, ComparisonOutcome, Difference, ObjectAspect};
use opsec_model::declared_rights::{GrantScope, ScopeName};
use opsec_model::objects::PolicyRule;
use opsec_model::{
    Completeness, EffectiveBaseline, Kind, Reach, RightsGrant, ServiceAccountRef, Snapshot,
};

/// An operator of one Deployment, as `cart` in `cart`.
const OPERATOR: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: cart}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {serviceAccountName: cart, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: cart}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cart}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cart}
subjects: [{kind: ServiceAccount, name: cart, namespace: cart}]
";

fn role(rules: &str) -> String {
    format!(
        "{OPERATOR}---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: cart}}
rules: {rules}
"
    )
}

/// The operator with one right, and more manifests.
fn with(more: &str) -> String {
    let role = role("[{apiGroups: [''], resources: [events], verbs: [create]}]");
    format!("{role}---\n{more}")
}

fn snapshot(text: &str) -> Snapshot {
    let input = Input {
        name: "cart.yaml".to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    read(vec![input], &Options::default()).unwrap().snapshot
}

fn builtin() -> EffectiveBaseline {
    EffectiveBaseline::new(&Baseline::builtin(), 0, false, None).unwrap()
}

fn of_two(before: &Snapshot, after: &Snapshot) -> Comparison {
    let state = |snapshot| State::Operator {
        snapshot,
        operator: None,
    };
    let asked = Comparing {
        before: state(before),
        after: state(after),
        baseline: &builtin(),
        now: Timestamp::UNIX_EPOCH,
    };
    compare(&asked).unwrap()
}

fn compared(before: &str, after: &str) -> Comparison {
    of_two(&snapshot(before), &snapshot(after))
}

/// Rights as `account scope reach: verbs resources [dangers]`.
fn rights(difference: &Difference) -> Vec<String> {
    let rights = difference.rights.iter();
    rights
        .flat_map(|one| {
            one.rules.iter().map(|rule| {
                let scope = match &one.scope {
                    GrantScope::Named(ScopeName::Cluster) => "cluster".to_owned(),
                    GrantScope::Named(_) => "own".to_owned(),
                    GrantScope::Namespaces { namespaces } => namespaces.join(","),
                };
                let dangers: Vec<&str> = rule.dangers.iter().map(|it| it.right.as_str()).collect();
                format!(
                    "{} {scope} {}: {} {} {dangers:?}",
                    one.service_account,
                    one.reach,
                    rule.rule.verbs.join(","),
                    rule.rule.resources.join(",")
                )
            })
        })
        .collect()
}

fn objects(difference: &Difference, aspect: ObjectAspect) -> Vec<String> {
    let objects = difference.objects.iter().filter(|it| it.aspect == aspect);
    objects
        .map(|it| format!("{} {}", it.object, it.what))
        .collect()
}

#[test]
fn a_right_that_is_written_otherwise_is_no_change() {
    let one = role("[{apiGroups: ['', apps], resources: [pods, pods/log], verbs: [get, list]}]");
    let split = role(
        "
- {apiGroups: [apps, ''], resources: [pods], verbs: [list]}
- {apiGroups: [''], resources: [pods, pods/log], verbs: [get]}
- {apiGroups: [apps], resources: [pods/log, pods], verbs: [get]}
- {apiGroups: ['', apps], resources: [pods/log], verbs: [list, list]}
- {apiGroups: [''], resources: [pods], resourceNames: [a], verbs: [get]}",
    );
    let told = compared(&one, &split);
    assert_eq!(told.outcome, ComparisonOutcome::NothingGained);
    assert!(told.lost.is_empty(), "{told:?}");
}

#[test]
fn one_more_harmless_verb_is_seen_although_no_rule_fires() {
    let told = compared(
        &role("[{apiGroups: [''], resources: [events], verbs: [create]}]"),
        &role("[{apiGroups: [''], resources: [events], verbs: [create, patch]}]"),
    );
    assert_eq!(told.outcome, ComparisonOutcome::Gained);
    assert_eq!(
        rights(&told.gained),
        ["cart/cart cluster cluster: patch events []"]
    );
    assert!(
        told.gained.findings.is_empty() && told.lost.is_empty(),
        "{told:?}"
    );
}

#[test]
fn a_dangerous_right_is_told_with_its_row_its_chain_and_what_is_gained() {
    let told = compared(
        &role("[{apiGroups: [''], resources: [events], verbs: [create]}]"),
        &role("[{apiGroups: [''], resources: [events, secrets], verbs: [create, get, list]}]"),
    );
    let dangerous: Vec<String> = rights(&told.gained)
        .into_iter()
        .filter(|line| line.contains("secrets"))
        .collect();
    assert!(
        dangerous
            .iter()
            .any(|line| line.contains("ESC-SECRET-READ")),
        "{dangerous:?}"
    );
    assert!(!told.gained.paths.is_empty() && !told.gained.gains.is_empty());
    let rules: Vec<&str> = told
        .gained
        .findings
        .iter()
        .map(|it| it.rule.as_str())
        .collect();
    assert!(rules.contains(&"OPSEC303"), "{rules:?}");
    assert!(told.lost.is_empty());
}

#[test]
fn a_right_in_every_namespace_contains_one_in_each() {
    let within = "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: pods, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pods}
subjects: [{kind: ServiceAccount, name: cart, namespace: cart}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: pods}
rules: [{apiGroups: [''], resources: [pods], verbs: [list]}]
";
    let everywhere = role(
        "[{apiGroups: [''], resources: [events], verbs: [create]}, {apiGroups: [''], resources: [pods], verbs: [list]}]",
    );
    let told = compared(&everywhere, &with(within));
    assert_eq!(told.outcome, ComparisonOutcome::NothingGained, "{told:?}");
    assert_eq!(
        rights(&told.lost),
        ["cart/cart cluster cluster: list pods []"]
    );
    let told = compared(&with(""), &with(within));
    assert_eq!(
        rights(&told.gained),
        ["cart/cart shop intended: list pods []"]
    );
}

#[test]
fn what_was_renamed_or_moved_is_found_again_and_said() {
    let moved = with("").replace("namespace: cart}", "namespace: basket}");
    let told = compared(&with(""), &moved);
    assert_eq!(told.outcome, ComparisonOutcome::NothingGained, "{told:?}");
    assert!(told.lost.is_empty(), "{told:?}");
    assert_eq!(
        told.notes,
        ["namespace cart is basket after: what is in one is compared with what is in the other"]
    );
    let renamed = with("")
        .replace("serviceAccountName: cart", "serviceAccountName: teller")
        .replace(
            "kind: ServiceAccount\nmetadata: {name: cart",
            "kind: ServiceAccount\nmetadata: {name: teller",
        )
        .replace(
            "kind: ServiceAccount, name: cart",
            "kind: ServiceAccount, name: teller",
        );
    let told = compared(&with(""), &renamed);
    assert_eq!(told.outcome, ComparisonOutcome::NothingGained, "{told:?}");
    assert_eq!(
        told.notes,
        ["ServiceAccount cart/cart is cart/teller after: the same components run as it"]
    );
}

#[test]
fn a_policy_that_opens_a_connection_is_seen_and_how_it_is_cut_is_not() {
    let policy = |blocks: &str| {
        with(&format!(
            "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: cart, namespace: cart}}
spec: {{podSelector: {{}}, policyTypes: [Ingress, Egress], egress: [{{to: [{blocks}]}}]}}
"
        ))
    };
    let whole = policy("{ipBlock: {cidr: 10.0.0.0/8}}");
    let halves = policy("{ipBlock: {cidr: 10.0.0.0/9}}, {ipBlock: {cidr: 10.128.0.0/9}}");
    let told = compared(&whole, &halves);
    assert!(told.gained.is_empty() && told.lost.is_empty(), "{told:?}");
    let wider = policy("{ipBlock: {cidr: 10.0.0.0/7}}");
    let told = compared(&whole, &wider);
    assert_eq!(told.gained.connections.len(), 1, "{told:?}");
    let text = format!("{:?}", told.gained.connections);
    assert!(text.contains("11.0.0.0-11.255.255.255"), "{text}");
    assert!(told.lost.connections.is_empty());
}

#[test]
fn a_setting_of_a_pod_is_seen_whatever_the_place_of_its_container() {
    let spec = "spec: {serviceAccountName: cart, containers: [{name: a, image: a}]}";
    let privileged = "spec: {serviceAccountName: cart, hostNetwork: true, containers: [{name: b, image: b, securityContext: {privileged: true}}, {name: a, image: a}]}";
    let told = compared(&with(""), &with("").replace(spec, privileged));
    let pods = &told.gained.pods;
    let fields: Vec<&str> = pods
        .iter()
        .flat_map(|pod| &pod.settings)
        .map(|setting| setting.field.as_str())
        .collect();
    assert!(
        fields.contains(&"spec.template.spec.hostNetwork"),
        "{fields:?}"
    );
    let a = |field: &&&str| field.contains("containers[1]");
    assert_eq!(fields.iter().filter(a).count(), 0, "{fields:?}");
    assert!(told.lost.pods.is_empty(), "{:?}", told.lost.pods);
}

#[test]
fn a_token_and_a_component_are_seen() {
    let without = with("").replace(
        "serviceAccountName: cart,",
        "serviceAccountName: cart, automountServiceAccountToken: false,",
    );
    let told = compared(&without, &with(""));
    assert_eq!(
        objects(&told.gained, ObjectAspect::Token),
        ["Deployment/cart/cart mounts an API token of cart/cart"]
    );
    let another = with(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {name: till, namespace: cart}
spec:
  selector: {matchLabels: {app: till}}
  template:
    metadata: {labels: {app: till}}
    spec: {serviceAccountName: cart, containers: [{name: a, image: a}]}
",
    );
    let told = compared(&with(""), &another);
    assert_eq!(
        objects(&told.gained, ObjectAspect::Component),
        ["Deployment/cart/till runs as cart/cart, with an API token"]
    );
    assert!(!told.gained.connections.is_empty());
}

#[test]
fn what_webhooks_are_asked_about_is_seen_and_by_which_configuration_is_not() {
    let hook = |name: &str, rules: &str| {
        with(&format!(
            "
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {{name: {name}}}
webhooks:
- name: a.cart.dev
  clientConfig: {{service: {{namespace: cart, name: cart}}}}
  admissionReviewVersions: [v1]
  sideEffects: None
  rules: {rules}
"
        ))
    };
    let pods = "[{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]";
    let more = "[{apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}, {apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]";
    let told = compared(&hook("a", pods), &hook("b", pods));
    assert_eq!(objects(&told.gained, ObjectAspect::Webhook), [""; 0]);
    let told = compared(&hook("a", pods), &hook("a", more));
    assert_eq!(
        objects(&told.gained, ObjectAspect::Webhook),
        [
            "MutatingWebhookConfiguration/a may change CREATE of deployments.apps",
            "MutatingWebhookConfiguration/a may change UPDATE of pods"
        ]
    );
}

#[test]
fn a_kind_that_a_wildcard_reaches_and_a_namespace_that_lets_more_run_are_seen() {
    let wildcard = role("[{apiGroups: [cart.dev], resources: ['*'], verbs: [get, list]}]");
    let definition = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: carts.cart.dev}
spec: {group: cart.dev, scope: Namespaced, names: {plural: carts, kind: Cart}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}
";
    let told = compared(&wildcard, &format!("{wildcard}---\n{definition}"));
    assert_eq!(
        objects(&told.gained, ObjectAspect::Kind),
        [
            "CustomResourceDefinition/carts.cart.dev is defined: cart/cart may get, list it by rights that the other state has too"
        ]
    );
    let namespace = |level: &str| {
        with(&format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: cart, labels: {{pod-security.kubernetes.io/enforce: {level}}}}}\n"
        ))
    };
    let told = compared(&namespace("restricted"), &namespace("baseline"));
    assert_eq!(
        objects(&told.gained, ObjectAspect::Namespace),
        ["Namespace/cart enforces baseline and no more"]
    );
    assert_eq!(objects(&told.lost, ObjectAspect::Namespace), [""; 0]);
}

fn accepting(rights: Vec<RightsGrant>) -> EffectiveBaseline {
    let mut baseline = Baseline::builtin();
    "cart".clone_into(&mut baseline.metadata.name);
    baseline.spec = BaselineSpec {
        rights: Some(rights),
        ..baseline.spec
    };
    EffectiveBaseline::new(&baseline, 1, false, None).unwrap()
}

#[test]
fn beside_a_baseline_what_is_beyond_it_and_what_fails_by_it_is_gained() {
    let rule = |resource: &str, verbs: &[&str]| PolicyRule {
        verbs: verbs.iter().map(ToString::to_string).collect(),
        api_groups: vec![String::new()],
        resources: vec![resource.to_owned()],
        ..PolicyRule::default()
    };
    let baseline = accepting(vec![RightsGrant {
        service_account: ServiceAccountRef::new("cart", "cart"),
        scope: GrantScope::Named(ScopeName::Cluster),
        rules: vec![rule("events", &["create"]), rule("nodes", &["get"])],
    }]);
    let snapshot = snapshot(&role(
        "[{apiGroups: [''], resources: [events], verbs: [create, patch]}]",
    ));
    let operator = State::Operator {
        snapshot: &snapshot,
        operator: None,
    };
    let asked = |before, after| Comparing {
        before,
        after,
        baseline: &baseline,
        now: Timestamp::UNIX_EPOCH,
    };
    let told = compare(&asked(State::Baseline(&baseline), operator)).unwrap();
    assert_eq!(
        rights(&told.gained),
        ["cart/cart cluster cluster: patch events []"]
    );
    assert_eq!(
        rights(&told.lost),
        ["cart/cart cluster cluster: get nodes []"]
    );
    assert!(!told.gained.findings.is_empty());
    assert_eq!(told.before.baseline.as_ref().unwrap().name, "cart");
    let back = compare(&asked(operator, State::Baseline(&baseline))).unwrap();
    assert_eq!((back.gained, back.lost), (told.lost, told.gained));
    let two = asked(State::Baseline(&baseline), State::Baseline(&baseline));
    assert!(matches!(compare(&two), Err(CompareError::TwoBaselines)));
}

#[test]
fn what_could_not_be_read_may_have_gained_something() {
    let (before, mut after) = (snapshot(&with("")), snapshot(&with("")));
    after.incomplete.insert(
        Kind::new("rolebindings", "rbac.authorization.k8s.io"),
        Completeness::Forbidden {
            missing: "list rolebindings".to_owned(),
        },
    );
    let told = of_two(&before, &after);
    assert_eq!(told.outcome, ComparisonOutcome::Unknown, "{told:?}");
    assert!(
        told.unknown.iter().any(|why| why.contains("rolebindings")),
        "{:?}",
        told.unknown
    );
    let told = of_two(&after, &after);
    assert_eq!(told.outcome, ComparisonOutcome::NothingGained);
}

#[test]
fn who_is_not_there_is_said_with_the_state() {
    let (before, after) = (snapshot(&with("")), snapshot(&with("")));
    let state = |snapshot, operator| State::Operator { snapshot, operator };
    let asked = Comparing {
        before: state(&before, Some("cart")),
        after: state(&after, Some("till")),
        baseline: &builtin(),
        now: Timestamp::UNIX_EPOCH,
    };
    let error = compare(&asked).unwrap_err().to_string();
    assert!(
        error.starts_with("after: no operator matches `till`"),
        "{error}"
    );
}

#[test]
fn reach_is_seen_from_the_account() {
    let binding = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pods, namespace: NS}
rules: [{apiGroups: [''], resources: [pods], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: pods, namespace: NS}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pods}
subjects: [{kind: ServiceAccount, name: cart, namespace: cart}]
";
    for (namespace, reach) in [
        ("cart", Reach::Own),
        ("shop", Reach::Intended),
        ("kube-system", Reach::Protected),
    ] {
        let told = compared(&with(""), &with(&binding.replace("NS", namespace)));
        let reaches: Vec<Reach> = told.gained.rights.iter().map(|it| it.reach).collect();
        assert_eq!(reaches, [reach], "{namespace}");
    }
}
