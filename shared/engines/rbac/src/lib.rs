//! The API server's RBAC authoriser over roles and bindings, and what real requests of a
//! ServiceAccount can do with what it grants.
//!
//! Two functions, not one. [`Policy::authorize`] answers as a SubjectAccessReview does: it knows
//! neither a kind's scope nor which requests exist. [`EffectiveRights`] holds only what a request
//! can carry: a RoleBinding never reaches a cluster-scoped kind, a POST never carries a name.

mod aggregation;
mod bindings;
mod breakdown;
mod difference;
mod effective;
mod grant;
mod granted;
mod ineffective;
mod kinds;
mod matching;
mod names;
mod policy;
mod questions;
mod request;
mod roles;
mod unreal;
mod user;

pub use aggregation::AggregationDifference;
pub use bindings::{DanglingRoleRef, ServiceAccountSubject};
pub use breakdown::{breakdown, rule_covers};
pub use difference::{Excess, RuleScope, ScopedRule, excess, not_assigned};
pub use effective::{EffectiveRights, Held};
pub use grant::{Grant, GrantScope, SubjectVia};
pub use granted::Granted;
pub use ineffective::Ineffective;
pub use kinds::{Kinds, KnownKind};
pub use matching::{WildcardUse, rule_allows};
pub use names::Names;
pub use policy::Policy;
pub use questions::{Answers, Questions};
pub use request::{Reaching, Request};
pub use unreal::unreal;
pub use user::{Attributes, Decision, User};
