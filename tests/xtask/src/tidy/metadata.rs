//! What cargo says of the workspace: its crates, where they are, what they depend on.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::workspace::{cargo, output, root};

/// A crate of the workspace.
pub(crate) struct Member {
    pub(crate) name: String,
    /// Its folder below the workspace's, with `/`.
    pub(crate) folder: String,
    /// Names of its normal and build dependencies; those of tests alone are left out.
    pub(crate) dependencies: BTreeSet<String>,
}

/// The crates of the workspace.
///
/// # Errors
/// When cargo fails or answers in another shape.
pub(crate) fn members() -> Result<Vec<Member>, String> {
    let answer = metadata(&["--no-deps"])?;
    items(&answer, "packages")?.iter().map(member).collect()
}

fn member(package: &Value) -> Result<Member, String> {
    let manifest = Path::new(text(package, "manifest_path")?);
    let folder = manifest.parent().unwrap_or(manifest);
    let folder = folder.strip_prefix(root()).unwrap_or(folder);
    let mut dependencies = BTreeSet::new();
    for dependency in items(package, "dependencies")? {
        if dependency.get("kind").and_then(Value::as_str) != Some("dev") {
            dependencies.insert(text(dependency, "name")?.to_owned());
        }
    }
    Ok(Member {
        name: text(package, "name")?.to_owned(),
        folder: folder.to_string_lossy().replace('\\', "/"),
        dependencies,
    })
}

/// The packages that the code of a crate links to, directly or not, as it is built by itself. Code
/// that runs while building, and that of tests, is left out.
///
/// # Errors
/// When cargo fails.
pub(crate) fn linked(name: &str) -> Result<BTreeSet<String>, String> {
    let mut command = cargo();
    command.args(["tree", "--locked", "--prefix", "none", "--package", name]);
    let said = output(command.args(["--edges", "normal,no-proc-macro"]))?;
    let first_words = said.lines().filter_map(|line| line.split(' ').next());
    Ok(first_words.map(str::to_owned).collect())
}

fn metadata(arguments: &[&str]) -> Result<Value, String> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1"]);
    let said = output(command.args(arguments))?;
    serde_json::from_str(&said).map_err(|error| format!("cargo metadata: {error}"))
}

fn items<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], String> {
    value
        .get(key)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .ok_or_else(|| format!("cargo metadata: no list `{key}`"))
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str, String> {
    value
        .get(key)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("cargo metadata: no text `{key}`"))
}
