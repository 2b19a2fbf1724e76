//! Cases of the ids that weaken guards, and of traffic and information.

use opsec_model::Severity::{Critical, High, Info, Low, Medium};

use crate::ids::Case;

/// Weaken the guards.
pub(crate) const GUARDS: &[Case] = &[
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
pub(crate) const TRAFFIC: &[Case] = &[
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
