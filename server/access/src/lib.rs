//! Who may call which RPC on what: one table of RPC and role, bindings of roles to subjects within
//! a scope, and the caller of a request. Default deny.

mod role;

pub use role::Role;
