//! Reachability on small clusters: the specification's sentences, the judgements that rules ask
//! for, and what holds for every policy.

#![cfg(test)]

mod admin;
mod cluster;
mod endpoints;
mod judgement;
mod properties;
mod specification;
