//! The Pod Security Standards, by version.
