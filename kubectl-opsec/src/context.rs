//! What the command line and the environment come to, resolved once.

use std::io;
use std::path::PathBuf;

use anstream::{AutoStream, ColorChoice};
use opsec_render::Options;

use crate::args::{Args, ColorArg};
use crate::endpoint::{ConfigError, Endpoint};

/// Columns where there is no terminal.
const COLUMNS: usize = 100;

/// What holds for the run.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// Where baselines are kept; absent where the system has no place for a user's data.
    pub(crate) data_dir: Option<PathBuf>,
    /// The service that is asked; absent: the one of this process.
    pub(crate) endpoint: Option<Endpoint>,
    /// The cluster's id, where a person says it.
    pub(crate) cluster: Option<String>,
    /// How to lay text out.
    pub(crate) layout: Options,
    /// How much to say about errors.
    pub(crate) verbosity: u8,
}

impl Context {
    /// Resolves options over the environment over the configuration file over defaults.
    ///
    /// # Errors
    /// When the configuration file cannot be used.
    pub(crate) fn resolve(args: &Args) -> Result<Self, ConfigError> {
        let general = &args.general;
        let data_dir = general.data_dir.clone().or_else(|| {
            directories::ProjectDirs::from("dev", "", "kubectl-opsec")
                .map(|directories| directories.data_dir().to_owned())
        });
        let layout = Options {
            width: columns(),
            color: color(general.color),
            ..Options::default()
        };
        let endpoint = Endpoint::resolve(&general.server)?;
        let configured = endpoint.as_ref().and_then(|one| one.cluster.clone());
        Ok(Self {
            cluster: general.server.cluster.clone().or(configured),
            endpoint,
            data_dir,
            layout,
            verbosity: general.verbosity,
        })
    }
}

fn columns() -> usize {
    terminal_size::terminal_size_of(io::stdout())
        .map_or(COLUMNS, |(width, _)| usize::from(width.0))
        .max(1)
}

fn color(choice: ColorArg) -> bool {
    match choice {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
    }
}
