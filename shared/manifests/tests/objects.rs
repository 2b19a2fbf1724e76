//! What becomes of objects: lists opened, duplicates, what is kept, what is dropped, lines.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use opsec_manifests::{Input, Manifests, Options, read};
use opsec_model::objects::WatchedNamespaces;
use opsec_model::{NoticeCode, ObjectRef};
use serde_json::json;

fn inputs(texts: &[&str]) -> Vec<Input> {
    texts
        .iter()
        .enumerate()
        .map(|(index, text)| Input {
            name: format!("{index}.yaml"),
            bytes: text.as_bytes().to_vec(),
        })
        .collect()
}

fn manifests(texts: &[&str]) -> Manifests {
    read(inputs(texts), &Options::default()).unwrap()
}

fn role(name: &str, verb: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: {name}, namespace: shop}}\nrules:\n- {{apiGroups: [''], resources: [pods], verbs: [{verb}]}}\n"
    )
}

#[test]
fn lists_nest_and_their_items_may_leave_out_their_kind() {
    let text = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: a, namespace: shop}
- apiVersion: v1
  kind: List
  items:
  - apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleList
    items:
    - metadata: {name: r, namespace: shop}
      rules:
      - verbs: [get]
        apiGroups: ['']
        resources: [pods]
- apiVersion: v1
  kind: List
  items: []
- apiVersion: v1
  kind: List
  items: null
";
    let manifests = manifests(&[text]);
    assert_eq!(manifests.objects, 2);
    assert_eq!(manifests.snapshot.service_accounts[0].metadata.name, "a");
    assert_eq!(manifests.snapshot.roles[0].metadata.name, "r");
    let role = ObjectRef::namespaced("Role", "shop", "r");
    let line = |field: &str| manifests.sources.locate(&role, field).unwrap().line;
    assert_eq!(
        (line(""), line("rules[0]"), line("rules[0].resources")),
        (13, 15, 17)
    );
    let bad = inputs(&["apiVersion: v1\nkind: List\nitems:\n- metadata: {name: a}\n"]);
    let error = read(&bad, &Options::default()).unwrap_err().to_string();
    assert_eq!(
        error,
        "0.yaml: document 1, line 4, column 1: the object has no `apiVersion`"
    );
}

#[test]
fn of_equal_objects_the_last_counts() {
    let manifests = manifests(&[&role("a", "get"), &role("a", "list"), &role("b", "get")]);
    assert_eq!(manifests.objects, 2);
    let roles = &manifests.snapshot.roles;
    assert_eq!(roles[0].rules[0].verbs, ["list"]);
    assert_eq!(roles[0].metadata.input_file.as_deref(), Some("1.yaml"));
    let [notice] = manifests.snapshot.notices.as_slice() else {
        panic!()
    };
    assert_eq!(notice.code, NoticeCode::DuplicateObject);
    assert_eq!(
        notice.message,
        "Role/shop/a stands twice, in 0.yaml line 1 and in 1.yaml line 1; kubectl would apply the last, so the last is judged"
    );
}

#[test]
fn an_invalid_object_does_not_replace_a_valid_one() {
    let bad = role("a", "get").replace("verbs: [get]", "verbs: []");
    let manifests = manifests(&[&role("a", "get"), &bad, &bad]);
    assert_eq!(manifests.objects, 1);
    assert_eq!(manifests.snapshot.roles[0].rules[0].verbs, ["get"]);
    let codes: Vec<_> = manifests
        .snapshot
        .notices
        .iter()
        .map(|notice| notice.code)
        .collect();
    assert_eq!(codes, [NoticeCode::InvalidObject]);
}

#[test]
fn exact_repetitions_change_nothing() {
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n";
    let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}\nroleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: a}]\n";
    let bad = "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: x}\n";
    let other = "apiVersion: a.io/v1\nkind: A\nmetadata: {name: x}\n";
    let once = [account, binding, bad, other].join("---\n");
    let twice = format!("{once}---\n{once}");
    let (once, twice) = (manifests(&[&once]), manifests(&[&twice]));
    assert_eq!(once.objects, twice.objects);
    assert_eq!(
        once.snapshot.digest().unwrap(),
        twice.snapshot.digest().unwrap()
    );
    assert_eq!(once.snapshot.placements, twice.snapshot.placements);
    assert_eq!(once.snapshot.notices.len(), twice.snapshot.notices.len());
}

#[test]
fn the_order_of_objects_changes_no_fact() {
    let documents = [role("b", "get"), role("a", "get"), role("c", "list")];
    let reversed: Vec<_> = documents.iter().rev().cloned().collect();
    let repeated = role("a", "get").replace("rules:", "rules: []\nrules:");
    assert_eq!(
        manifests(&[&repeated]).snapshot.digest().unwrap(),
        manifests(&["# a line above\n", &format!("\n\n{repeated}")])
            .snapshot
            .digest()
            .unwrap(),
        "notices name lines and files; digests do not"
    );
    let (one, other) = (
        manifests(&[&documents.join("---\n")]),
        manifests(&[&reversed.join("---\n")]),
    );
    assert_eq!(
        one.snapshot.digest().unwrap(),
        other.snapshot.digest().unwrap()
    );
}

