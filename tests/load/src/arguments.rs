//! What `cargo xtask bench server` was asked.

use std::path::PathBuf;

const USAGE: &str = "\
usage: cargo xtask bench server [--seconds N] [--connections N] [--in-flight N] [--baselines N]
                              [--overload]

  --seconds N       how long each is asked [10]
  --connections N   connections [4]
  --in-flight N     calls at once on each [8]
  --baselines N     baselines that the service holds [10000]
  --overload        ask three times as much as the service answers, and say what it answers then;
                    the service has one processor, and what asks the others";

/// The arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) server: PathBuf,
    pub(crate) seconds: u64,
    pub(crate) connections: usize,
    pub(crate) in_flight: usize,
    pub(crate) baselines: usize,
    pub(crate) overload: bool,
}

impl Arguments {
    /// Reads them.
    pub(crate) fn parse(given: Vec<String>) -> Result<Self, String> {
        let mut arguments = Self {
            server: PathBuf::new(),
            seconds: 10,
            connections: 4,
            in_flight: 8,
            baselines: 10_000,
            overload: false,
        };
        let mut given = given.into_iter();
        while let Some(name) = given.next() {
            if name == "--overload" {
                arguments.overload = true;
                continue;
            }
            let value = given.next().ok_or(USAGE)?;
            let number = || {
                value
                    .parse()
                    .map_err(|_| format!("{name} {value}\n{USAGE}"))
            };
            match name.as_str() {
                "--server" => arguments.server = PathBuf::from(value),
                "--seconds" => arguments.seconds = number()?,
                "--connections" => arguments.connections = usize::try_from(number()?).unwrap_or(1),
                "--in-flight" => arguments.in_flight = usize::try_from(number()?).unwrap_or(1),
                "--baselines" => arguments.baselines = usize::try_from(number()?).unwrap_or(0),
                _ => return Err(format!("{name} is not known\n{USAGE}")),
            }
        }
        Ok(arguments)
    }
}
