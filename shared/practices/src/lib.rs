//! The six practices: rules that judge facts, and the one function that turns them into a report.
//!
//! A practice is a folder, a rule a file with its documentation, a case file beside it. The
//! evaluation is pure: facts, a baseline and a time in, a [`opsec_model::Report`] out.

pub mod analysis;
mod chains;
mod context;
pub mod contract;
mod evaluate;
mod excess;
mod exempt;
mod explain;
mod finding;
mod needs;
mod p1_separation;
mod p2_api_quarantine;
mod p3_service_account;
mod p4_admins_guards;
mod p5_crd_creation;
mod p6_declared_rights;
mod prepared;
mod probes;
pub mod registry;
mod removable_guards;
mod rights_rule;
mod shell;

pub use analysis::{can_i, find_paths, list_connections, list_rights};
pub use context::{Context, invalid_rbac};
pub use evaluate::{CheckError, CheckOptions, SelectedBaseline, check, list_operators};
pub use explain::{candidates, explain, topics};
pub use needs::needs;
pub use prepared::Prepared;
