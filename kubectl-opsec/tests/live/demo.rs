//! The demo operator, as files.

use std::path::{Path, PathBuf};

/// A file of the demo.
pub(crate) fn demo(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy/demo")
        .join(file)
}
