//! File by file: the findings of medium or more that the operator answers for.

/// What a file must come to.
pub(crate) struct Row {
    pub(crate) file: &'static str,
    /// Severity, rule and right, as in `critical 303 ESC-BIND`.
    pub(crate) findings: &'static [&'static str],
    /// What a finding's title names.
    pub(crate) named: &'static [&'static str],
    /// Why it is so; where the file's name says otherwise, why we differ.
    pub(crate) because: &'static str,
}

const fn row(file: &'static str, findings: &'static [&'static str], because: &'static str) -> Row {
    Row {
        file,
        findings,
        named: &[],
        because,
    }
}

const fn pod(
    file: &'static str,
    findings: &'static [&'static str],
    named: &'static [&'static str],
    because: &'static str,
) -> Row {
    Row {
        file,
        findings,
        named,
        because,
    }
}

const PODS_AND_EXEC: &[&str] = &[
    "critical 307 RUN-POD",
    "critical 308 RUN-EXEC",
    "critical 308 RUN-PATCH-POD",
    "medium 310 RUN-DELETE-POD",
    "medium 318 DOS-QUOTA",
];
const CRDS: &[&str] = &[
    "high 501 GRD-CRD",
    "high 502 GRD-CRD-DEL",
    "high 502 GRD-CRD-UPDATE",
];
const NETWORK: &[&str] = &["high 315 NET-INGRESS", "medium 304", "high 404 GRD-NP"];
const NODES: &[&str] = &["high 310 RUN-NODE", "medium 310 RUN-NODE-OBJ"];
const VOLUMES: &[&str] = &["high 310 RUN-PV", "medium 318 DOS-QUOTA"];
const SECRETS: &[&str] = &["critical 303 ESC-SECRET-WRITE", "high 306 ESC-SECRET-READ"];
/// The whole core group but what only `*` among the verbs holds.
const CORE: &[&str] = &[
    "critical 303 ESC-SECRET-WRITE",
    "critical 303 ESC-TOKENREQ",
    "critical 306 ESC-SECRET-READ",
    "critical 307 RUN-POD",
    "critical 308 RUN-EPHEMERAL",
    "critical 308 RUN-EXEC",
    "critical 308 RUN-NODEPROXY",
    "critical 308 RUN-PATCH-POD",
    "critical 310 RUN-PV",
    "critical 402 GRD-NS-CREATE",
    "critical 402 GRD-NS-PATCH",
    "high 308 RUN-PORTFWD",
    "high 309 ESC-SA-ANNOT",
    "high 310 RUN-DELETE-POD",
    "high 310 RUN-NODE",
    "high 402 GRD-NS-DELETE",
    "medium 304",
    "medium 310 RUN-BIND",
    "medium 310 RUN-NODE-OBJ",
    "medium 310 RUN-NODESUB",
    "medium 315 NET-EP",
    "medium 315 NET-SVC",
    "medium 318 DOS-QUOTA",
    "medium 318 GRD-PODLOG",
];
const CORE_STAR: &[&str] = &[
    "critical 303 ESC-IMPERSONATE",
    "critical 303 ESC-IMPERSONATE-SA",
    "critical 303 ESC-SECRET-WRITE",
    "critical 303 ESC-TOKENREQ",
    "critical 306 ESC-SECRET-READ",
    "critical 307 RUN-POD",
    "critical 308 RUN-EPHEMERAL",
    "critical 308 RUN-EXEC",
    "critical 308 RUN-NODEPROXY",
    "critical 308 RUN-PATCH-POD",
    "critical 310 RUN-PV",
    "critical 402 GRD-NS-CREATE",
    "critical 402 GRD-NS-PATCH",
    "high 308 RUN-PORTFWD",
    "high 309 ESC-SA-ANNOT",
    "high 310 RUN-DELETE-POD",
    "high 310 RUN-NODE",
    "high 402 GRD-NS-DELETE",
    "medium 304",
    "medium 310 RUN-BIND",
    "medium 310 RUN-NODE-OBJ",
    "medium 310 RUN-NODESUB",
    "medium 315 NET-EP",
    "medium 315 NET-SVC",
    "medium 318 DOS-QUOTA",
    "medium 318 GRD-PODLOG",
];

