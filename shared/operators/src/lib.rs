//! Finding operators in a snapshot, and resolving what a person calls one.
//!
//! An operator is what one installation put there: [`find()`] groups workloads into installations,
//! adds the ServiceAccounts that bindings of the installation name, the kinds of its
//! CustomResourceDefinitions, its payload and where it seems meant to work. Nothing is judged
//! here.

mod accounts_only;
mod bindings;
mod deployed;
mod display_name;
mod find;
mod grouping;
mod groups_of_kubernetes;
mod installation;
mod intended;
mod marks;
mod operator;
mod others;
mod owned;
mod payload;
mod presumed;
mod resolve;
mod rights;
mod union_find;
mod writers;

pub use find::find;
pub use intended::IntendedCandidates;
pub use marks::Marks;
pub use operator::{Account, Component, Operator};
pub use others::namespaces_of_others;
pub use resolve::{Candidate, ResolveError, distance, none_watches, resolve, whole_namespace};
