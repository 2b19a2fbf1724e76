//! What `cargo xtask bench server` was asked.

use std::path::PathBuf;

const USAGE: &str = "\
usage: cargo xtask bench server [--seconds N] [--connections N] [--in-flight N] [--baselines N]
                              [--ghz | --overload]

  --seconds N       how long each is asked [10]
  --connections N   connections [4]
  --in-flight N     calls at once on each [8]
  --baselines N     baselines that the service holds [10000]
  --ghz             have ghz ask too, a program of others, built with Go
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
    pub(crate) ghz: bool,
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
            ghz: false,
        };
        let mut given = given.into_iter();
        while let Some(name) = given.next() {
            match name.as_str() {
                "--overload" => arguments.overload = true,
                "--ghz" => arguments.ghz = true,
                _ => arguments.take(&name, &given.next().ok_or(USAGE)?)?,
            }
        }
        Ok(arguments)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = || {
            let number: Result<usize, _> = value.parse();
            number.map_err(|_| format!("{name} {value}\n{USAGE}"))
        };
        match name {
            "--server" => self.server = PathBuf::from(value),
            "--seconds" => self.seconds = u64::try_from(number()?).unwrap_or(1),
            "--connections" => self.connections = number()?,
            "--in-flight" => self.in_flight = number()?,
            "--baselines" => self.baselines = number()?,
            _ => return Err(format!("{name} is not known\n{USAGE}")),
        }
        Ok(())
    }
}
