//! `explain`, `version` and `completion`.

use clap::{Args, ValueEnum};

use super::analysis::AnswerArgs;
use super::help;

/// Explain a practice, a rule or a right, with bad and good YAML
#[derive(Debug, Args)]
#[command(before_help = help::EXPLAIN, help_template = help::TEMPLATE)]
pub(crate) struct ExplainArgs {
    /// A practice (3), a rule (OPSEC306, or its slug) or a right (ESC-BIND) [default: list them]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) output: AnswerArgs,
}

/// Print the version, and what is judged by
#[derive(Debug, Args)]
#[command(before_help = help::VERSION, help_template = help::TEMPLATE)]
pub(crate) struct VersionArgs {
    #[command(flatten)]
    pub(crate) output: AnswerArgs,
}

/// Print a script by which a shell, or kubectl, completes what is typed
#[derive(Debug, Args)]
#[command(
    before_help = help::COMPLETION,
    after_help = help::COMPLETION_AFTER,
    help_template = help::TEMPLATE
)]
pub(crate) struct CompletionArgs {
    /// bash, zsh, fish or powershell, for kubectl-opsec itself; kubectl, for `kubectl opsec`
    #[arg(value_enum, hide_possible_values = true)]
    pub(crate) shell: Shell,
}

/// What completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
    /// PowerShell.
    Powershell,
    /// kubectl, in whatever shell.
    Kubectl,
}
