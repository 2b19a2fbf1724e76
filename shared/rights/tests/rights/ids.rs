//! One case for each id of the table: rights that hold it in every namespace, how grave that is,
//! and rights beside it that do not.

use std::collections::BTreeSet;

use opsec_model::Severity::{self, Critical, High, Info, Low, Medium};

use crate::world::World;

/// `id`, what holds it, its severity at cluster reach, definitions in the input, and what does
/// not hold it.
type Case = (
    &'static str,
    &'static [&'static str],
    Severity,
    &'static str,
    &'static [&'static str],
);

/// Become someone else.
const BECOME: &[Case] = &[
    (
        "ESC-WILDCARD",
        &["* *.*"],
        Critical,
        "",
        &["get,list *.*", "* *", "* secrets.*", "* *.* one"],
    ),
    (
        "ESC-ESCALATE",
        &[
            "escalate,update clusterroles.rbac.authorization.k8s.io",
            "escalate,patch roles.rbac.authorization.k8s.io",
            "* clusterroles.rbac.authorization.k8s.io",
        ],
        Critical,
        "",
        &[
            "create,update,patch clusterroles.rbac.authorization.k8s.io",
            "escalate,update rolebindings.rbac.authorization.k8s.io",
        ],
    ),
    (
        "ESC-BIND",
        &[
            "bind clusterroles.rbac.authorization.k8s.io; create clusterrolebindings.rbac.authorization.k8s.io",
            "bind clusterroles.rbac.authorization.k8s.io; patch rolebindings.rbac.authorization.k8s.io",
            "bind roles.rbac.authorization.k8s.io; update rolebindings.rbac.authorization.k8s.io",
        ],
        Critical,
        "",
        &[
            // `bind` on bindings means nothing.
            "bind,create clusterrolebindings.rbac.authorization.k8s.io",
            "create,update,patch rolebindings.rbac.authorization.k8s.io",
        ],
    ),
    (
        "ESC-RB-WRITE",
        &[
            "create clusterrolebindings.rbac.authorization.k8s.io; get secrets",
            "patch rolebindings.rbac.authorization.k8s.io; get secrets",
        ],
        Medium,
        "",
        &[
            "get,list,delete rolebindings.rbac.authorization.k8s.io",
            // With `bind` it is that.
            "bind clusterroles.rbac.authorization.k8s.io; create clusterrolebindings.rbac.authorization.k8s.io",
        ],
    ),
    (
        "ESC-ROLE-WRITE",
        &[
            "create clusterroles.rbac.authorization.k8s.io; get secrets",
            "update roles.rbac.authorization.k8s.io; get secrets",
        ],
        Medium,
        "",
        &[
            "get,list clusterroles.rbac.authorization.k8s.io",
            // With `escalate` it is that.
            "escalate,update clusterroles.rbac.authorization.k8s.io",
        ],
    ),
    (
        "ESC-IMPERSONATE",
        &[
            "impersonate users",
            "impersonate groups; impersonate serviceaccounts",
            // Groups with any one user are anyone.
            "impersonate groups; impersonate users bob",
        ],
        Critical,
        "",
        &["impersonate groups", "impersonate serviceaccounts"],
    ),
    (
        "ESC-IMPERSONATE-SA",
        &[
            "impersonate serviceaccounts",
            "impersonate:serviceaccount serviceaccounts.authentication.k8s.io; impersonate-on:serviceaccount:get secrets",
        ],
        Critical,
        "",
        &[
            "impersonate users",
            "impersonate:serviceaccount serviceaccounts.authentication.k8s.io",
            "impersonate:serviceaccount serviceaccounts; impersonate-on:serviceaccount:get secrets",
        ],
    ),
    (
        "ESC-IMPERSONATE-USER",
        &[
            "impersonate:user-info users.authentication.k8s.io; impersonate-on:user-info:list secrets",
            "impersonate:arbitrary-node nodes.authentication.k8s.io; impersonate-on:arbitrary-node:get secrets",
            "impersonate:associated-node nodes.authentication.k8s.io; impersonate-on:associated-node:get pods",
        ],
        High,
        "",
        &[
            "impersonate:user-info users.authentication.k8s.io",
            "impersonate-on:user-info:list secrets",
            "impersonate:user-info users.authentication.k8s.io; impersonate-on:arbitrary-node:get secrets",
        ],
    ),
    (
        "ESC-TOKENREQ",
        &["create serviceaccounts/token", "create */token"],
        Critical,
        "",
        &[
            "create serviceaccounts",
            "get,update serviceaccounts/token",
            "create serviceaccounts/*",
        ],
    ),
    (
        "ESC-SECRET-READ",
        &["get secrets", "list secrets", "watch secrets", "get *"],
        High,
        "",
        &["update,create,patch secrets", "get secrets.apps"],
    ),
    (
        "ESC-SECRET-REVEAL",
        &[
            "patch secrets",
            "delete secrets",
            "deletecollection secrets",
        ],
        High,
        "",
        &[
            // Update reveals nothing, and where it is read it is read.
            "update secrets",
            "get,patch,delete secrets",
        ],
    ),
    (
        "ESC-SECRET-WRITE",
        &[
            "create,get secrets",
            "create,delete secrets",
            "create secrets; create pods",
            "create secrets; patch deployments.apps",
        ],
        Critical,
        "",
        &[
            "create secrets",
            "create,update secrets",
            "get secrets; create pods",
        ],
    ),
    (
        "ESC-SECRET-CREATE",
        &["create secrets"],
        High,
        "",
        &["create,list secrets", "update secrets"],
    ),
    (
        "ESC-SECRET-MOD",
        &["update secrets", "patch secrets"],
        High,
        "",
        &["create,get,delete secrets"],
    ),
    (
        "ESC-CSR",
        &[
            "create certificatesigningrequests.certificates.k8s.io; update certificatesigningrequests/approval.certificates.k8s.io; approve signers.certificates.k8s.io",
            "create certificatesigningrequests.certificates.k8s.io; update certificatesigningrequests/approval.certificates.k8s.io; approve signers.certificates.k8s.io kubernetes.io/*",
        ],
        Critical,
        "",
        &[
            "create certificatesigningrequests.certificates.k8s.io; approve signers.certificates.k8s.io",
            "update certificatesigningrequests/approval.certificates.k8s.io; approve signers.certificates.k8s.io",
            "create certificatesigningrequests.certificates.k8s.io; update certificatesigningrequests/approval.certificates.k8s.io",
            // A `*` among names is a literal here too.
            "create certificatesigningrequests.certificates.k8s.io; update certificatesigningrequests/approval.certificates.k8s.io; approve widgets.op.example",
        ],
    ),
    (
        "ESC-CSR-SIGN",
        &[
            "sign signers.certificates.k8s.io kubernetes.io/kube-apiserver-client; update certificatesigningrequests/status.certificates.k8s.io",
            "sign signers.certificates.k8s.io; patch certificatesigningrequests/status.certificates.k8s.io",
        ],
        Critical,
        "",
        &[
            "sign signers.certificates.k8s.io",
            "update certificatesigningrequests/status.certificates.k8s.io",
        ],
    ),
    (
        "ESC-CTB",
        &["attest signers.certificates.k8s.io"],
        Medium,
        "",
        &["get clustertrustbundles.certificates.k8s.io"],
    ),
    (
        "ESC-SA-ANNOT",
        &["update serviceaccounts", "patch serviceaccounts"],
        High,
        "",
        &["create,delete serviceaccounts"],
    ),
    (
        "ESC-AWSAUTH",
        &["create configmaps", "update configmaps", "patch configmaps"],
        Low,
        "",
        &["get,list,delete configmaps", "update configmaps op-config"],
    ),
    (
        "ESC-OLM",
        &["create subscriptions.operators.coreos.com"],
        Critical,
        "subscriptions.operators.coreos.com",
        &["get,delete subscriptions.operators.coreos.com"],
    ),
    (
        "ESC-DEPUTY",
        &["patch applications.argoproj.io", "create *.argoproj.io"],
        Critical,
        "applications.argoproj.io",
        &["get,delete applications.argoproj.io"],
    ),
];

