//! What no file says: where it was written, by whom, with what. A reader has only the tree.

use super::complaint::Complaint;
use super::sources::{self, Source};

/// Module names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "common", "helpers", "manager", "misc"];

/// Starts of paths that exist on one machine only.
const MACHINE_PATHS: [&str; 4] = ["/home/", "/Users/", "/root/", "file:///"];

/// Words that belong to how a text came about and not to what it says; whole words, in any case.
const WORDS: [&str; 2] = ["fixme", "wip"];

/// The same, as parts of sentences.
const PHRASES: [&str; 2] = ["issue #", "work in progress"];

/// What in cargo's configuration would have dependencies from elsewhere than crates.io.
const REGISTRIES: [&str; 4] = ["[source.", "[registries.", "replace-with", "artifactory"];

/// Lines that say it all the same, each with its reason: file, part of the line, reason.
const EXCEPTIONS: [(&str, &str, &str); 2] = [
    (
        "shared/engines/pod-security/src/node_access.rs",
        "\"/root/.ssh\"",
        "a folder of any node, which a pod may mount",
    ),
    ("tests/xtask/src/tidy/words.rs", "", "names what it forbids"),
];

/// Names and lines that should not be.
///
/// # Errors
/// When the tree cannot be read.
pub(crate) fn complaints() -> Result<Vec<Complaint>, String> {
    let mut found = Vec::new();
    for file in sources::all()? {
        found.extend(name(&file.path));
        if file.path == "Cargo.lock" {
            found.extend(sources_of_packages(&file));
        } else if file.is_generated() {
            found.extend(lines(&file, machine_path));
        } else if file.extension() == Some("toml") {
            found.extend(lines(&file, said_in_configuration));
        } else {
            found.extend(lines(&file, said));
        }
    }
    Ok(found)
}

fn name(path: &str) -> Option<Complaint> {
    let rust = path.strip_suffix(".rs")?;
    let empty = rust.split('/').find(|part| EMPTY_NAMES.contains(part))?;
    Some(Complaint::of(
        path,
        format!("`{empty}` says nothing of what is inside; name the idea"),
    ))
}

fn lines(file: &Source, said: fn(&str) -> Option<&'static str>) -> Vec<Complaint> {
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let excepted = EXCEPTIONS
            .iter()
            .any(|(path, part, _)| *path == file.path && line.contains(part));
        if excepted {
            continue;
        }
        if let Some(what) = said(line) {
            let place = format!("{}:{}", file.path, number + 1);
            found.push(Complaint::of(&place, format!("says `{what}`")));
        }
    }
    found
}

/// What the line says that it should not.
fn said(line: &str) -> Option<&'static str> {
    let lower = line.to_lowercase();
    let words: Vec<&str> = lower
        .split(|letter: char| !letter.is_alphanumeric() && letter != '-' && letter != '_')
        .collect();
    let word = WORDS.into_iter().find(|word| words.contains(word));
    let phrase = PHRASES.into_iter().find(|phrase| lower.contains(phrase));
    word.or(phrase).or_else(|| machine_path(line))
}

/// What a line of cargo's configuration says that it should not.
fn said_in_configuration(line: &str) -> Option<&'static str> {
    let registry = REGISTRIES.into_iter().find(|part| line.contains(part));
    registry.or_else(|| said(line))
}

/// The start of a path that exists on one machine only.
fn machine_path(line: &str) -> Option<&'static str> {
    MACHINE_PATHS
        .into_iter()
        .find(|path| begins_a_path(line, path))
}

/// Whether the path stands at the beginning of one, not within a longer path or an address.
fn begins_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|letter| !letter.is_alphanumeric() && !"./_-}".contains(letter))
    })
}

/// Every package of the lock file comes from here or from crates.io.
fn sources_of_packages(lock: &Source) -> Vec<Complaint> {
    let official = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    lock.text
        .lines()
        .filter(|line| line.starts_with("source = ") && *line != official)
        .map(|line| Complaint::of(&lock.path, format!("{line} is not crates.io")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_and_paths_begin() {
        assert_eq!(said("FIXME: later"), Some("fixme"));
        assert_eq!(said("let wiped = true;"), None);
        assert_eq!(said("see /home/someone/notes"), Some("/home/"));
        assert_eq!(said("https://example.com/home/page"), None);
        assert_eq!(said("as in Issue #7"), Some("issue #"));
    }

    #[test]
    fn configuration_names_no_other_registry() {
        assert_eq!(said_in_configuration("[source.mirror]"), Some("[source."));
        assert_eq!(said_in_configuration("[alias]"), None);
    }

    #[test]
    fn a_module_is_named_after_its_idea() {
        assert!(name("shared/facts/src/utils.rs").is_some());
        assert!(name("shared/facts/src/helpers/pods.rs").is_some());
        assert_eq!(name("shared/facts/src/pods.rs"), None);
        assert_eq!(name("deploy/common/role.yaml"), None);
    }

    #[test]
    fn packages_come_from_crates_io() {
        let lock = |source: &str| {
            sources_of_packages(&Source {
                path: "Cargo.lock".to_owned(),
                text: format!("name = \"a\"\nsource = \"{source}\"\n"),
            })
        };
        let official = "registry+https://github.com/rust-lang/crates.io-index";
        assert_eq!(lock(official), []);
        assert_eq!(lock("git+https://example.com/a").len(), 1);
        assert_eq!(lock("sparse+https://mirror.example.com/").len(), 1);
    }
}
