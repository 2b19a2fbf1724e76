//! Code that is generated and checked in, so that a build needs Rust alone: `proto/gen/` from
//! `proto/opsec/v1/*.proto`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost::Message as _;

mod reference;

/// The files of the API, relative to `proto/`.
const PROTOS: [&str; 11] = [
    "opsec/v1/admin.proto",
    "opsec/v1/analysis.proto",
    "opsec/v1/attestation.proto",
    "opsec/v1/baseline.proto",
    "opsec/v1/check.proto",
    "opsec/v1/cluster.proto",
    "opsec/v1/posture.proto",
    "opsec/v1/probe.proto",
    "opsec/v1/remediation.proto",
    "opsec/v1/report.proto",
    "opsec/v1/snapshot.proto",
];

/// Writes the generated code of the protos and their descriptors.
///
/// # Errors
/// When a proto does not compile or a file cannot be written.
pub(crate) fn protos() -> Result<(), String> {
    generate(&root().join("gen"), &root().join("docs"))
}

/// Fails when the generated code that is checked in differs from what the protos give.
///
/// # Errors
/// When it differs, naming the first file, and when a proto does not compile.
pub(crate) fn check() -> Result<(), String> {
    let fresh = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
    let (code, docs) = (fresh.path().join("gen"), fresh.path().join("docs"));
    generate(&code, &docs)?;
    for (folder, fresh) in [("gen", code), ("docs", docs)] {
        let expected = contents(&fresh)?;
        let found = contents(&root().join(folder))?;
        for name in expected.keys().chain(found.keys()) {
            if expected.get(name) != found.get(name) {
                return Err(format!(
                    "proto/{folder}/{name} is not up to date; run `cargo xtask gen`"
                ));
            }
        }
    }
    Ok(())
}

fn generate(directory: &Path, docs: &Path) -> Result<(), String> {
    for directory in [directory, docs] {
        std::fs::create_dir_all(directory)
            .map_err(|error| format!("cannot create {}: {error}", directory.display()))?;
    }
    let descriptors =
        protox::compile(PROTOS, [root()]).map_err(|error| format!("protos: {error}"))?;
    for (name, page) in reference::pages(&descriptors) {
        let path = docs.join(name);
        std::fs::write(&path, page)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    let binary = directory.join("descriptor.bin");
    std::fs::write(&binary, descriptors.encode_to_vec())
        .map_err(|error| format!("cannot write {}: {error}", binary.display()))?;
    tonic_prost_build::configure()
        .out_dir(directory)
        .bytes(".")
        .btree_map(".")
        .compile_fds(descriptors)
        .map_err(|error| format!("protos: {error}"))
}

fn contents(directory: &Path) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let failed = |error| format!("cannot read {}: {error}", directory.display());
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let content = std::fs::read(entry.path()).map_err(failed)?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), content);
    }
    Ok(files)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto")
}
