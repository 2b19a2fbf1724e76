//! What a path calls.

use opsec_access::Method;

/// What a path calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Called {
    /// `grpc.health.v1`.
    Health {
        /// Whether it goes on.
        watch: bool,
    },
    /// A method of the table.
    Method(Method),
    /// Nothing that is served.
    Unknown,
}

impl Called {
    pub(super) fn of(path: &str) -> Self {
        match path {
            "/grpc.health.v1.Health/Check" => Self::Health { watch: false },
            "/grpc.health.v1.Health/Watch" => Self::Health { watch: true },
            path => Method::of_path(path).map_or(Self::Unknown, Self::Method),
        }
    }
}
