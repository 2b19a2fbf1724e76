//! Finding and resolving operators.
