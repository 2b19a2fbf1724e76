//! Roles. They add up; none implies another, but that each may read within its scope.

/// What a subject is trusted to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Asks for checks, and records them.
    Checker,
    /// Asks for attestations.
    Attester,
    /// Changes baselines.
    Editor,
    /// Approves changes of baselines.
    Approver,
    /// Registers clusters, and keeps the service.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [
        Self::Viewer,
        Self::Checker,
        Self::Attester,
        Self::Editor,
        Self::Approver,
        Self::Admin,
    ];

    /// Its name in a configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Checker => "checker",
            Self::Attester => "attester",
            Self::Editor => "editor",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }

    /// The role of a name in a configuration.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}
