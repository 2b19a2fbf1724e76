//! What kubectl asks for to complete a line: a candidate a line, `value<TAB>description`, then how
//! the shell is to treat them. Whatever goes wrong, nothing is said: who types is not interrupted.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use clap_complete::engine;
use opsec_gather::{Options, PathOrStdin, read, read_files};
use opsec_proto::v1;
use opsec_proto::v1::list_operators_request::Input;
use opsec_wire::decode_posture_name;

use crate::args;
use crate::context::Context;
use crate::exit::Exit;
use crate::output;
use crate::service::Service;

/// Cobra's directive: no file names besides.
const NO_FILES: &str = ":4\n";
/// Cobra's directive: as the shell would, file names too.
const DEFAULT: &str = ":0\n";
/// Commands whose first argument is an operator.
const OF_OPERATORS: [&str; 7] = [
    "attest", "check", "rights", "can-i", "reach", "path", "harden",
];
/// Flags that take a file.
const OF_FILES: [&str; 8] = [
    "-f",
    "--filename",
    "--baseline",
    "--batch",
    "--kubeconfig",
    "--snapshot",
    "--save-snapshot",
    "--data-dir",
];

/// A candidate, and what it is.
type Candidate = (String, String);

/// Prints the candidates for the last of the words.
pub(crate) async fn run(words: &[OsString], context: &Context) -> Exit {
    let (typed, before) = words
        .split_last()
        .map_or((OsStr::new(""), &[][..]), |(last, before)| {
            (last.as_os_str(), before)
        });
    let after_file_flag = before
        .last()
        .is_some_and(|word| OF_FILES.iter().any(|flag| word == flag));
    // What is compared is named by files, and baselines.
    let of_states = before.first().is_some_and(|word| word == "diff")
        && !typed.to_string_lossy().starts_with('-')
        && before.last().is_none_or(|word| word != "--operator");
    let mut text = String::new();
    if of_states && !after_file_flag {
        for (name, _) in baselines(context).await.unwrap_or_default() {
            let candidate = format!("baseline:{name}");
            if candidate.starts_with(typed.to_string_lossy().as_ref()) {
                text.push_str(&candidate);
                text.push('\n');
            }
        }
        text.push_str(DEFAULT);
    } else if after_file_flag {
        text.push_str(DEFAULT);
    } else {
        let typed = typed.to_string_lossy();
        let mut candidates = defined(words);
        candidates.extend(of_the_service(before, context).await);
        // Flags are many; they are offered where one is begun.
        candidates.retain(|(value, _)| {
            value.starts_with(typed.as_ref()) && value.starts_with('-') == typed.starts_with('-')
        });
        for (value, help) in candidates {
            text.push_str(&value);
            if !help.is_empty() {
                text.push('\t');
                text.push_str(&help);
            }
            text.push('\n');
        }
        text.push_str(NO_FILES);
    }
    // A closed pipe is nobody's to hear of.
    let _ = output::answer(text.as_bytes());
    Exit::Success
}

/// What the definition of the command line itself offers.
fn defined(words: &[OsString]) -> Vec<Candidate> {
    let mut line = vec![OsString::from("kubectl-opsec")];
    line.extend(words.iter().cloned());
    if words.is_empty() {
        line.push(OsString::new());
    }
    let last = line.len() - 1;
    let found = engine::complete(&mut args::definition(), line, last, None).unwrap_or_default();
    found
        .into_iter()
        .filter(|candidate| !candidate.is_hide_set())
        .map(|candidate| {
            let help = candidate.get_help().map(ToString::to_string);
            let help = help.unwrap_or_default();
            let first = help.lines().next().unwrap_or_default().to_owned();
            (candidate.get_value().to_string_lossy().into_owned(), first)
        })
        .filter(|(value, _)| value != "__complete")
        .collect()
}

