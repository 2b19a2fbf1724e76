//! Where the corpus of real operators is. A test that needs it and has none says by name that it
//! did not run, past the test runner's capture: a test that was not run must not look like one
//! that passed.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The corpus, or none after saying which test did not run. It is the folder that `OPSEC_CORPUS`
/// names, else `shared/corpus` beside the workspace.
///
/// # Panics
/// Without a corpus when `CI` is `true`: there its absence is a failure.
pub fn corpus(test: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("OPSEC_CORPUS").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let missing = format!("NOT RUN: {test}: no corpus at {}", folder.display());
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{missing}");
    // The runner captures what is printed by macros, and shows it only for tests that fail.
    let _ = writeln!(std::io::stderr(), "{missing}");
    None
}