/// Run code, reach the host.
const RUN: &[Case] = &[
    (
        "RUN-POD",
        &["create pods"],
        Critical,
        "",
        &["update,patch pods", "create pods/exec", "create pods/*"],
    ),
    (
        "RUN-WORKLOAD",
        &[
            "create deployments.apps",
            "patch daemonsets.apps",
            "update statefulsets.apps",
            "create replicasets.apps",
            "create jobs.batch",
            "update cronjobs.batch",
            "create replicationcontrollers",
        ],
        Critical,
        "",
        &[
            "delete,get deployments.apps",
            "update deployments/scale.apps",
            "create podtemplates",
        ],
    ),
    (
        "RUN-EXEC",
        &["create pods/exec", "create pods/attach", "create */exec"],
        Critical,
        "",
        &["create pods", "get pods/exec", "create pods/*"],
    ),
    (
        "RUN-EXEC-GET",
        &["get pods/exec", "get pods/attach"],
        Low,
        "",
        &["get,create pods/exec", "get pods"],
    ),
    (
        "RUN-EPHEMERAL",
        &[
            "update pods/ephemeralcontainers",
            "patch */ephemeralcontainers",
        ],
        Critical,
        "",
        &["get,create pods/ephemeralcontainers", "patch pods"],
    ),
    (
        "RUN-PATCH-POD",
        &["update pods", "patch pods"],
        Critical,
        "",
        &["create,delete pods", "patch pods/status"],
    ),
    (
        "RUN-NODEPROXY",
        &["get nodes/proxy", "create nodes/proxy", "delete */proxy"],
        Critical,
        "",
        &["get nodes", "list nodes/proxy", "get nodes/metrics"],
    ),
    (
        "RUN-NODESUB",
        &[
            "get nodes/log",
            "get nodes/configz",
            "get nodes/pods",
            "create nodes/checkpoint",
        ],
        Medium,
        "",
        &["get nodes", "create nodes/log"],
    ),
    (
        "RUN-PORTFWD",
        &[
            "create pods/portforward",
            "get pods/proxy",
            "get services/proxy",
            "create */proxy",
        ],
        High,
        "",
        &["get pods/portforward", "get services"],
    ),
    (
        "RUN-PV",
        &["create persistentvolumes", "update persistentvolumes"],
        High,
        "",
        &[
            "get,delete persistentvolumes",
            "create persistentvolumeclaims",
        ],
    ),
    (
        "RUN-STORAGE",
        &[
            "create storageclasses.storage.k8s.io",
            "update csidrivers.storage.k8s.io",
            "patch runtimeclasses.node.k8s.io",
        ],
        Medium,
        "",
        &["get storageclasses.storage.k8s.io"],
    ),
    (
        "RUN-ATTACH",
        &[
            "create volumeattachments.storage.k8s.io",
            "patch volumeattachments.storage.k8s.io",
        ],
        High,
        "",
        &["get,delete volumeattachments.storage.k8s.io"],
    ),
    (
        "RUN-BIND",
        &["create pods/binding", "create bindings"],
        Medium,
        "",
        &["get pods/binding"],
    ),
    (
        "RUN-NODE",
        &["update nodes", "patch nodes"],
        High,
        "",
        &["get,list,delete nodes", "patch nodes/status"],
    ),
    (
        "RUN-NODE-STATUS",
        &["update nodes/status", "patch */status"],
        Medium,
        "",
        &["get nodes/status"],
    ),
    (
        "RUN-DELETE-POD",
        &["delete pods", "create pods/eviction"],
        Medium,
        "",
        &["create,patch pods", "get pods/eviction"],
    ),
    (
        "RUN-NODE-OBJ",
        &["create machines.cluster.x-k8s.io"],
        Critical,
        "machines.cluster.x-k8s.io",
        &["get machines.cluster.x-k8s.io"],
    ),
    (
        "RUN-DRA",
        &[
            "create deviceclasses.resource.k8s.io",
            "update resourceclaims.resource.k8s.io",
        ],
        Medium,
        "",
        &["get resourceclaims.resource.k8s.io"],
    ),
];

