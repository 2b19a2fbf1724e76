//! Building the programs with Go, from modules that `go/` pins by go.sum.
//!
//! The release that this project judges against is built from the checked-in go.mod. Another one
//! is built from a go.mod made here the same way: Kubernetes' own go.mod points at folders of its
//! repository (`./staging/src/k8s.io/…`), and those modules are published under `v0.MINOR.PATCH`.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use opsec_kubernetes::RELEASE;

use crate::assets::KUBECTL;
use crate::error::TestbedError;

/// The least version of Go that builds this release.
const MINIMUM: &str = "1.26";

/// Builds what is not in the folder yet, one process at a time.
pub(crate) fn build_missing(folder: &Path, release: &str) -> Result<(), TestbedError> {
    let present = |name: &str| folder.join(name).is_file();
    if crate::assets::PROGRAMS.iter().all(|name| present(name)) {
        return Ok(());
    }
    let _alone = alone(folder)?;
    let kubernetes = module_of(folder, release)?;
    for program in ["kube-apiserver", "kube-controller-manager"] {
        if !present(program) {
            build_of_kubernetes(&kubernetes, program, folder, release)?;
        }
    }
    if !present("etcd") {
        let package = "go.etcd.io/etcd/server/v3";
        build(&checked_in("etcd"), package, &folder.join("etcd"), "-s -w")?;
    }
    Ok(())
}

/// Builds kubectl where it is not in the folder yet.
pub(crate) fn build_kubectl(folder: &Path, release: &str) -> Result<(), TestbedError> {
    let _alone = alone(folder)?;
    if folder.join(KUBECTL).is_file() {
        return Ok(());
    }
    let kubernetes = module_of(folder, release)?;
    build_of_kubernetes(&kubernetes, KUBECTL, folder, release)
}

/// The only process that builds into the folder, while the answer is held.
fn alone(folder: &Path) -> Result<File, TestbedError> {
    std::fs::create_dir_all(folder).map_err(TestbedError::file("create", folder))?;
    let path = folder.join("build.lock");
    let lock = File::create(&path).map_err(TestbedError::file("create", &path))?;
    lock.lock().map_err(TestbedError::file("lock", &path))?;
    require_go()?;
    Ok(lock)
}

/// A program of Kubernetes' repository.
fn build_of_kubernetes(
    module: &Path,
    program: &str,
    folder: &Path,
    release: &str,
) -> Result<(), TestbedError> {
    let package = format!("k8s.io/kubernetes/cmd/{program}");
    build(module, &package, &folder.join(program), &stamp(release))
}

fn require_go() -> Result<(), TestbedError> {
    match Command::new("go").arg("version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(TestbedError::NoGo { minimum: MINIMUM }),
    }
}

/// The linker flags that make a program say its release.
fn stamp(release: &str) -> String {
    let mut numbers = release.split('.');
    let (major, minor) = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    let version = "k8s.io/component-base/version";
    format!(
        "-s -w -X {version}.gitVersion=v{release} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}"
    )
}

fn checked_in(module: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("go")
        .join(module)
}

/// The folder of the module that Kubernetes is built in.
fn module_of(folder: &Path, release: &str) -> Result<PathBuf, TestbedError> {
    let pinned = checked_in("kubernetes");
    if release == RELEASE {
        return Ok(pinned);
    }
    let module = folder.join("module");
    std::fs::create_dir_all(&module).map_err(TestbedError::file("create", &module))?;
    let tools = pinned.join("tools.go");
    std::fs::copy(&tools, module.join("tools.go")).map_err(TestbedError::file("copy", tools))?;
    let text = go_mod(&published(release)?, release);
    let path = module.join("go.mod");
    std::fs::write(&path, text).map_err(TestbedError::file("write", path))?;
    run(&module, &["mod", "tidy"], "k8s.io/kubernetes")?;
    Ok(module)
}

