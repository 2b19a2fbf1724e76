//! The one table of RPC and role. What has no row here is not served, and a test walks the
//! descriptors of the contract so that nothing lacks its row.
//!
//! Every role reads within its scope, so that the rows of reading hold every role.

use crate::role::Role;
use crate::role::Role::{Admin, Approver, Attester, Checker, Editor};

/// Roles that read, which are all.
const EVERY: &[Role] = &Role::ALL;
/// Roles that ask for judgements.
const ASKS: &[Role] = &[Checker, Attester, Editor, Admin];
/// Nobody.
const NONE: &[Role] = &[];

/// What a row says of a method.
#[derive(Debug)]
struct Row {
    method: Method,
    /// The service of `opsec.v1`; empty for what is no RPC of it.
    service: &'static str,
    name: &'static str,
    /// Roles that may.
    roles: &'static [Role],
    /// Roles that may with what is their own.
    own: &'static [Role],
    /// The virtual resource and the verb that the authoriser of a cluster is asked for, when it
    /// decides instead of roles.
    resource: &'static str,
    verb: &'static str,
}

macro_rules! methods {
    ($($(#[$doc:meta])* $variant:ident $service:literal $name:literal
        $roles:expr, own $own:expr, $resource:literal $verb:literal;)+) => {
        /// An RPC, or what else is allowed on its own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Method { $(#[doc = concat!("`", $name, "`")] $(#[$doc])* $variant,)+ }

        const TABLE: &[Row] = &[$(Row {
            method: Method::$variant,
            service: $service,
            name: $name,
            roles: $roles,
            own: $own,
            resource: $resource,
            verb: $verb,
        },)+];
    };
}

methods! {
    // What the program itself says.
    GetVersion "AdminService" "GetVersion" EVERY, own NONE, "checks" "list";
    ExplainRule "CheckService" "ExplainRule" EVERY, own NONE, "checks" "list";
    ListRules "CheckService" "ListRules" EVERY, own NONE, "checks" "list";
    ListTopics "CheckService" "ListTopics" EVERY, own NONE, "checks" "list";
    ListNeeds "CheckService" "ListNeeds" EVERY, own NONE, "checks" "list";
    /// The contract itself: any authenticated identity may read it.
    Reflection "" "ServerReflectionInfo" EVERY, own NONE, "" "";
    ListKeys "AttestationService" "ListKeys" EVERY, own NONE, "attestations" "list";
    GetTrustBundle "AttestationService" "GetTrustBundle" EVERY, own NONE, "attestations" "list";
    VerifyAttestation "AttestationService" "VerifyAttestation" EVERY, own NONE, "attestations" "list";

    // Reading baselines.
    GetBaseline "BaselineService" "GetBaseline" EVERY, own NONE, "baselines" "get";
    ListBaselines "BaselineService" "ListBaselines" EVERY, own NONE, "baselines" "list";
    GetBaselineRevision "BaselineService" "GetBaselineRevision" EVERY, own NONE, "baselines" "get";
    ListBaselineRevisions "BaselineService" "ListBaselineRevisions" EVERY, own NONE, "baselines" "get";
    DiffBaselineRevisions "BaselineService" "DiffBaselineRevisions" EVERY, own NONE, "baselines" "get";
    WatchBaselines "BaselineService" "WatchBaselines" EVERY, own NONE, "baselines" "watch";

    // Reading what is known of operators and clusters.
    ResolveBaseline "BaselineService" "ResolveBaseline" EVERY, own NONE, "postures" "get";
    GetPosture "PostureService" "GetPosture" EVERY, own NONE, "postures" "get";
    ListPostures "PostureService" "ListPostures" EVERY, own NONE, "postures" "list";
    WatchPosture "PostureService" "WatchPosture" EVERY, own NONE, "postures" "watch";
    GetAttestation "AttestationService" "GetAttestation" EVERY, own NONE, "attestations" "get";
    ListAttestations "AttestationService" "ListAttestations" EVERY, own NONE, "attestations" "list";
    GetCluster "ClusterService" "GetCluster" EVERY, own NONE, "clusters" "get";
    ListClusters "ClusterService" "ListClusters" EVERY, own NONE, "clusters" "list";

    // Judging.
    Check "CheckService" "Check" ASKS, own NONE, "checks" "create";
    BatchCheck "CheckService" "BatchCheck" ASKS, own NONE, "checks" "create";
    ListOperators "CheckService" "ListOperators" ASKS, own NONE, "checks" "create";
    ListProbes "CheckService" "ListProbes" ASKS, own NONE, "checks" "create";
    ListRights "AnalysisService" "ListRights" ASKS, own NONE, "checks" "create";
    CanI "AnalysisService" "CanI" ASKS, own NONE, "checks" "create";
    ListConnections "AnalysisService" "ListConnections" ASKS, own NONE, "checks" "create";
    FindPaths "AnalysisService" "FindPaths" ASKS, own NONE, "checks" "create";
    CompareRights "AnalysisService" "CompareRights" ASKS, own NONE, "checks" "create";
    Harden "RemediationService" "Harden" ASKS, own NONE, "checks" "create";
    DeclareRights "RemediationService" "DeclareRights" ASKS, own NONE, "checks" "create";
    ValidateRights "RemediationService" "ValidateRights" ASKS, own NONE, "checks" "create";
    CaptureBaseline "RemediationService" "CaptureBaseline" ASKS, own NONE, "checks" "create";
    /// A check whose results are kept, beside the right to `Check`.
    RecordCheck "" "Check with record" &[Checker, Attester], own NONE, "postures" "update";

    // Attesting.
    Attest "AttestationService" "Attest" &[Attester], own NONE, "checks" "attest";
    RevokeAttestation "AttestationService" "RevokeAttestation"
        &[Approver, Admin], own &[Attester], "attestations" "revoke";

    // Changing baselines.
    SimulateBaseline "BaselineService" "SimulateBaseline"
        &[Editor, Approver, Admin], own NONE, "baselines" "update";
    CreateBaseline "BaselineService" "CreateBaseline" &[Editor, Admin], own NONE, "baselines" "create";
    UpdateBaseline "BaselineService" "UpdateBaseline" &[Editor, Admin], own NONE, "baselines" "update";
    RollbackBaseline "BaselineService" "RollbackBaseline" &[Editor, Admin], own NONE, "baselines" "update";
    DeleteBaseline "BaselineService" "DeleteBaseline" &[Editor, Admin], own NONE, "baselines" "delete";
    /// Not of a change of one's own, which the change itself refuses.
    ApproveBaselineRevision "BaselineService" "ApproveBaselineRevision"
        &[Approver], own NONE, "baselines" "approve";
    RejectBaselineRevision "BaselineService" "RejectBaselineRevision"
        &[Approver, Admin], own &[Editor], "baselines" "approve";

    // Keeping the service.
    CreateCluster "ClusterService" "CreateCluster" &[Admin], own NONE, "clusters" "create";
    UpdateCluster "ClusterService" "UpdateCluster" &[Admin], own NONE, "clusters" "update";
    DeleteCluster "ClusterService" "DeleteCluster" &[Admin], own NONE, "clusters" "delete";
    ExportStore "AdminService" "ExportStore" &[Admin], own NONE, "*" "*";
    GetAuditHead "AdminService" "GetAuditHead" &[Admin], own NONE, "*" "*";
}

/// Both versions of reflection, which clients ask for in turn.
const REFLECTION: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

impl Method {
    /// All of them, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.method)
    }

    /// The method of an HTTP path, as in `/opsec.v1.CheckService/Check`; absent: there is none.
    pub fn of_path(path: &str) -> Option<Self> {
        if REFLECTION.contains(&path) {
            return Some(Self::Reflection);
        }
        let (service, name) = path.strip_prefix("/opsec.v1.")?.split_once('/')?;
        let row = TABLE
            .iter()
            .find(|row| !row.service.is_empty() && row.service == service && row.name == name);
        row.map(|row| row.method)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether it changes what is stored.
    pub fn changes(self) -> bool {
        let verbs = ["update", "delete", "approve", "revoke", "attest"];
        let row = self.row();
        verbs.contains(&row.verb) && self != Self::SimulateBaseline
            || row.verb == "create" && row.resource != "checks"
    }

    pub(crate) fn own(self) -> &'static [Role] {
        self.row().own
    }

    pub(crate) fn resource(self) -> &'static str {
        self.row().resource
    }

    pub(crate) fn verb(self) -> &'static str {
        self.row().verb
    }

    fn row(self) -> &'static Row {
        // INVARIANT: enum and table are written by one macro, in one order.
        #[expect(
            clippy::indexing_slicing,
            reason = "each variant has the row of its number"
        )]
        &TABLE[self as usize]
    }
}