/// Weaken the guards.
const GUARDS: &[Case] = &[
    (
        "GRD-NS-PATCH",
        &["update namespaces", "patch namespaces"],
        High,
        "",
        &["get,list,create,delete namespaces"],
    ),
    (
        "GRD-NS-SUB",
        &[
            "patch namespaces/status",
            "update namespaces/finalize",
            "update */status",
        ],
        High,
        "",
        &[
            "get namespaces/status",
            "patch namespaces/finalize",
            "patch namespaces",
        ],
    ),
    (
        "GRD-NS-CREATE",
        &["create namespaces"],
        Medium,
        "",
        &["update namespaces"],
    ),
    (
        "GRD-NS-DELETE",
        &["delete namespaces"],
        High,
        "",
        &["update,create namespaces"],
    ),
    (
        "GRD-PSP",
        &[
            "update securitycontextconstraints.security.openshift.io",
            "use securitycontextconstraints.security.openshift.io privileged; create pods",
        ],
        Critical,
        "securitycontextconstraints.security.openshift.io",
        &["get securitycontextconstraints.security.openshift.io"],
    ),
    (
        "GRD-NP",
        &[
            "create networkpolicies.networking.k8s.io",
            "delete networkpolicies.networking.k8s.io",
        ],
        High,
        "",
        &["get,list networkpolicies.networking.k8s.io"],
    ),
    (
        "GRD-NP-CNI",
        &["patch ciliumnetworkpolicies.cilium.io"],
        High,
        "ciliumnetworkpolicies.cilium.io",
        &["get ciliumnetworkpolicies.cilium.io"],
    ),
    (
        "GRD-NP-CLUSTER",
        &["create globalnetworkpolicies.crd.projectcalico.org"],
        High,
        "globalnetworkpolicies.crd.projectcalico.org",
        &["get globalnetworkpolicies.crd.projectcalico.org"],
    ),
    (
        "GRD-WEBHOOK",
        &[
            "create mutatingwebhookconfigurations.admissionregistration.k8s.io",
            "patch mutatingwebhookconfigurations.admissionregistration.k8s.io",
            "update mutatingwebhookconfigurations.admissionregistration.k8s.io op-webhook",
        ],
        Critical,
        "",
        &[
            "delete mutatingwebhookconfigurations.admissionregistration.k8s.io",
            "patch validatingwebhookconfigurations.admissionregistration.k8s.io",
        ],
    ),
    (
        "GRD-VWEBHOOK",
        &[
            "patch validatingwebhookconfigurations.admissionregistration.k8s.io",
            "update validatingwebhookconfigurations.admissionregistration.k8s.io op-webhook",
        ],
        High,
        "",
        &["delete,get validatingwebhookconfigurations.admissionregistration.k8s.io"],
    ),
    (
        "GRD-WEBHOOK-DEL",
        &[
            "delete mutatingwebhookconfigurations.admissionregistration.k8s.io",
            "delete validatingwebhookconfigurations.admissionregistration.k8s.io",
        ],
        High,
        "",
        &["get,update validatingwebhookconfigurations.admissionregistration.k8s.io"],
    ),
    (
        "GRD-MAP",
        &[
            "create mutatingadmissionpolicies.admissionregistration.k8s.io",
            "patch mutatingadmissionpolicybindings.admissionregistration.k8s.io op-policy",
        ],
        Critical,
        "",
        &["get,delete mutatingadmissionpolicies.admissionregistration.k8s.io"],
    ),
    (
        "GRD-VAP",
        &[
            "patch validatingadmissionpolicies.admissionregistration.k8s.io",
            "delete validatingadmissionpolicybindings.admissionregistration.k8s.io",
        ],
        High,
        "",
        &["get validatingadmissionpolicies.admissionregistration.k8s.io"],
    ),
    (
        "GRD-ENGINE",
        &["create policyexceptions.kyverno.io"],
        High,
        "policyexceptions.kyverno.io",
        &["get policyexceptions.kyverno.io"],
    ),
    (
        "GRD-CRD",
        &["create customresourcedefinitions.apiextensions.k8s.io"],
        High,
        "",
        &[
            "update,get customresourcedefinitions.apiextensions.k8s.io",
            // A creation that is limited to names never carries one, without patch.
            "create customresourcedefinitions.apiextensions.k8s.io widgets.acme.example",
        ],
    ),
    (
        "GRD-CRD-UPDATE",
        &[
            "update customresourcedefinitions.apiextensions.k8s.io",
            "patch customresourcedefinitions.apiextensions.k8s.io",
        ],
        High,
        "",
        &[
            "create,delete customresourcedefinitions.apiextensions.k8s.io",
            "patch customresourcedefinitions/status.apiextensions.k8s.io",
        ],
    ),
    (
        "GRD-CRD-STATUS",
        &["patch customresourcedefinitions/status.apiextensions.k8s.io"],
        Medium,
        "",
        &["patch customresourcedefinitions.apiextensions.k8s.io"],
    ),
    (
        "GRD-CRD-DEL",
        &[
            "delete customresourcedefinitions.apiextensions.k8s.io",
            "deletecollection customresourcedefinitions.apiextensions.k8s.io",
        ],
        High,
        "",
        &["create,update customresourcedefinitions.apiextensions.k8s.io"],
    ),
    (
        "GRD-APISERVICE",
        &[
            "create apiservices.apiregistration.k8s.io",
            "update apiservices.apiregistration.k8s.io v1.apps",
            "update apiservices.apiregistration.k8s.io v1alpha1.argoproj.io",
        ],
        Critical,
        "",
        &["get,delete apiservices.apiregistration.k8s.io"],
    ),
    (
        "GRD-FLOW",
        &[
            "create flowschemas.flowcontrol.apiserver.k8s.io",
            "patch prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        ],
        Medium,
        "",
        &["get flowschemas.flowcontrol.apiserver.k8s.io"],
    ),
    (
        "GRD-LEASE",
        &[
            "update leases.coordination.k8s.io",
            "patch leases.coordination.k8s.io",
        ],
        Low,
        "",
        &["get,create leases.coordination.k8s.io"],
    ),
    (
        "GRD-EVENTS",
        &["delete events", "delete events.events.k8s.io"],
        Low,
        "",
        &["create,patch events"],
    ),
    (
        "GRD-PODLOG",
        &["get pods/log"],
        Medium,
        "",
        &["get pods", "list pods/log"],
    ),
];

/// Traffic and information.
const TRAFFIC: &[Case] = &[
    (
        "NET-SVC",
        &["create services", "patch services/status"],
        Medium,
        "",
        &["get,delete services"],
    ),
    (
        "NET-EP",
        &["update endpoints", "create endpointslices.discovery.k8s.io"],
        Medium,
        "",
        &["get endpoints"],
    ),
    (
        "NET-INGRESS",
        &["create ingresses.networking.k8s.io"],
        High,
        "",
        &[
            "get,delete ingresses.networking.k8s.io",
            "update ingresses/status.networking.k8s.io",
        ],
    ),
    (
        "NET-REFGRANT",
        &["create referencegrants.gateway.networking.k8s.io"],
        High,
        "referencegrants.gateway.networking.k8s.io",
        &["get referencegrants.gateway.networking.k8s.io"],
    ),
    (
        "NET-DNS",
        &["update configmaps", "patch configmaps coredns"],
        Low,
        "",
        // Other names are none.
        &["get configmaps", "update configmaps cluster-config"],
    ),
    (
        "NET-PODSTATUS",
        &["patch pods/status"],
        Low,
        "",
        &["patch pods", "get pods/status"],
    ),
    (
        "INF-CM",
        &["get configmaps", "list configmaps"],
        Info,
        "",
        &["update configmaps"],
    ),
    (
        "INF-CM-WRITE",
        &["update configmaps extension-apiserver-authentication"],
        High,
        "",
        &[
            "update configmaps",
            "update configmaps op-config",
            "get configmaps extension-apiserver-authentication",
        ],
    ),
    (
        "INF-REVIEW",
        &[
            "create tokenreviews.authentication.k8s.io",
            "create subjectaccessreviews.authorization.k8s.io",
            "create selfsubjectaccessreviews.authorization.k8s.io",
        ],
        Info,
        "",
        &["get pods"],
    ),
    (
        "INF-NONRES",
        &["get path:*", "get path:/debug/*", "get path:/logs/*"],
        Medium,
        "",
        &["get path:/healthz", "post path:/debug/*"],
    ),
    (
        "DOS-QUOTA",
        &[
            "create priorityclasses.scheduling.k8s.io",
            "update resourcequotas",
            "patch limitranges",
            "deletecollection pods",
            "deletecollection deployments.apps",
            "deletecollection persistentvolumeclaims",
            "update */scale.*",
        ],
        Medium,
        "",
        &[
            "get resourcequotas",
            "delete pods",
            "update deployments/scale.apps",
        ],
    ),
];

fn cases() -> impl Iterator<Item = &'static Case> {
    [BECOME, RUN, GUARDS, TRAFFIC].into_iter().flatten()
}

