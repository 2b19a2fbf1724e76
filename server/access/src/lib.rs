//! Who may call which RPC on what: one table of RPC and role ([`method`]), bindings of roles to
//! subjects within a scope, and the caller of a request. Default deny.

mod binding;
mod caller;
mod delegate;
pub mod method;
mod pattern;
mod role;
mod roster;
mod subject;
mod target;

pub use binding::{Binding, BindingError, BindingText, Bindings};
pub use caller::{Caller, Denied, Ended, Identity, Lapsed, Standing};
pub use delegate::{Answer, Delegate, DelegateFailed, Question};
pub use method::{Method, roles_of};
pub use pattern::{Pattern, PatternError};
pub use role::Role;
pub use roster::Roster;
pub use subject::{Kind, Subject, SubjectError};
pub use target::{Pair, Target};