/// Kubernetes' own go.mod, as it is published.
fn published(release: &str) -> Result<String, TestbedError> {
    let module = format!("k8s.io/kubernetes@v{release}");
    let answer = run(
        &std::env::temp_dir(),
        &["mod", "download", "-json", &module],
        &module,
    )?;
    let answer: serde_json::Value =
        serde_json::from_str(&answer).map_err(|error| TestbedError::Build {
            program: module.clone(),
            message: error.to_string(),
        })?;
    let path = answer
        .get("GoMod")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    std::fs::read_to_string(path).map_err(TestbedError::file("read", path))
}

/// A go.mod that builds Kubernetes from published modules.
fn go_mod(published: &str, release: &str) -> String {
    let staging = release
        .split_once('.')
        .map_or(release, |(_, minor_and_patch)| minor_and_patch);
    let go = published
        .lines()
        .find_map(|line| line.strip_prefix("go "))
        .unwrap_or(MINIMUM);
    let mut text = format!(
        "module kubectl-opsec.dev/testbed/kubernetes\n\ngo {go}\n\nrequire k8s.io/kubernetes v{release}\n\nreplace (\n"
    );
    for line in published.lines() {
        let replaced = line.trim().trim_start_matches("replace ");
        if let Some((module, target)) = replaced.split_once(" => ")
            && target.starts_with("./staging/")
        {
            // Writing to a String does not fail.
            let _ = writeln!(text, "\t{module} => {module} v0.{staging}");
        }
    }
    text.push_str(")\n");
    text
}

/// Builds a program under another name first, so that a build that is broken off leaves nothing
/// that looks like a program.
fn build(module: &Path, package: &str, program: &Path, flags: &str) -> Result<(), TestbedError> {
    let unfinished = program.with_extension("unfinished");
    let output = unfinished.to_string_lossy().into_owned();
    run(
        module,
        &[
            "build",
            "-trimpath",
            "-ldflags",
            flags,
            "-o",
            &output,
            package,
        ],
        package,
    )?;
    std::fs::rename(&unfinished, program).map_err(TestbedError::file("rename", unfinished))
}

fn run(folder: &Path, arguments: &[&str], about: &str) -> Result<String, TestbedError> {
    let output = Command::new("go")
        .args(arguments)
        .current_dir(folder)
        // A program that needs no C library of the machine.
        .env("CGO_ENABLED", "0")
        .output()
        .map_err(|_| TestbedError::NoGo { minimum: MINIMUM })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(TestbedError::Build {
        program: about.to_owned(),
        message: end(&String::from_utf8_lossy(&output.stderr), 12),
    })
}

/// The last lines of a text.
pub(crate) fn end(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let from = all.len().saturating_sub(lines);
    all.get(from..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_the_repository_become_published_ones_and_others_stay_out() {
        let published = "module k8s.io/kubernetes\n\ngo 1.26.0\n\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n\tk8s.io/x => ../elsewhere\n)\nreplace k8s.io/metrics => ./staging/src/k8s.io/metrics\n";
        let text = go_mod(published, "1.37.2");
        assert!(text.contains("\ngo 1.26.0\n"), "{text}");
        assert!(
            text.contains("require k8s.io/kubernetes v1.37.2\n"),
            "{text}"
        );
        assert!(
            text.contains("\tk8s.io/api => k8s.io/api v0.37.2\n"),
            "{text}"
        );
        assert!(
            text.contains("\tk8s.io/metrics => k8s.io/metrics v0.37.2\n"),
            "{text}"
        );
        assert!(!text.contains("elsewhere"), "{text}");
    }

    #[test]
    fn the_checked_in_module_is_of_the_release_that_is_judged_against() {
        let text = std::fs::read_to_string(checked_in("kubernetes").join("go.mod")).unwrap();
        let required = format!("k8s.io/kubernetes v{RELEASE}\n");
        assert!(
            text.contains(&required),
            "go.mod does not require {required}"
        );
    }

    #[test]
    fn a_program_says_its_release() {
        let flags = stamp("1.36.3");
        assert!(flags.contains("gitVersion=v1.36.3 "), "{flags}");
        assert!(flags.ends_with("gitMinor=36"), "{flags}");
    }

    #[test]
    fn of_a_long_log_the_end_is_kept() {
        assert_eq!(end("a\nb\nc", 2), "b\nc");
        assert_eq!(end("a", 2), "a");
    }
}