#[test]
fn every_way_to_hold_an_id_is_found_and_graded_as_the_page_says() {
    let mut wrong = Vec::new();
    for (id, held, severity, defined, _) in cases() {
        for rules in *held {
            let outcome = World::new().defined(defined).everywhere(rules).judge();
            let found = outcome.severity(id);
            if found != Some(*severity) {
                wrong.push(format!(
                    "{id} by `{rules}`: {severity:?} expected, {found:?} found"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rights_beside_an_id_do_not_hold_it() {
    let mut wrong = Vec::new();
    for (id, _, _, defined, beside) in cases() {
        for rules in *beside {
            let outcome = World::new().defined(defined).everywhere(rules).judge();
            let whole = outcome
                .flat()
                .into_iter()
                .flat_map(|right| &right.hits)
                .any(|graded| graded.hit.row.id == *id && !graded.hit.alone);
            if whole {
                wrong.push(format!("{id} by `{rules}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_id_of_the_table_has_a_case() {
    // These are bindings rather than rules: `containers` and `ghosts` have them.
    let elsewhere = ["ESC-ADMIN-BOUND", "BOUND-VIEW", "ESC-GHOST"];
    let here: BTreeSet<&str> = cases().map(|case| case.0).chain(elsewhere).collect();
    let table: BTreeSet<&str> = opsec_rights::rows::all().map(|row| row.id).collect();
    assert_eq!(here, table);
}

#[test]
fn half_of_a_pair_is_one_right_short_and_low() {
    for (rules, id) in [
        ("bind clusterroles.rbac.authorization.k8s.io", "ESC-BIND"),
        (
            "escalate clusterroles.rbac.authorization.k8s.io",
            "ESC-ESCALATE",
        ),
    ] {
        let outcome = World::new().everywhere(rules).judge();
        assert_eq!(outcome.severity(id), Some(Low), "{id}");
        let right = outcome.find(id).unwrap();
        assert_eq!(right.rule, "OPSEC305", "{id} makes nobody cluster-admin");
        assert!(outcome.gains().is_empty(), "{id}");
    }
}

#[test]
fn figures_of_nodes_and_templates_of_pods_are_info() {
    for (rules, id) in [
        ("get nodes/metrics", "RUN-NODESUB"),
        ("get nodes/stats", "RUN-NODESUB"),
        ("create podtemplates", "RUN-WORKLOAD"),
    ] {
        let outcome = World::new().everywhere(rules).judge();
        let found = outcome.severity(id);
        assert!(
            found.is_none_or(|severity| severity == Info),
            "{rules}: {found:?}"
        );
    }
}

#[test]
fn metrics_and_configuration_of_the_api_server_are_low() {
    for path in ["get path:/metrics", "get path:/configz"] {
        let outcome = World::new().everywhere(path).judge();
        assert_eq!(outcome.severity("INF-NONRES"), Some(Low), "{path}");
    }
}

#[test]
fn creating_nodes_is_medium_beside_writing_them() {
    let outcome = World::new().everywhere("create nodes").judge();
    assert_eq!(outcome.severity("RUN-NODE-OBJ"), Some(Medium));
}

#[test]
fn signers_of_other_domains_are_info() {
    for rules in [
        "sign signers.certificates.k8s.io op.example/*; update certificatesigningrequests/status.certificates.k8s.io",
        "create certificatesigningrequests.certificates.k8s.io; update certificatesigningrequests/approval.certificates.k8s.io; approve signers.certificates.k8s.io op.example/*",
        // A `*` among the names of signers is a literal.
        "create certificatesigningrequests.certificates.k8s.io; update certificatesigningrequests/approval.certificates.k8s.io; approve signers.certificates.k8s.io *",
    ] {
        let outcome = World::new().everywhere(rules).judge();
        let worst = ["ESC-CSR", "ESC-CSR-SIGN"].map(|id| outcome.severity(id));
        assert!(worst.iter().any(Option::is_some), "{rules}");
        assert!(
            worst.iter().flatten().all(|severity| *severity == Info),
            "{rules}"
        );
    }
}
