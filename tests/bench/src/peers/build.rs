//! Building a peer, once for each version.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{GoModule, Peer};
use crate::say;

/// Why a peer is not measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unavailable {
    /// What is missing and what to do.
    pub(crate) reason: String,
    /// Whether it should have been there.
    pub(crate) expected: bool,
}

/// The peer's program below the folder of tools, which it is built into when it is not there.
///
/// # Errors
/// When nothing says how it is built, or it does not build.
pub(super) fn built(peer: &Peer, tools: &Path) -> Result<PathBuf, Unavailable> {
    let variable = &peer.program;
    let Some(go) = &peer.go else {
        return Err(Unavailable {
            reason: format!("name the program by {variable}"),
            expected: false,
        });
    };
    let path = tools
        .join(format!("{}-{}", peer.name, go.version))
        .join(format!("{}{}", peer.name, std::env::consts::EXE_SUFFIX));
    if !path.is_file() {
        say(&format!("   building {} {}, once", peer.name, go.version));
        build(go, &path).map_err(|why| Unavailable {
            reason: format!("{why}; or name a {} by {variable}", peer.name),
            expected: true,
        })?;
    }
    Ok(path)
}

/// The folder of a module.
pub(super) fn folder(go: &GoModule) -> PathBuf {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    peers.join(&go.folder)
}

/// Modules come from where this machine's Go has them from; what they are is checked against the
/// sums that are checked in.
fn build(go: &GoModule, path: &Path) -> Result<(), String> {
    // A build that is interrupted leaves nothing at the path.
    let partial = path.with_extension("partial");
    let built = Command::new("go")
        .current_dir(folder(go))
        .args(["build", "-trimpath", "-mod=readonly", "-o"])
        .arg(&partial)
        .arg(&go.package)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .output()
        .map_err(|error| format!("`go` does not start ({error}): install Go 1.24 or newer"))?;
    if !built.status.success() {
        let said = String::from_utf8_lossy(&built.stderr);
        let last = said.trim().lines().last().unwrap_or("it says nothing");
        return Err(format!(
            "`go build` failed ({last}): it needs the modules of go.sum, by GOPROXY or its cache"
        ));
    }
    std::fs::rename(&partial, path).map_err(|error| format!("`{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_there_is_not_built_again_and_one_nobody_builds_is_asked_for() {
        let tools = tempfile::tempdir().unwrap();
        for peer in super::super::all().unwrap() {
            let found = match &peer.go {
                Some(go) => {
                    let folder = tools.path().join(format!("{}-{}", peer.name, go.version));
                    std::fs::create_dir(&folder).unwrap();
                    let program = format!("{}{}", peer.name, std::env::consts::EXE_SUFFIX);
                    std::fs::write(folder.join(&program), "").unwrap();
                    built(&peer, tools.path()) == Ok(folder.join(program))
                }
                None => built(&peer, tools.path())
                    .is_err_and(|why| why.reason.contains(&peer.program) && !why.expected),
            };
            assert!(found, "{}", peer.name);
        }
    }
}
