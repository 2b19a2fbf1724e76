//! The command line: parsing only. Flags are kubectl's where kubectl has them.

mod analysis;
mod attest;
mod baseline;
mod check;
mod cluster;
mod diff;
mod explain;
mod files;
mod fleet;
mod harden;
mod help;
mod list;
mod registry;
mod rights;
mod server;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

pub(crate) use analysis::{AnswerFormat, CanIArgs, PathArgs, ReachArgs, RightsArgs, ViewFormat};
pub(crate) use attest::{
    AttestArgs, AttestationListArgs, AttestationsCommand, CollectionArg, VerifyArgs,
};
pub(crate) use baseline::{
    ApplyArgs, BaselineCommand, CaptureArgs, DecideArgs, DiffArgs, DocumentFormat, HistoryArgs,
    ResolveArgs, RollbackArgs,
};
pub(crate) use check::{CheckArgs, CheckFormat, HalfArg};
pub(crate) use diff::CompareArgs;
pub(crate) use explain::{CompletionArgs, ExplainArgs, Shell, VersionArgs};
pub(crate) use files::{FileArgs, LimitArgs, ReadingArgs};
pub(crate) use fleet::{FleetArgs, FleetFormat};
pub(crate) use harden::{DryRunArg, HardenArgs};
pub(crate) use list::{ListArgs, ListFormat};
pub(crate) use registry::{ClusterCommand, ClusterListArgs, ForgetArgs, RegisterArgs};
pub(crate) use rights::{DeclareArgs, RightsCommand, ValidateArgs};
pub(crate) use server::ServerArgs;

/// Judges Kubernetes operators by six security practices
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-opsec",
    version,
    before_help = help::TOP,
    help_template = help::TOP_TEMPLATE,
    disable_help_subcommand = false,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) general: GeneralArgs,
}

/// What holds for every command.
#[derive(Debug, clap::Args)]
pub(crate) struct GeneralArgs {
    /// Where baselines are kept [default: the user's data directory]
    #[arg(
        long,
        env = "OPSEC_DATA_DIR",
        hide_env_values = true,
        value_name = "DIR",
        global = true,
        help_heading = "General"
    )]
    pub(crate) data_dir: Option<PathBuf>,
    /// Colour: auto is on a terminal, unless NO_COLOR or TERM=dumb says otherwise
    #[arg(
        long,
        value_enum,
        default_value_t = ColorArg::Auto,
        value_name = "WHEN",
        hide_possible_values = true,
        global = true,
        help_heading = "General"
    )]
    pub(crate) color: ColorArg,
    /// How much to say about errors: 1 adds their causes
    #[arg(
        short = 'v',
        long = "v",
        default_value_t = 0,
        value_name = "LEVEL",
        global = true,
        help_heading = "General"
    )]
    pub(crate) verbosity: u8,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorArg {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judge an operator by the six practices
    Check(CheckArgs),
    /// List the operators that files hold, why each is one, and what it consists of
    List(ListArgs),
    /// List what an operator's ServiceAccounts may do
    Rights(Box<RightsArgs>),
    /// Ask whether an operator may do something
    CanI(CanIArgs),
    /// List who may connect to whom under the NetworkPolicies
    Reach(ReachArgs),
    /// Find the escalation chains that begin in an operator's pods
    Path(PathArgs),
    /// Say what whoever takes an operator gains from one version of it to another
    Diff(CompareArgs),
    /// Explain a practice, a rule or a right, with bad and good YAML
    Explain(ExplainArgs),
    /// Write what takes an operator from FAIL to PASS
    Harden(HardenArgs),
    /// Keep baselines: what you accept of an operator
    #[command(
        subcommand,
        before_help = help::BASELINE,
        help_template = help::TEMPLATE,
        arg_required_else_help = true
    )]
    Baseline(BaselineCommand),
    /// List what operators came to when they were last recorded, over clusters
    Fleet(FleetArgs),
    /// Keep the clusters that a service knows
    #[command(
        subcommand,
        before_help = help::CLUSTER,
        help_template = help::TEMPLATE,
        arg_required_else_help = true
    )]
    Cluster(ClusterCommand),
    /// Have the service judge an operator of a cluster, and sign what it comes to
    Attest(AttestArgs),
    /// Keep the statements that a service made
    #[command(
        subcommand,
        before_help = help::ATTESTATIONS,
        help_template = help::TEMPLATE,
        arg_required_else_help = true
    )]
    Attestations(AttestationsCommand),
    /// Verify a statement offline, by a trust bundle
    Verify(VerifyArgs),
    /// Print a script by which a shell, or kubectl, completes what is typed
    Completion(CompletionArgs),
    /// Print the version, and what is judged by
    Version(VersionArgs),
    /// What kubectl asks for to complete a line
    #[command(name = "__complete", hide = true, disable_help_flag = true)]
    Complete {
        /// The words so far; the last one is what is typed.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
}

/// The definition of the command line.
pub(crate) fn definition() -> clap::Command {
    Args::command()
}

