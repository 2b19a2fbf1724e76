//! What the API server checks of an object beyond its shape, as far as verdicts rest on it.

pub(crate) mod names;
pub(crate) mod network;
pub(crate) mod rbac;
pub(crate) mod selector;
