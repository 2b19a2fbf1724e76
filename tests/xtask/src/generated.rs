//! All that is generated and checked in.

use crate::workspace::Outcome;
use crate::{documents, r#gen};

/// Writes it.
///
/// # Errors
/// When a source does not compile or a file cannot be written.
pub(crate) fn write() -> Outcome {
    r#gen::protos()?;
    documents::write()
}

/// Fails when what is checked in differs.
///
/// # Errors
/// When a file differs or is absent, naming it and the command that mends it.
pub(crate) fn check() -> Outcome {
    r#gen::check()?;
    documents::check()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_checked_in_is_what_its_sources_give() {
        super::check().unwrap();
    }
}
