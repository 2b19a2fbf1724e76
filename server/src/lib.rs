//! The checking service.