const SECRETS: &str = "\
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata:
  name: token
  namespace: shop
  labels: {app: web}
  annotations:
    kubernetes.io/service-account.name: web
    kubectl.kubernetes.io/last-applied-configuration: '{\"data\":{\"token\":\"hunter2\"}}'
    note: hunter2
data: {token: aHVudGVyMg==}
stringData: {password: hunter2}
immutable: true
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
  annotations: {kubectl.kubernetes.io/last-applied-configuration: hunter2}
data: {key: hunter2}
binaryData: {key: aHVudGVyMg==}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
  - name: web
    image: web:1
    command: [hunter2]
    args: [hunter2]
    env:
    - {name: PASSWORD, value: hunter2}
    - {name: WATCH_NAMESPACE, value: blog}
---
apiVersion: a.io/v1
kind: A
metadata: {name: a, namespace: shop}
spec: {password: hunter2}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: p}
spec: {paramKind: {apiVersion: v1, kind: Secret}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: p}
spec: {policyName: p, paramRef: {name: token, namespace: shop}, validationActions: [Deny]}
";

#[test]
fn of_secrets_nothing_is_kept_but_that_they_are_there() {
    let manifests = manifests(&[SECRETS]);
    let kept = serde_json::to_string(&manifests.snapshot).unwrap();
    for secret in ["hunter2", "aHVudGVyMg"] {
        assert!(!kept.contains(secret), "{kept}");
    }
    let secret = &manifests.snapshot.secrets[0];
    assert_eq!(
        secret.kind.as_deref(),
        Some("kubernetes.io/service-account-token")
    );
    assert_eq!(secret.metadata.label("app"), Some("web"));
    assert_eq!(
        secret
            .metadata
            .annotation("kubernetes.io/service-account.name"),
        Some("web")
    );
    let workload = &manifests.snapshot.workloads[0];
    let settings: Vec<_> = workload
        .watch_settings
        .iter()
        .map(|setting| &setting.namespaces)
        .collect();
    assert_eq!(settings, [&WatchedNamespaces::Named(vec!["blog".into()])]);
}

#[test]
fn parameters_of_policies_are_kept_whole() {
    let map = |name: &str, labels: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop, labels: {labels}}}\ndata: {{allowed: {name}}}\n---\n"
        )
    };
    let maps = map("named", "{}") + &map("chosen", "{use: param}") + &map("other", "{}");
    let policies = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: maps}
spec: {paramKind: {apiVersion: v1, kind: ConfigMap}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: limits}
spec: {paramKind: {apiVersion: rules.io/v1, kind: Limit}}
---
apiVersion: rules.io/v1
kind: Limit
metadata: {name: a, namespace: shop, annotations: {kubectl.kubernetes.io/last-applied-configuration: x, b: c}}
spec: {groups: [a.io], nothing: null}
---
apiVersion: rules.io/v1
kind: Other
metadata: {name: a, namespace: shop}
spec: {}
---
";
    let binding = |name: &str, reference: &str| {
        format!(
            "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {{name: {name}}}\nspec: {{policyName: maps, paramRef: {reference}}}\n---\n"
        )
    };
    let bindings = binding("a", "{name: named, namespace: shop}")
        + &binding("b", "{selector: {matchLabels: {use: param}}}")
        + &binding("c", "{name: other, namespace: blog}");
    let snapshot = manifests(&[&(maps + policies + &bindings)]).snapshot;
    let kept: Vec<_> = snapshot
        .config_maps
        .iter()
        .map(|map| (map.metadata.name.as_str(), !map.data.is_empty()))
        .collect();
    assert_eq!(kept, [("chosen", true), ("named", true), ("other", false)]);
    let body = |kind: &str| {
        let found = snapshot
            .custom_objects
            .iter()
            .find(|object| object.kind == kind);
        found.unwrap().body.clone()
    };
    assert_eq!(body("Limit")["spec"], json!({"groups": ["a.io"]}));
    assert_eq!(body("Limit")["metadata"]["annotations"], json!({"b": "c"}));
    assert!(body("Other").is_null());
}