/// Roles, each bound in the whole cluster.
pub(crate) const ROLES: &[Row] = &[
    row(
        "cr-ad-both-star.yaml",
        &["critical 403 GRD-WEBHOOK", "high 403 GRD-VWEBHOOK"],
        "as named",
    ),
    row(
        "cr-ad-both-verbs.yaml",
        &["critical 403 GRD-WEBHOOK", "high 403 GRD-VWEBHOOK"],
        "as named",
    ),
    row(
        "cr-ad-mutating-webhook-star.yaml",
        &["critical 403 GRD-WEBHOOK"],
        "as named",
    ),
    row(
        "cr-ad-mutating-webhook-verbs.yaml",
        &["critical 403 GRD-WEBHOOK"],
        "as named",
    ),
    row(
        "cr-ad-validating-webhook-star.yaml",
        &["high 403 GRD-VWEBHOOK"],
        "as named",
    ),
    row(
        "cr-ad-validating-webhook-verbs.yaml",
        &["high 403 GRD-VWEBHOOK"],
        "as named",
    ),
    row(
        "cr-all-clusterrolebindings-only.yaml",
        &[],
        "differs: it may bind only what it holds, which is nothing strong; `bind` on bindings means nothing, so low",
    ),
    row(
        "cr-all-clusterroles-only.yaml",
        &["critical 303 ESC-ESCALATE"],
        "`*` holds `escalate`: any right goes into the role it is bound to",
    ),
    row(
        "cr-all-clusterrolesandbindings-star.yaml",
        &["critical 303 ESC-BIND", "critical 303 ESC-ESCALATE"],
        "as named",
    ),
    row(
        "cr-all-clusterrolesandbindings-verbs.yaml",
        &[],
        "differs: without `bind` and `escalate` only rights already held are handed on, and none is strong: low",
    ),
    row(
        "cr-all-crbs-separate.yaml",
        &["critical 303 ESC-BIND", "critical 303 ESC-ESCALATE"],
        "two rules are one right",
    ),
    row(
        "cr-all-star.yaml",
        &["critical 303 ESC-WILDCARD"],
        "everything is one finding",
    ),
    row(
        "cr-all-verbs.yaml",
        &["critical 303 ESC-SECRET-WRITE"],
        "everything but the special verbs is one finding",
    ),
    row(
        "cr-bind.yaml",
        &[],
        "differs: `bind` without a write on bindings is one right short: low",
    ),
    row("cr-coreapi-all-verbs.yaml", CORE, "the core group"),
    row(
        "cr-coreapi-limited-resources.yaml",
        &[],
        "ConfigMaps alone: low, for those of kube-system",
    ),
    row(
        "cr-coreapi-limited-verbs.yaml",
        &[
            "critical 308 RUN-NODEPROXY",
            "high 306 ESC-SECRET-READ",
            "high 308 RUN-PORTFWD",
            "medium 304",
            "medium 310 RUN-NODESUB",
            "medium 318 GRD-PODLOG",
        ],
        "differs: `get` on everything reads Secrets, and nodes/proxy passes with it",
    ),
    row("cr-coreapi-star.yaml", CORE_STAR, "`*` adds `impersonate`"),
    row("cr-custom-resource-star.yaml", CRDS, "as named"),
    row(
        "cr-custom-resource-verbs.yaml",
        CRDS,
        "`modify` is no verb; the others suffice",
    ),
    row(
        "cr-escalate.yaml",
        &[],
        "differs: `escalate` without a write on roles is one right short: low",
    ),
    row(
        "cr-impersonate.yaml",
        &["critical 303 ESC-IMPERSONATE-SA"],
        "as named",
    ),
    row(
        "cr-network-get.yaml",
        &["medium 304"],
        "nothing is written; the wildcard takes in resources to come",
    ),
    row(
        "cr-network-policy-get.yaml",
        &[],
        "`networkpolicy` is no resource",
    ),
    row(
        "cr-network-policy-star.yaml",
        &[],
        "differs: `networkpolicy`, singular, is no resource and grants nothing",
    ),
    row(
        "cr-network-policy-verbs.yaml",
        &[],
        "differs: `networkpolicy`, singular, is no resource and grants nothing",
    ),
    row("cr-network-star.yaml", NETWORK, "as named"),
    row("cr-network-verbs.yaml", NETWORK, "as named"),
    row(
        "cr-node-proxy-star.yaml",
        &["critical 308 RUN-NODEPROXY"],
        "as named",
    ),
    row(
        "cr-node-proxy-verbs.yaml",
        &["critical 308 RUN-NODEPROXY"],
        "as named",
    ),
    row(
        "cr-node-proxy-watch.yaml",
        &[],
        "the kubelet's proxy serves no watch",
    ),
    row("cr-node-star.yaml", NODES, "as named"),
    row("cr-node-verbs.yaml", NODES, "as named"),
    row("cr-node-watch.yaml", &[], "reading nodes is no power"),
    row(
        "cr-noncoreapi-limited.yaml",
        &[],
        "`app` is no group, and pods are of the core",
    ),
    row(
        "cr-noncoreapi-star.yaml",
        &[
            "critical 307 RUN-WORKLOAD",
            "medium 304",
            "medium 318 DOS-QUOTA",
        ],
        "the group of workloads",
    ),
    row(
        "cr-pods-podsexec-combined-star.yaml",
        PODS_AND_EXEC,
        "as named",
    ),
    row(
        "cr-pods-podsexec-combined-verbs.yaml",
        &["critical 307 RUN-POD", "critical 308 RUN-EXEC"],
        "as named",
    ),
    row(
        "cr-pods-podsexec-exact-verbs.yaml",
        &["critical 308 RUN-EXEC"],
        "as named",
    ),
    row(
        "cr-pods-podsexec-incorrect-verbs.yaml",
        &["critical 308 RUN-EXEC", "medium 310 RUN-DELETE-POD"],
        "differs: exec needs no `get` of pods, whose names are guessed or known",
    ),
    row("cr-pods-podsexec-star.yaml", PODS_AND_EXEC, "as named"),
    row("cr-pods-podsexec-verbs.yaml", PODS_AND_EXEC, "as named"),
    row(
        "cr-pods-star-podsexec-verbs.yaml",
        PODS_AND_EXEC,
        "as named",
    ),
    row(
        "cr-pods-star.yaml",
        &[
            "critical 307 RUN-POD",
            "critical 308 RUN-PATCH-POD",
            "medium 310 RUN-DELETE-POD",
            "medium 318 DOS-QUOTA",
        ],
        "`pods` is not `pods/exec`",
    ),
    row(
        "cr-pods-verbs-podsexec-star.yaml",
        PODS_AND_EXEC,
        "as named",
    ),
    row("cr-pods-verbs.yaml", &["critical 307 RUN-POD"], "as named"),
    row(
        "cr-podsexec-star.yaml",
        &["critical 308 RUN-EXEC"],
        "as named",
    ),
    row(
        "cr-podsexec-verbs.yaml",
        &["critical 308 RUN-EXEC"],
        "as named",
    ),
    row(
        "cr-podslog-single-verb.yaml",
        &[],
        "differs: pods/log serves `get` alone, so nothing is removed with `update`",
    ),
    row(
        "cr-podslog-star.yaml",
        &["medium 318 GRD-PODLOG"],
        "logs are read; they cannot be removed",
    ),
    row(
        "cr-podslog-verbs.yaml",
        &[],
        "differs: pods/log serves `get` alone",
    ),
    row(
        "cr-pvc-separate-resources.yaml",
        VOLUMES,
        "two rules are one right",
    ),
    row("cr-pvc-star.yaml", VOLUMES, "as named"),
    row("cr-pvc-verbs.yaml", VOLUMES, "as named"),
    row("cr-remove-events-star.yaml", &[], "hiding traces is low"),
    row("cr-remove-events-verbs.yaml", &[], "hiding traces is low"),
    row("cr-sa-only-get.yaml", &[], "accounts are no secret"),
    row(
        "cr-sa-star.yaml",
        &["critical 303 ESC-IMPERSONATE-SA", "high 309 ESC-SA-ANNOT"],
        "`*` holds `impersonate`",
    ),
    row(
        "cr-sa-token-only-get.yaml",
        &[],
        "a token is created, never read",
    ),
    row(
        "cr-sa-token-star.yaml",
        &["critical 303 ESC-TOKENREQ"],
        "as named",
    ),
    row(
        "cr-sa-token-verbs.yaml",
        &["critical 303 ESC-TOKENREQ"],
        "as named",
    ),
    row(
        "cr-sa-verbs.yaml",
        &[],
        "differs: a new account holds nothing, unless a binding waits for it (ESC-GHOST)",
    ),
    row("cr-secrets-all-verbs.yaml", SECRETS, "as named"),
    row("cr-secrets-star.yaml", SECRETS, "as named"),
];

