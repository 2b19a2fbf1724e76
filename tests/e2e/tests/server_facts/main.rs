//! How the API server really answers: each sentence is asked of a real one, and where an engine
//! answers the same question, its answer is the server's.
#![cfg(test)]

mod admission;
mod bindings;
mod given;
mod guards;
mod impersonation;
mod mounts;
mod names;
mod pod_security;
mod secrets;
mod server;
mod table;
mod wildcards;
mod yaml;
