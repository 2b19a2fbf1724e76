//! The shape of a row of the table of dangerous rights. The rows themselves are data under
//! [`crate::rows`]; what a row means at a reach is decided in [`crate::grade`].

use opsec_model::{Gain, Severity};

/// A right that is dangerous, and how grave it is where.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Its id, as in `ESC-BIND`. Several rows may share an id when the grade depends on the kind
    /// that is reached.
    pub id: &'static str,
    /// The rules that it fails; it is filed under the first.
    pub rules: &'static [&'static str],
    /// What must be held.
    pub needs: Needs,
    /// What is held when only a part of it is: graded low.
    pub alone: &'static [Part],
    /// What may be done with it, after "can": `create pods`.
    pub may: &'static str,
    /// What an attacker gains, a sentence without its period.
    pub gain: &'static str,
    /// The smallest change that ends it, a sentence without its period.
    pub remedy: &'static str,
    /// Its grade at each reach.
    pub grades: Grades,
    /// What names do to it.
    pub names: NameRule,
    /// The words it earns, when it is held at cluster or protected reach and high or critical.
    pub words: &'static [Gain],
    /// What may change the grade beyond reach, stronger accounts, Pod Security and names.
    pub adjust: Adjust,
}

/// What must be held for a row.
#[derive(Debug, Clone, Copy)]
pub enum Needs {
    /// Any of these.
    Any(&'static [Part]),
    /// One of these combinations; of each group of parts one, all in the same scope.
    Together(&'static [&'static [&'static [Part]]]),
    /// What the composition of parts cannot say.
    Special(Special),
}

/// What only code can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// `*` on `*` in `*`.
    Wildcard,
    /// Bound to cluster-admin, admin or edit.
    AdminBound,
    /// Bound to view.
    ViewBound,
    /// Impersonating users, or groups with any one user or ServiceAccount.
    Impersonate,
    /// Constrained impersonation of ServiceAccounts.
    ImpersonateServiceAccount,
    /// Constrained impersonation of users and nodes.
    ImpersonateUser,
    /// Reaching Secrets through a dry run where they cannot be read.
    SecretReveal,
    /// The account of a binding that does not exist can be made.
    Ghost,
    /// Certificates of a kubernetes.io signer.
    CertificateApproval,
    /// Signing for a kubernetes.io signer.
    CertificateSigning,
    /// Paths outside the resource API that show the server's inside.
    Paths(&'static [&'static str]),
    /// Scaling every kind.
    ScaleEverything,
    /// Verbs on any kind of a group whose kinds are made while the cluster runs.
    AnyOf(&'static str, &'static [&'static str]),
}

/// Verbs on resources of one group; any pair counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Verbs.
    pub verbs: &'static [&'static str],
    /// The API group.
    pub group: &'static str,
    /// Resources, as `resource` or `resource/subresource`.
    pub resources: &'static [&'static str],
}

/// The grade of a row at each reach; absent where the right cannot be held so.
#[derive(Debug, Clone, Copy)]
pub struct Grades {
    /// Every namespace, or a cluster-scoped kind.
    pub cluster: Option<Grade>,
    /// A protected namespace.
    pub protected: Option<Grade>,
    /// Another foreign namespace.
    pub foreign: Option<Grade>,
    /// An intended namespace.
    pub intended: Option<Grade>,
    /// The account's own namespace.
    pub own: Option<Grade>,
}

/// A cell of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grade {
    /// The severity.
    pub severity: Severity,
    /// The severity when a stronger account is in that namespace.
    pub if_stronger: Option<Severity>,
    /// Whether it is a step higher where Pod Security does not hold pods (`†`).
    pub unenforced: bool,
}

/// What `resourceNames` do to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// Nothing (`=`, and rows whose rights carry no name).
    Keep,
    /// One step lower (`↓`).
    Lower,
    /// Info when every name is the installation's own; other names one step lower.
    Own,
    /// This severity when every name is the installation's own; other names one step lower.
    OwnIs(Severity),
    /// Namespaces: the account's own is graded as own, an intended one as intended, others keep.
    Namespaces,
    /// As [`NameRule::OwnIs`], but the grade already speaks of other names.
    OwnIsElseKeep(Severity),
    /// Signers: info when none of the names is of the domain kubernetes.io.
    Signers,
    /// One ConfigMap of kube-system that steers the cluster; other names are nothing.
    ConfigMap(&'static str),
    /// The ConfigMap `extension-apiserver-authentication` alone.
    AuthenticationConfigMap,
    /// SecurityContextConstraints: by what the named one allows.
    SecurityContextConstraints,
}

/// What else may change a grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjust {
    /// Nothing.
    Nothing,
    /// Critical when the snapshot shows a token of a stronger identity in reach.
    TokenSecrets,
    /// High when the backend of a webhook or APIService is in reach.
    Backends,
    /// Critical when a deputy's CRD is in the snapshot.
    DeputyDefinitions,
    /// Critical when unnamed or naming a built-in or a deputy's group.
    ApiGroups,
    /// Low when the holder has no high or critical right besides.
    Handing,
    /// Another product's kinds: info for the product that owns them.
    Product,
    /// High only with kube-system in reach.
    KubeSystem,
    /// Nothing without kube-system in reach.
    OnlyKubeSystem,
}

/// Create, update and patch: the page's *write*.
pub const WRITE: &[&str] = &["create", "update", "patch"];

/// Verbs that return a Secret's content plainly.
pub const READ: &[&str] = &["get", "list", "watch"];

/// A part of the core group.
pub const fn core(verbs: &'static [&'static str], resources: &'static [&'static str]) -> Part {
    Part {
        verbs,
        group: "",
        resources,
    }
}

/// A part of a group.
pub const fn part(
    group: &'static str,
    verbs: &'static [&'static str],
    resources: &'static [&'static str],
) -> Part {
    Part {
        verbs,
        group,
        resources,
    }
}

/// A plain cell.
pub const fn plain(severity: Severity) -> Option<Grade> {
    Some(Grade {
        severity,
        if_stronger: None,
        unenforced: false,
    })
}

/// A cell with `†`.
pub const fn dagger(severity: Severity) -> Option<Grade> {
    Some(Grade {
        severity,
        if_stronger: None,
        unenforced: true,
    })
}

/// A cell with "if stronger".
pub const fn stronger(severity: Severity, if_stronger: Severity) -> Option<Grade> {
    Some(Grade {
        severity,
        if_stronger: Some(if_stronger),
        unenforced: false,
    })
}

/// The five cells of a row: cluster, protected, foreign, intended, own.
pub const fn grades(
    cluster: Option<Grade>,
    protected: Option<Grade>,
    foreign: Option<Grade>,
    intended: Option<Grade>,
    own: Option<Grade>,
) -> Grades {
    Grades {
        cluster,
        protected,
        foreign,
        intended,
        own,
    }
}

/// A row that only cluster-scoped kinds can trip.
pub const fn only_cluster(severity: Severity) -> Grades {
    grades(plain(severity), None, None, None, None)
}

/// The five cells without modifiers.
pub const fn cells(
    cluster: Severity,
    protected: Severity,
    foreign: Severity,
    intended: Severity,
    own: Severity,
) -> Grades {
    grades(
        plain(cluster),
        plain(protected),
        plain(foreign),
        plain(intended),
        plain(own),
    )
}

/// The cells of a right that gives every right of a namespace's pods.
pub const POD_LIKE: Grades = grades(
    plain(Severity::Critical),
    plain(Severity::Critical),
    dagger(Severity::High),
    dagger(Severity::Medium),
    dagger(Severity::Medium),
);
