//! From FAIL to PASS: what an operator's rights are declared to be, and whether they stay within.
//!
//! Everything here is a function of facts: what is read is read elsewhere, and what is written
//! is given back as values.

mod declare;
mod rules;
mod subject;
mod validate;

pub use declare::{Declared, Declaring, declare};
pub use rules::{Held, held, shorten};
pub use validate::{ValidateError, Validating, validate, validate_all};
