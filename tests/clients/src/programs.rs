//! Where things are: the repository, and the programs of this workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::ClientError;

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folder that the protos are relative to.
pub fn proto() -> PathBuf {
    repository().join("proto")
}

/// The plugin.
///
/// # Errors
/// When it is not there and does not build.
pub fn plugin() -> Result<PathBuf, ClientError> {
    program("kubectl-opsec")
}

/// The service.
///
/// # Errors
/// When it is not there and does not build.
pub fn service() -> Result<PathBuf, ClientError> {
    program("opsec-server")
}

/// Where tools are kept between runs.
pub(crate) fn tools() -> PathBuf {
    target().join("tools")
}

/// A program of this workspace. A test of the whole workspace has built it before it runs anything,
/// and built anew alone it would be with other features of what it rests on, which takes minutes:
/// so it is built here only where it is absent.
pub(crate) fn program(name: &'static str) -> Result<PathBuf, ClientError> {
    let path = profile().join(name);
    if path.is_file() {
        return Ok(path);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .current_dir(repository())
        .args(["build", "--quiet", "--package", name]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    run(&mut build, name)?;
    Ok(path)
}

/// Runs a program to its end; what it printed.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<String, ClientError> {
    let path = PathBuf::from(command.get_program());
    let output = command
        .output()
        .map_err(|source| ClientError::file("run", &path, source))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(ClientError::Failed {
        what: what.to_owned(),
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The folder of this build's programs: that of the running test, without its last folder.
fn profile() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    let folder = test.parent().and_then(Path::parent);
    folder.map_or_else(|| repository().join("target/debug"), Path::to_owned)
}

/// The directory that cargo builds into: it marks it as one.
fn target() -> PathBuf {
    let profile = profile();
    let mut above = profile.ancestors();
    let marked = above.find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.map_or_else(|| repository().join("target"), Path::to_owned)
}
