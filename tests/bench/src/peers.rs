//! Other programs, measured on the same files. What they are and how they are called is data:
//! `peers/peers.json`.

mod build;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::measure::Invocation;

pub(crate) use build::Unavailable;

/// What two programs are given alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Story {
    /// One operator's manifests to verdicts.
    OneOperator,
    /// The manifests of all operators of the corpus.
    Corpus,
    /// Policies to connections.
    Reach,
}

/// How to see that a peer did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Counting {
    /// A JSON list of objects.
    ScoredObjects,
    /// Lines with an arrow.
    ArrowLines,
}

/// A program that does the like.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Peer {
    pub(crate) name: String,
    /// The environment variable that names a program to take.
    pub(crate) program: String,
    /// How it is built when none is named; without, only a named one is measured.
    #[serde(default)]
    pub(crate) go: Option<GoModule>,
    pub(crate) beside: Vec<Story>,
    /// `{files}` stands for every file, `{folder}` for their folder.
    arguments: Vec<String>,
    /// Exit statuses of a run that did its work.
    pub(crate) statuses: Vec<i32>,
    pub(crate) counts: Counting,
}

/// A module that pins a peer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoModule {
    /// Below `peers/`.
    pub(crate) folder: String,
    /// The package of its program.
    pub(crate) package: String,
    /// The version that the module requires.
    pub(crate) version: String,
}

/// Every peer.
///
/// # Errors
/// When the data is not as declared.
pub(crate) fn all() -> Result<Vec<Peer>, String> {
    serde_json::from_str(include_str!("../peers/peers.json"))
        .map_err(|error| format!("peers.json: {error}"))
}

impl Peer {
    /// Its program: the one that the environment names, else the one built for it, once.
    ///
    /// # Errors
    /// When there is neither.
    pub(crate) fn program(&self, tools: &Path) -> Result<PathBuf, Unavailable> {
        if let Some(named) = std::env::var_os(&self.program) {
            return Ok(PathBuf::from(named));
        }
        build::built(self, tools)
    }

    /// The command over these files.
    pub(crate) fn command(&self, program: &Path, folder: &Path, files: &[PathBuf]) -> Invocation {
        let mut arguments = Vec::new();
        for argument in &self.arguments {
            match argument.as_str() {
                "{files}" => arguments.extend(files.iter().map(|file| file.display().to_string())),
                "{folder}" => arguments.push(folder.display().to_string()),
                _ => arguments.push(argument.clone()),
            }
        }
        let program = program.to_owned();
        Invocation { program, arguments }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_module_requires_is_the_version_that_is_named_and_each_sum_is_checked_in() {
        let mut modules = 0;
        for peer in all().unwrap() {
            let Some(go) = &peer.go else { continue };
            let folder = build::folder(go);
            let module = std::fs::read_to_string(folder.join("go.mod")).unwrap();
            let required = module
                .lines()
                .filter_map(|line| line.trim().split_once(' '))
                .any(|(path, rest)| {
                    let version = rest.split(' ').next().unwrap_or_default();
                    go.package.starts_with(path) && version == format!("v{}", go.version)
                });
            assert!(required, "{} {}", go.package, go.version);
            assert!(module.contains(&format!("tool {}", go.package)));
            assert!(folder.join("go.sum").is_file());
            modules += 1;
        }
        assert_eq!(modules, 2);
    }

    #[test]
    fn files_and_folder_are_filled_in() {
        let peers = all().unwrap();
        let files = [PathBuf::from("d/a.yaml"), PathBuf::from("d/b.yaml")];
        for peer in &peers {
            let command = peer.command(Path::new("p"), Path::new("d"), &files);
            let words = command.arguments.join(" ");
            assert!(words.ends_with("d/a.yaml d/b.yaml") || words.contains("d --quiet"));
            assert!(!words.contains('{'), "{words}");
        }
    }
}
