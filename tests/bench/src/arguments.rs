//! What `cargo xtask bench` was asked, and where it built things.

use std::path::PathBuf;

/// Runs of each command, unless said otherwise.
const RUNS: usize = 9;

const USAGE: &str = "\
usage: cargo xtask bench [--live] [--runs N] [--without-peers] [--json FILE]

  --live            a check of a large cluster alone, beside kubectl get; it is made first, which
                    takes minutes
  --runs N          runs of each command; slow commands stop sooner, after no less than three [9]
  --without-peers   our own figures alone
  --json FILE       the same figures for a program";

/// The arguments.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// The plugin, optimised.
    pub(crate) plugin: PathBuf,
    /// Where peers are built, once.
    pub(crate) tools: PathBuf,
    pub(crate) runs: usize,
    pub(crate) with_peers: bool,
    /// Whether a large cluster is checked, and nothing else measured.
    pub(crate) live: bool,
    pub(crate) json: Option<PathBuf>,
}

impl Arguments {
    /// Reads them.
    ///
    /// # Errors
    /// With how it is used.
    pub(crate) fn parse(given: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut given = given.into_iter();
        let (mut plugin, mut tools, mut json) = (None, None, None);
        let (mut runs, mut with_peers, mut live) = (RUNS, true, false);
        while let Some(option) = given.next() {
            let mut value = || given.next().ok_or_else(|| USAGE.to_owned());
            match option.as_str() {
                "--plugin" => plugin = Some(PathBuf::from(value()?)),
                "--tools" => tools = Some(PathBuf::from(value()?)),
                "--json" => json = Some(PathBuf::from(value()?)),
                "--runs" => runs = number(&value()?)?,
                "--live" => live = true,
                "--without-peers" => with_peers = false,
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(Self {
            plugin: plugin.ok_or(USAGE)?,
            tools: tools.ok_or(USAGE)?,
            runs,
            with_peers,
            live,
            json,
        })
    }
}

fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=1000) => Ok(number),
        _ => Err(format!("--runs is a number from 1 to 1000, not `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Arguments, String> {
        Arguments::parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_and_what_is_none_says_how_it_is_used() {
        let found = parse("--plugin p --tools t --runs 3 --without-peers --json f").unwrap();
        assert_eq!(found.runs, 3);
        assert!(!found.with_peers);
        assert_eq!(found.json, Some(PathBuf::from("f")));
        assert!(parse("--plugin p --tools t").unwrap().with_peers);
        for wrong in ["", "--plugin p", "--plugin p --tools t --fast", "--plugin"] {
            assert_eq!(parse(wrong), Err(USAGE.to_owned()), "{wrong}");
        }
        for wrong in ["0", "-1", "many", "1001"] {
            let said = parse(&format!("--plugin p --tools t --runs {wrong}")).unwrap_err();
            assert!(said.contains(wrong), "{said}");
        }
    }
}
