//! The controller of OperatorRights: it follows what declarations rest on, validates those that a
//! change may touch, and writes what it found into their status.
//!
//! ```text
//!  watches ─▶ World ─▶ Touched ─▶ Engine ─▶ successor ─▶ status (server-side apply), Events
//!  (gather)   (what     (what      (which     (what        (the replica that holds the Lease)
//!              is kept)  changed)   are due)   is new)
//! ```
//!
//! What decides is a function of changes: it neither waits nor writes nor knows the time. Only
//! [`run()`] does.

mod basis;
mod clock;
mod engine;
mod health;
mod kinds;
mod lease;
mod options;
mod pace;
mod run;
mod say;
mod signals;
mod sorted;
mod status;
mod touched;
mod world;
mod write;

pub use options::ControllerOptions;
pub use run::{ControllerError, run};
pub use say::{Say, Weight};
pub use signals::Signals;