#[test]
fn every_workload_becomes_one_shape() {
    let pod = "{serviceAccountName: web, hostNetwork: yes, containers: [{name: web}]}";
    let template = format!("{{metadata: {{labels: {{app: web}}}}, spec: {pod}}}");
    for (api_version, kind, spec) in [
        (
            "apps/v1",
            "Deployment",
            format!("{{replicas: 2, template: {template}}}"),
        ),
        (
            "apps/v1",
            "StatefulSet",
            format!("{{template: {template}}}"),
        ),
        ("apps/v1", "DaemonSet", format!("{{template: {template}}}")),
        ("apps/v1", "ReplicaSet", format!("{{template: {template}}}")),
        (
            "v1",
            "ReplicationController",
            format!("{{template: {template}}}"),
        ),
        ("batch/v1", "Job", format!("{{template: {template}}}")),
        (
            "batch/v1",
            "CronJob",
            format!("{{jobTemplate: {{spec: {{template: {template}}}}}}}"),
        ),
        ("v1", "Pod", pod.to_owned()),
    ] {
        let text = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: web, namespace: shop, labels: {{app: web}}, annotations: {{helm.sh/hook: test}}}}\nspec: {spec}\n"
        );
        let snapshot = manifests(&[&text]).snapshot;
        let [workload] = snapshot.workloads.as_slice() else {
            panic!("{kind}: {:?}", snapshot.notices)
        };
        assert_eq!(workload.kind.as_str(), kind);
        assert_eq!(
            workload.template.metadata.label("app"),
            Some("web"),
            "{kind}"
        );
        assert_eq!(workload.template.spec.service_account(), "web", "{kind}");
        assert!(workload.template.spec.host_network, "{kind}");
        assert_eq!(workload.hook.as_deref(), Some("test"), "{kind}");
        assert_eq!(
            workload.replicas,
            (kind == "Deployment").then_some(2),
            "{kind}"
        );
    }
}

#[test]
fn network_objects_are_reduced_to_what_they_publish() {
    let text = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a, namespace: shop}
spec:
  defaultBackend: {service: {name: fallback}}
  rules:
  - http: {paths: [{path: /, backend: {service: {name: web}}}, {path: /x, backend: {resource: {kind: Bucket}}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a, namespace: shop}
spec:
  rules:
  - backendRefs: [{name: web}, {name: api, namespace: blog}, {kind: Bucket, group: x.io, name: c}]
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: mirror}}}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: a, namespace: shop}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubernetes, namespace: default}
addresses: [invented]
addressType: IPv4
endpoints: [{addresses: [10.0.0.10]}]
ports: [{name: https, port: 6443, protocol: TCP}]
---
apiVersion: v1
kind: Node
metadata: {name: node}
providerId: invented
spec: {providerID: 'aws:///a'}
";
    let snapshot = manifests(&[text]).snapshot;
    assert_eq!(snapshot.ingresses[0].backend_services, ["fallback", "web"]);
    let pair = |namespace: &str, name: &str| (namespace.to_owned(), name.to_owned());
    assert_eq!(
        snapshot.gateway_routes[0].backend_services,
        [
            pair("blog", "api"),
            pair("shop", "mirror"),
            pair("shop", "web")
        ]
    );
    assert_eq!(snapshot.other_network_policies[0].group, "cilium.io");
    assert_eq!(snapshot.endpoint_slices[0].addresses, ["10.0.0.10"]);
    assert_eq!(
        snapshot.endpoint_slices[0].port_numbers,
        [("TCP".to_owned(), 6443)]
    );
    assert_eq!(snapshot.nodes[0].provider_id.as_deref(), Some("aws:///a"));
}

#[test]
fn definitions_keep_their_subresources_and_no_schema() {
    let text = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: as.x.io}
spec:
  group: x.io
  scope: Namespaced
  names: {plural: as, kind: A}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .a}}
    schema:
      openAPIV3Schema:
        type: object
        properties: {spec: {type: object}}
";
    let manifests = manifests(&[text]);
    let version = &manifests.snapshot.custom_resource_definitions[0]
        .spec
        .versions[0];
    assert_eq!(version.subresource_names, ["scale", "status"]);
    let definition = ObjectRef::cluster("CustomResourceDefinition", "as.x.io");
    let fields = &manifests.sources.objects[&definition].fields;
    let schema = "spec.versions[0].schema.openAPIV3Schema";
    assert_eq!(fields.nearest(schema), Some(14));
    // Of a schema, only where it begins is kept.
    let inside = format!("{schema}.properties");
    assert_eq!(fields.nearest(&inside), Some(14));
}

#[test]
fn lines_are_those_of_the_fields_in_the_file() {
    let text = "\
# a licence
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: a
rules:
- apiGroups: [\"\"]
  resources: [pods]
  verbs: [get]
- apiGroups:
  - apps
  resources:
  - deployments
  verbs:
  - get
  - list
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: shop}
spec:
  template:
    spec:
      containers:
      - name: a
        securityContext:
          privileged: true
";
    let manifests = manifests(&[text]);
    let role = ObjectRef::cluster("ClusterRole", "a");
    let deployment = ObjectRef::namespaced("Deployment", "shop", "a");
    for (object, field, document, line) in [
        (&role, "", 1, 3),
        (&role, "rules[0].verbs", 1, 10),
        (&role, "rules[1]", 1, 11),
        (&role, "rules[1].verbs", 1, 15),
        (&role, "rules[1].verbs[1]", 1, 17),
        (&deployment, "", 2, 19),
        (
            &deployment,
            "spec.template.spec.containers[0].securityContext.privileged",
            2,
            28,
        ),
        (&deployment, "spec.template.spec.hostNetwork", 2, 24),
    ] {
        let found = manifests.sources.locate(object, field).unwrap();
        assert_eq!(
            (found.document, found.line),
            (document, line),
            "{object} {field}"
        );
        assert_eq!(found.file, "0.yaml");
    }
}
