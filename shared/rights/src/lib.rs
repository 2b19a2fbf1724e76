//! The table of dangerous rights, and grading.
