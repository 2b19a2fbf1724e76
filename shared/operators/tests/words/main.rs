//! What an operator is and how it is called, sentence by sentence.

mod accounts;
#[path = "../harness/mod.rs"]
mod harness;
mod installations;
mod kinds;
mod manifests;
mod payload;
mod resolve;