/// Parses a command line, program name first.
///
/// # Errors
/// With what to print instead: help, the version, or what is wrong.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Args, clap::Error> {
    let words: Vec<OsString> = words.into_iter().collect();
    let program = words.first().cloned().unwrap_or_default();
    let words = as_completion(words);
    let matches = Args::command()
        .bin_name(called_as(&PathBuf::from(program)))
        .try_get_matches_from(words)?;
    Args::from_arg_matches(&matches)
}

/// kubectl completes by a program of this name, which may be a link to this one.
fn as_completion(words: Vec<OsString>) -> Vec<OsString> {
    let name = words.first().map(PathBuf::from).unwrap_or_default();
    if name
        .file_stem()
        .is_none_or(|name| name != "kubectl_complete-opsec")
    {
        return words;
    }
    let own = ["kubectl-opsec".into(), "__complete".into()];
    own.into_iter().chain(words.into_iter().skip(1)).collect()
}

/// How usage lines call the program: as kubectl runs it when it is installed as its plugin.
fn called_as(program: &std::path::Path) -> String {
    let name = program
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    match name.as_str() {
        "" | "kubectl-opsec" => "kubectl opsec".to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Args, String> {
        parse(line.split(' ').map(OsString::from)).map_err(|error| error.to_string())
    }

    fn check(line: &str) -> CheckArgs {
        match parsed(line).unwrap().command {
            Command::Check(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn files_repeat_and_standard_input_is_a_dash() {
        let args = check("kubectl-opsec check cert-manager -f a.yaml -f dir -R -f - -n ns");
        assert_eq!(args.operator.as_deref(), Some("cert-manager"));
        assert_eq!(args.files.filename.len(), 3);
        assert!(args.files.reading.recursive);
        assert_eq!(args.files.reading.namespace.as_deref(), Some("ns"));
    }

    #[test]
    fn severities_and_halves_are_words() {
        let args = check("kubectl-opsec check -f a --fail-on high --half operator -o json");
        assert_eq!(args.fail_on, Some(opsec_model::Severity::High));
        assert_eq!(args.half, Some(HalfArg::Operator));
        assert_eq!(args.output, CheckFormat::Json);
        let error = parsed("kubectl-opsec check -f a --fail-on grave").unwrap_err();
        assert!(error.contains("`grave` is not a severity"), "{error}");
    }

    #[test]
    fn all_and_a_name_exclude_each_other() {
        assert!(parsed("kubectl-opsec check x --all -f a").is_err());
        assert!(parsed("kubectl-opsec check --all -f a").is_ok());
    }

    #[test]
    fn each_limit_is_an_option() {
        let args = check(
            "kubectl-opsec check -f a --max-bytes 1 --max-file-bytes 2 --max-documents 3 \
             --max-depth 4 --max-nodes 5 --max-memory 6"
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .as_str(),
        );
        let limits = args.files.limits.limits();
        assert_eq!(
            (limits.total_bytes, limits.file_bytes, limits.documents),
            (1, 2, 3)
        );
        assert_eq!((limits.depth, limits.nodes, limits.memory), (4, 5, 6));
    }

    #[test]
    fn without_limits_the_defaults_hold() {
        let args = check("kubectl-opsec check -f a");
        assert_eq!(args.files.limits.limits(), opsec_gather::Limits::default());
    }

    #[test]
    fn usage_is_kubectls_when_installed_as_its_plugin() {
        for (program, expected) in [
            ("/usr/bin/kubectl-opsec", "Usage: kubectl opsec check"),
            ("opsec", "Usage: opsec check"),
        ] {
            let help = parsed(&format!("{program} check --help")).unwrap_err();
            assert!(help.contains(expected), "{help}");
        }
    }

    #[test]
    fn every_help_opens_with_two_examples_that_parse() {
        for command in [
            "",
            "check ",
            "list ",
            "rights ",
            "can-i ",
            "reach ",
            "path ",
            "diff ",
            "baseline ",
            "baseline apply ",
            "baseline get ",
            "baseline list ",
            "baseline history ",
            "baseline diff ",
            "baseline rollback ",
            "baseline delete ",
            "baseline resolve ",
            "baseline approve ",
            "baseline reject ",
            "fleet ",
            "cluster ",
            "cluster register ",
            "cluster list ",
            "cluster delete ",
            "attest ",
            "attestations ",
            "attestations list ",
            "attestations get ",
            "attestations revoke ",
            "verify ",
            "explain ",
            "completion ",
            "version ",
        ] {
            let help = parsed(&format!("kubectl-opsec {command}--help")).unwrap_err();
            let examples: Vec<&str> = help
                .lines()
                .take(7)
                .filter_map(|line| line.trim().strip_prefix("kubectl opsec "))
                .map(|line| line.split(" # ").next().unwrap_or_default().trim())
                .collect();
            assert_eq!(examples.len(), 2, "{command}: {help}");
            for example in examples {
                let line = format!("kubectl-opsec {example}");
                assert!(parsed(&line).is_ok(), "{line}");
            }
        }
    }
}
