//! One file a service: decode the request, call the use case, encode the response.

mod admin;
mod analysis;
mod baseline;
mod check;
mod encode;
mod input;

pub(crate) use admin::Admin;
pub(crate) use analysis::Analysis;
pub(crate) use baseline::Baselines;
pub(crate) use check::Check;
