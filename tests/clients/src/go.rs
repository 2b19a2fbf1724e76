//! Tools built with Go, from the modules that `go/` pins by go.sum.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::ClientError;
use crate::programs::{run, tools};

/// grpcurl: calls a service by its reflection.
///
/// # Errors
/// When Go is missing, or it does not build.
pub fn grpcurl() -> Result<PathBuf, ClientError> {
    built("grpcurl", "github.com/fullstorydev/grpcurl/cmd/grpcurl")
}

/// buf: lints protos.
///
/// # Errors
/// When Go is missing, or it does not build.
pub fn buf() -> Result<PathBuf, ClientError> {
    built("buf", "github.com/bufbuild/buf/cmd/buf")
}

/// ghz: calls a service as often as it can, and says how long that took.
///
/// # Errors
/// When Go is missing, or it does not build.
pub fn ghz() -> Result<PathBuf, ClientError> {
    built("ghz", "github.com/bojand/ghz/cmd/ghz")
}

/// cosign: verifies envelopes by a public key, as whoever admits images does.
///
/// # Errors
/// When Go is missing, or it does not build.
pub fn cosign() -> Result<PathBuf, ClientError> {
    built("cosign", "github.com/sigstore/cosign/v3/cmd/cosign")
}

/// Builds a tool, unless it was built from the same modules already; one process at a time.
fn built(name: &'static str, package: &str) -> Result<PathBuf, ClientError> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("go").join(name);
    let pinned = module.join("go.sum");
    let sums = std::fs::read(&pinned).map_err(|error| ClientError::file("read", &pinned, error))?;
    let folder = tools().join(format!("{name}-{:08x}", checksum(&sums)));
    let program = folder.join(name);
    std::fs::create_dir_all(&folder)
        .map_err(|error| ClientError::file("create", &folder, error))?;
    let path = folder.join("build.lock");
    let lock = File::create(&path).map_err(|error| ClientError::file("create", &path, error))?;
    lock.lock()
        .map_err(|error| ClientError::file("lock", &path, error))?;
    if program.is_file() {
        return Ok(program);
    }
    if Command::new("go").arg("version").output().is_err() {
        return Err(ClientError::Missing {
            program: "go",
            advice: "tools of the tests are built with it, https://go.dev/doc/install",
        });
    }
    let mut build = Command::new("go");
    build
        .current_dir(&module)
        .env("CGO_ENABLED", "0")
        .args(["build", "-trimpath", "-ldflags", "-s -w", "-o"])
        .arg(&program)
        .arg(package);
    run(&mut build, &format!("go build {package}"))?;
    Ok(program)
}

/// FNV-1a: only tells one list of modules from another.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash: u32, &byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
