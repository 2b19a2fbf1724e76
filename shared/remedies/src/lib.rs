//! From FAIL to PASS: what mends an operator, what is accepted of it, and whether its rights stay
//! within what is declared.
//!
//! Everything here is a function of facts: what is read is read elsewhere, and what is written
//! is given back as values.

mod capture;
mod declare;
pub mod harden;
mod party;
mod rules;
mod subject;
mod validate;

pub use capture::{Captured, Capturing, capture};
pub use declare::{Declared, Declaring, declare};
pub use party::{Found, Party, nobody, parties};
pub use rules::{Held, held, shorten};
pub use subject::unknown;
pub use validate::{ValidateError, Validating, of_nobody, validate, validate_all, validate_party};