/// What only the service knows: what can be explained, operators of the files, baselines.
async fn of_the_service(before: &[OsString], context: &Context) -> Vec<Candidate> {
    let words: Vec<&str> = before.iter().filter_map(|word| word.to_str()).collect();
    let commands: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !word.starts_with('-'))
        .collect();
    match (commands.as_slice(), words.last().copied()) {
        (["fleet", ..], Some("--cluster")) => clusters(context).await.unwrap_or_default(),
        (["fleet", ..], Some("--operator")) => recorded(context).await.unwrap_or_default(),
        _ => of_the_command(&commands, before, context).await,
    }
}

async fn of_the_command(
    commands: &[&str],
    before: &[OsString],
    context: &Context,
) -> Vec<Candidate> {
    match commands {
        ["explain"] => topics().await.unwrap_or_default(),
        ["baseline", "get" | "delete"] => baselines(context).await.unwrap_or_default(),
        [command, ..] if OF_OPERATORS.contains(command) => {
            operators(&files(before)).await.unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

async fn topics() -> Option<Vec<Candidate>> {
    let topics = Service::embedded().ok()?.topics().await.ok()?;
    Some(
        topics
            .into_iter()
            .map(|topic| (topic.id, topic.title))
            .collect(),
    )
}

/// The clusters that a service knows.
async fn clusters(context: &Context) -> Option<Vec<Candidate>> {
    let service = Service::for_checks(context).await.ok()?;
    let clusters = service.list_clusters().await.ok()?.into_iter();
    let id = |name: String| name.rsplit('/').next().unwrap_or_default().to_owned();
    Some(clusters.map(|one| (id(one.name), String::new())).collect())
}

/// The operators, by name, of which a service has something recorded.
async fn recorded(context: &Context) -> Option<Vec<Candidate>> {
    let service = Service::for_checks(context).await.ok()?;
    let postures = service.list_postures(&v1::PostureFilter::default()).await;
    let name = |posture: v1::Posture| {
        let (_, operator) = decode_posture_name("name", &posture.name).ok()?;
        let (_, name) = operator.split_once('~')?;
        Some(name.to_owned())
    };
    let names: BTreeSet<String> = postures.ok()?.into_iter().filter_map(name).collect();
    Some(
        names
            .into_iter()
            .map(|name| (name, String::new()))
            .collect(),
    )
}

async fn baselines(context: &Context) -> Option<Vec<Candidate>> {
    let service = Service::for_baselines(context).await.ok()?;
    let baselines = service.list_baselines().await.ok()?;
    let name = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    Some(
        baselines
            .iter()
            .map(|baseline| (name(&baseline.name), String::new()))
            .collect(),
    )
}

/// The operators of the files that the line names; the cluster is not asked while somebody types.
async fn operators(files: &[OsString]) -> Option<Vec<Candidate>> {
    let paths: Vec<PathOrStdin> = files
        .iter()
        .filter(|file| *file != "-")
        .map(PathOrStdin::from_arg)
        .collect();
    if paths.is_empty() {
        return None;
    }
    let options = Options::default();
    let inputs = read_files(&paths, false, &mut std::io::empty(), &options.limits).ok()?;
    let manifests = read(&inputs, &options).ok()?;
    let request = v1::ListOperatorsRequest {
        input: Some(Input::Snapshot(
            opsec_wire::encode_snapshot(&manifests.snapshot).ok()?,
        )),
        page_size: 1000,
        page_token: String::new(),
    };
    let response = Service::embedded()
        .ok()?
        .list_operators(request)
        .await
        .ok()?;
    let candidate = |operator: v1::OperatorSummary| {
        let namespaces = operator.namespaces.join(", ");
        (operator.name, format!("in {namespaces}"))
    };
    Some(response.operators.into_iter().map(candidate).collect())
}

/// The files that the line names.
fn files(words: &[OsString]) -> Vec<OsString> {
    let mut files = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "-f" || word == "--filename" {
            files.extend(words.next().cloned());
        } else if let Some(file) = word
            .to_str()
            .and_then(|word| word.strip_prefix("--filename="))
        {
            files.push(file.into());
        }
    }
    files
}