/// Bindings; the role that they name is in no file but for cluster-admin.
pub(crate) const BINDINGS: &[Row] = &[
    row(
        "crb-cluster-admin-suffix.yaml",
        &[],
        "another role, which is not there: it grants nothing",
    ),
    row(
        "crb-cluster-admin.yaml",
        &["critical 303 ESC-ADMIN-BOUND"],
        "as named",
    ),
    row(
        "crb-dedicated-cr.yaml",
        &[],
        "a role that is not there grants nothing",
    ),
    row(
        "crb-ns-dedicated.yaml",
        &[],
        "a role that is not there grants nothing",
    ),
    row(
        "crb-ns-default.yaml",
        &[],
        "differs: no pod runs in `default` here, so OPSEC103 has no subject",
    ),
    row(
        "crb-ns-kubesystem.yaml",
        &[],
        "differs: no pod runs in `kube-system` here, so OPSEC103 has no subject",
    ),
    row(
        "crb-prefix-cluster-admin.yaml",
        &[],
        "another role, which is not there: it grants nothing",
    ),
];

const UNMET: &[&str] = &["medium 314"];
const NODE: &[&str] = &["critical 314", "medium 314"];

/// Deployments. What the pod's own security context cannot hold, the API server drops.
pub(crate) const DEPLOYMENTS: &[Row] = &[
    row("deploy-ns-dedicated.yaml", UNMET, "a namespace of its own"),
    pod(
        "deploy-ns-default.yaml",
        &["medium 103", "medium 314"],
        &["default"],
        "as named",
    ),
    pod(
        "deploy-ns-kubesystem.yaml",
        &["high 103", "medium 314"],
        &["kube-system"],
        "as named",
    ),
    pod(
        "deploy-sc-both-all.yaml",
        UNMET,
        &["restricted: seccompProfile"],
        "differs: restricted asks for a seccomp profile, which is all that is amiss",
    ),
    pod(
        "deploy-sc-containers-all.yaml",
        UNMET,
        &["restricted: seccompProfile"],
        "differs: restricted asks for a seccomp profile, which is all that is amiss",
    ),
    pod(
        "deploy-sc-containers-allow-priv.yaml",
        UNMET,
        &["allowPrivilegeEscalation"],
        "as named",
    ),
    pod(
        "deploy-sc-containers-cap-sysadmin.yaml",
        NODE,
        &["adds `SYS_ADMIN`"],
        "as named",
    ),
    pod(
        "deploy-sc-containers-nonroot.yaml",
        UNMET,
        &["runAsNonRoot"],
        "as named",
    ),
    pod(
        "deploy-sc-containers-priv.yaml",
        NODE,
        &["is privileged"],
        "as named",
    ),
    pod(
        "deploy-sc-containers-readonly-root.yaml",
        UNMET,
        &["runAsNonRoot"],
        "differs: no Pod Security Standard asks for a read-only root; what is found is what else is absent",
    ),
    pod(
        "deploy-sc-containers-rootuser.yaml",
        UNMET,
        &["runAsUser"],
        "as named",
    ),
    pod(
        "deploy-sc-none.yaml",
        UNMET,
        &["allowPrivilegeEscalation, capabilities, runAsNonRoot, seccompProfile"],
        "as named",
    ),
    pod(
        "deploy-sc-spec-all.yaml",
        UNMET,
        &["allowPrivilegeEscalation, capabilities, seccompProfile"],
        "differs: only containers have these two fields; the pod's are dropped",
    ),
    pod(
        "deploy-sc-spec-allow-priv.yaml",
        UNMET,
        &["allowPrivilegeEscalation"],
        "the pod has no such field: it is absent from the container",
    ),
    pod(
        "deploy-sc-spec-cap-sysadmin.yaml",
        UNMET,
        &["capabilities"],
        "differs: the pod has no such field, so nothing is added",
    ),
    pod(
        "deploy-sc-spec-nonroot.yaml",
        UNMET,
        &["runAsNonRoot"],
        "as named",
    ),
    pod(
        "deploy-sc-spec-priv.yaml",
        UNMET,
        &["allowPrivilegeEscalation"],
        "differs: the pod has no such field, so no container is privileged",
    ),
    pod(
        "deploy-sc-spec-readonly-root.yaml",
        UNMET,
        &["runAsNonRoot"],
        "differs: no Pod Security Standard asks for a read-only root, nor has the pod such a field",
    ),
    pod(
        "deploy-sc-spec-rootuser.yaml",
        UNMET,
        &["runAsUser"],
        "as named",
    ),
];