/// Roles that may call a method at all. Some may with what is their own only:
/// [`crate::Caller::require_own`] asks again once it is known whose it is.
pub fn roles_of(method: Method) -> &'static [Role] {
    method.row().roles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Role::Viewer;

    #[test]
    fn each_method_has_its_own_row() {
        for (row, method) in TABLE.iter().zip(Method::all()) {
            assert_eq!(row.method, method);
            assert_eq!(method.row().name, row.name);
        }
    }

    #[test]
    fn a_path_is_of_its_method_and_another_of_none() {
        for method in Method::all() {
            let row = method.row();
            if !row.service.is_empty() {
                let path = format!("/opsec.v1.{}/{}", row.service, row.name);
                assert_eq!(Method::of_path(&path), Some(method));
            }
        }
        for path in REFLECTION {
            assert_eq!(Method::of_path(path), Some(Method::Reflection));
        }
        for path in [
            "",
            "/",
            "/opsec.v1.CheckService",
            "/opsec.v1.CheckService/check",
            "/opsec.v1.CheckService/Check/",
            "/opsec.v1./Check with record",
            "/opsec.v2.CheckService/Check",
            "opsec.v1.CheckService/Check",
            "/grpc.health.v1.Health/Check",
        ] {
            assert_eq!(Method::of_path(path), None, "{path}");
        }
    }

    #[test]
    fn a_viewer_changes_nothing_and_judges_nothing() {
        let allowed = Method::all().filter(|method| roles_of(*method).contains(&Viewer));
        for method in allowed {
            assert!(!method.changes(), "{method:?}");
            assert_eq!(roles_of(method), EVERY, "{method:?}: who reads, reads");
        }
    }

    #[test]
    fn what_changes_is_known() {
        let changes: Vec<&str> = Method::all()
            .filter(|method| method.changes())
            .map(Method::name)
            .collect();
        assert_eq!(
            changes,
            [
                "Check with record",
                "Attest",
                "RevokeAttestation",
                "CreateBaseline",
                "UpdateBaseline",
                "RollbackBaseline",
                "DeleteBaseline",
                "ApproveBaselineRevision",
                "RejectBaselineRevision",
                "CreateCluster",
                "UpdateCluster",
                "DeleteCluster",
            ]
        );
    }
}
