//! What the service does, free of messages and clocks.

pub(crate) mod analysis;
pub(crate) mod attest;
pub(crate) mod baselines;
pub(crate) mod check;
pub(crate) mod clusters;
pub(crate) mod compare;
pub(crate) mod difference;
pub(crate) mod explain;
pub(crate) mod list_operators;
pub(crate) mod list_rules;
pub(crate) mod posture;
pub(crate) mod record;
pub(crate) mod remediation;
pub(crate) mod select;
pub(crate) mod simulate;
