//! Cases of the ids by which the holder becomes someone else, or runs code.

use opsec_model::Severity::{Critical, High, Low, Medium};

use crate::ids::Case;

/// Become someone else.
pub(crate) const BECOME: &[Case] = &[
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
pub(crate) const RUN: &[Case] = &[
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
