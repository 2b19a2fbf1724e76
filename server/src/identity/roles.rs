//! `roles.toml`: bindings of roles. It is refused whole when anything in it is not understood.

use std::collections::BTreeSet;

use opsec_access::{BindingText, Bindings};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    binding: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    role: String,
    subjects: Vec<String>,
    #[serde(default)]
    clusters: Vec<String>,
    #[serde(default)]
    operators: Vec<String>,
    #[serde(default)]
    baselines: Vec<String>,
}

/// Reads bindings.
///
/// # Errors
/// When a key, a role, a subject or an authenticator is not known, or something stands twice.
pub(crate) fn read(text: &str, authenticators: &BTreeSet<String>) -> Result<Bindings, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let texts: Vec<BindingText> = file
        .binding
        .into_iter()
        .map(|entry| BindingText {
            role: entry.role,
            subjects: entry.subjects,
            clusters: entry.clusters,
            operators: entry.operators,
            baselines: entry.baselines,
        })
        .collect();
    Bindings::read(&texts, authenticators).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_an_unknown_key_is_refused_whole() {
        let names = BTreeSet::from(["corp".to_owned()]);
        let good = "[[binding]]\nrole = \"viewer\"\nsubjects = [\"corp/user:jane\"]\n";
        assert_eq!(read(good, &names).unwrap().len(), 1);
        assert!(read("", &names).unwrap().is_empty());
        for (bad, said) in [
            (
                "[[binding]]\nrole = \"viewer\"\nsubject = [\"corp/user:jane\"]\n",
                "subject",
            ),
            ("[[bindings]]\n", "bindings"),
            (
                "[[binding]]\nrole = \"root\"\nsubjects = [\"corp/user:joe\"]\n",
                "no role `root`",
            ),
            (
                "[[binding]]\nrole = \"viewer\"\nsubjects = [\"x/user:joe\"]\n",
                "called `x`",
            ),
        ] {
            let error = read(&format!("{good}{bad}"), &names).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
