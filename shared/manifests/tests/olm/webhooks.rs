//! Webhooks and aggregated APIs, and what serves them.

use opsec_model::{InstallMode, NoticeCode};

use super::{HEAD, expand, expand_as, messages, names, object_names};

fn with(webhook: &str) -> String {
    let spec = format!("spec:\n  webhookdefinitions:\n  - {webhook}\n");
    HEAD.replacen("spec:\n", &spec, 1)
}

const VALIDATING: &str = "{type: ValidatingAdmissionWebhook, generateName: vshop.example.com, deploymentName: manager, containerPort: 443, targetPort: 9443, failurePolicy: Ignore, rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}";

#[test]
fn a_webhook_is_configured_and_what_serves_it_is_made() {
    let manifests = expand(&with(VALIDATING));
    let found = names(&manifests);
    for name in [
        "ValidatingWebhookConfiguration/vshop.example.com",
        "Service/operators/manager-service",
        "Secret/operators/manager-service-cert",
        "Role/operators/manager-service-cert",
        "RoleBinding/operators/manager-service-cert",
        "ClusterRoleBinding/manager-service-system:auth-delegator",
        "RoleBinding/kube-system/manager-service-auth-reader",
    ] {
        assert!(found.iter().any(|found| found == name), "{name}: {found:?}");
    }
    let snapshot = &manifests.snapshot;
    let webhook = &snapshot.validating_webhook_configurations[0].webhooks[0];
    assert_eq!(webhook.failure_policy.as_deref(), Some("Ignore"));
    assert_eq!(webhook.rules[0].resources, ["pods"]);
    assert_eq!(webhook.namespace_selector, None);
    let service = webhook.client_config.service.as_ref().unwrap();
    assert_eq!(
        (service.namespace.as_str(), service.name.as_str()),
        ("operators", "manager-service")
    );
    assert_eq!(snapshot.services[0].spec.ports[0].target_port, 9443);
    let delegated = &snapshot.cluster_role_bindings[0];
    assert_eq!(delegated.role_ref.name, "system:auth-delegator");
    assert_eq!(delegated.subjects[0].name, "manager");
    assert_eq!(
        snapshot.services[0]
            .spec
            .selector
            .get("app")
            .map(String::as_str),
        Some("shop")
    );
    assert_eq!(messages(&manifests, NoticeCode::InvalidObject), [""; 0]);
}

#[test]
fn a_webhook_looks_at_the_namespaces_that_it_is_for() {
    let mutating = VALIDATING.replace("Validating", "Mutating");
    let snapshot = expand_as(&with(&mutating), InstallMode::SingleNamespace, &["blog"]);
    let webhook = &snapshot.mutating_webhook_configurations[0].webhooks[0];
    let selector = webhook.namespace_selector.as_ref().unwrap();
    let labels = |name: &str| [("kubernetes.io/metadata.name".to_owned(), name.to_owned())].into();
    assert!(selector.matches(&labels("blog")));
    assert!(!selector.matches(&labels("wiki")));
}

#[test]
fn a_conversion_webhook_is_written_into_the_definitions_that_it_owns() {
    let conversion = "{type: ConversionWebhook, generateName: c, deploymentName: manager, conversionCRDs: [shops.shop.example.com]}";
    let definition = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shops.shop.example.com}
spec: {group: shop.example.com, scope: Namespaced, names: {plural: shops, kind: Shop}, versions: [{name: v1, served: true, storage: true}]}
";
    let manifests = expand(&format!("{}---\n{definition}", with(conversion)));
    let definition = &manifests.snapshot.custom_resource_definitions[0];
    let said = messages(&manifests, NoticeCode::ClusterServiceVersion);
    let refused = "spec.webhookdefinitions[0].type: a version that converts may support no mode but AllNamespaces";
    assert!(said.iter().any(|said| said.contains(refused)), "{said:?}");
    let conversion = definition.spec.conversion.as_ref().unwrap();
    assert_eq!(conversion.strategy, "Webhook");
    let label = definition
        .metadata
        .label("operators.coreos.com/shop-operator.operators");
    assert_eq!(label, Some(""));
    assert_eq!(
        object_names(&manifests.snapshot.services),
        ["Service/operators/manager-service"]
    );
}

#[test]
fn an_aggregated_api_is_registered_and_served() {
    let text = HEAD.replacen(
        "spec:\n",
        "spec:\n  apiservicedefinitions:\n    owned:\n    - {name: carts, group: cart.example.com, version: v1, kind: Cart, deploymentName: manager}\n",
        1,
    );
    let snapshot = expand(&text).snapshot;
    let api = &snapshot.api_services[0];
    assert_eq!(api.metadata.name, "v1.cart.example.com");
    assert_eq!(api.spec.group, "cart.example.com");
    assert_eq!(api.spec.service.as_ref().unwrap().name, "manager-service");
    let owned = &snapshot.source.olm_installations[0].owned_kinds;
    assert!(
        owned
            .iter()
            .any(|kind| kind.to_string() == "carts.cart.example.com")
    );
    let readers = snapshot
        .role_bindings
        .iter()
        .filter(|b| b.metadata.namespace() == "kube-system");
    let roles: Vec<&str> = readers
        .map(|binding| binding.role_ref.name.as_str())
        .collect();
    assert_eq!(roles, ["extension-apiserver-authentication-reader"]);
}

#[test]
fn what_olm_refuses_of_a_webhook_is_said_and_judged_all_the_same() {
    for (from, to, field, reason) in [
        (
            "deploymentName: manager",
            "deploymentName: other",
            "deploymentName",
            "`other` is no Deployment of the version",
        ),
        (
            "deploymentName: manager, ",
            "",
            "deploymentName",
            "it is required",
        ),
        (
            "ValidatingAdmissionWebhook",
            "Other",
            "type",
            "`Other` is no type of webhook",
        ),
        (
            "apiGroups: ['']",
            "apiGroups: ['*']",
            "rules",
            "a webhook may look neither at every group nor at OLM's or admission's own",
        ),
    ] {
        let manifests = expand(&with(&VALIDATING.replace(from, to)));
        let expected = format!(
            "ClusterServiceVersion shop-operator.v1.2.3: spec.webhookdefinitions[0].{field}: {reason}; OLM refuses it, but what it asks for is judged"
        );
        let said = messages(&manifests, NoticeCode::ClusterServiceVersion);
        assert!(said.contains(&expected.as_str()), "{said:?}");
    }
}
