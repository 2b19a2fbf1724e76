//! What happens, told to whoever writes it down.

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// As it should be.
    Info,
    /// It works, and someone should look.
    Warning,
    /// It does not.
    Error,
}

/// Takes an event and its fields.
pub type Say = fn(Weight, &str, &[(&str, &str)]);
