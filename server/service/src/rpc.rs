//! One file a service: decode the request, call the use case, encode the response.

mod admin;
mod analysis;
mod attestation;
mod baseline;
mod check;
mod cluster;
mod compare;
mod cursor;
mod encode;
mod input;
mod message;
mod mutation;
mod posture;
mod remediation;

pub(crate) use admin::Admin;
pub(crate) use analysis::Analysis;
pub(crate) use attestation::Attestations;
pub(crate) use baseline::Baselines;
pub(crate) use check::Check;
pub(crate) use cluster::Clusters;
pub(crate) use posture::Postures;
pub(crate) use remediation::Remediation;
