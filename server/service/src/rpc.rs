//! One file a service: decode the request, call the use case, encode the response.

mod admin;
mod analysis;
mod baseline;
mod check;
mod cluster;
mod cursor;
mod encode;
mod input;
mod mutation;
mod posture;
mod remediation;

pub(crate) use admin::Admin;
pub(crate) use analysis::Analysis;
pub(crate) use baseline::Baselines;
pub(crate) use check::Check;
pub(crate) use cluster::Clusters;
pub(crate) use posture::Postures;
pub(crate) use remediation::Remediation;
