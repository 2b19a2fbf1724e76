//! `baseline …`: on the store below the user's data directory, or of a service.

mod apply;
mod capture;
mod decide;
mod history;
mod resolve;

use opsec_model::API_VERSION;
use opsec_proto::v1;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::args::{BaselineCommand, DocumentFormat, ListFormat};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::service::{Service, ServiceError};

/// How often a change is tried again when others change the same baseline at the same time.
const ATTEMPTS: usize = 32;

/// Runs one of them.
///
/// # Errors
/// When the store or the service refuses.
pub(crate) async fn run(command: BaselineCommand, context: &Context) -> Result<Exit, Failure> {
    let answer = match command {
        BaselineCommand::Apply(args) => apply::run(&args, context).await?,
        BaselineCommand::Capture(args) => capture::run(&args, context).await?,
        BaselineCommand::Get(args) => {
            let service = Service::for_baselines(context).await?;
            let baseline = content(&service.get_baseline(&args.name).await?)?;
            let mut out = Vec::new();
            match args.output {
                DocumentFormat::Yaml => opsec_render::yaml(&baseline, &mut out),
                DocumentFormat::Json => opsec_render::json(&baseline, &mut out),
            }
            .map_err(Failure::Output)?;
            out
        }
        BaselineCommand::List(args) => {
            let service = Service::for_baselines(context).await?;
            list(
                &service.list_baselines().await?,
                args.output.format,
                context,
            )?
        }
        BaselineCommand::History(args) => history::list(&args, context).await?,
        BaselineCommand::Diff(args) => history::diff(&args, context).await?,
        BaselineCommand::Rollback(args) => history::roll_back(&args, context).await?,
        BaselineCommand::Delete(args) => delete(&args.name, context).await?.into_bytes(),
        BaselineCommand::Resolve(args) => resolve::run(&args, context).await?,
        BaselineCommand::Approve(args) => decide::run(&args, true, context).await?,
        BaselineCommand::Reject(args) => decide::run(&args, false, context).await?,
    };
    output::answer(&answer)?;
    Ok(Exit::Success)
}

/// The baseline as a document, whatever it was written as.
fn content(baseline: &v1::Baseline) -> Result<Value, Failure> {
    let stored: Stored =
        serde_json::from_slice(&baseline.canonical_json).map_err(|_| ServiceError::EmptyAnswer)?;
    Ok(json!({
        "apiVersion": API_VERSION,
        "kind": "OperatorBaseline",
        "metadata": {"name": stored.name},
        "spec": stored.spec,
    }))
}

/// What a revision holds.
#[derive(Debug, Deserialize)]
struct Stored {
    name: String,
    spec: Value,
}

/// What a change came to, in a line.
fn changed(
    name: &str,
    word: &str,
    revision: i64,
    proposal: Option<&v1::BaselineRevision>,
) -> String {
    let name = short(name);
    match proposal {
        None => format!("baseline {name} {word} (revision {revision})\n"),
        Some(proposal) => format!(
            "baseline {name}: revision {} is proposed, and applies once another approves it: kubectl opsec baseline approve {name}\n",
            proposal.revision
        ),
    }
}

/// The name without its collection.
fn short(name: &str) -> &str {
    name.strip_prefix("baselines/").unwrap_or(name)
}

async fn delete(name: &str, context: &Context) -> Result<String, Failure> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let service = Service::for_baselines(context).await?;
        let stored = service.get_baseline(name).await?;
        match service.delete_baseline(stored).await {
            Err(error) if is_to_try_again(&service, &error, attempt) => {}
            Err(error) => return Err(error.into()),
            Ok(deleted) => {
                let proposal = deleted.proposal.as_ref();
                return Ok(match proposal {
                    None => format!("baseline {name} deleted\n"),
                    Some(_) => changed(name, "deleted", deleted.revision, proposal),
                });
            }
        }
    }
}

/// Whether other processes on the same directory came between. What others change in a service is
/// shown, and never overwritten unseen.
fn is_to_try_again(service: &Service, error: &ServiceError, attempt: usize) -> bool {
    !service.is_remote() && error.is_overtaken() && attempt < ATTEMPTS
}

fn time(time: Option<&prost_types::Timestamp>) -> Option<String> {
    let time = jiff::Timestamp::new(time?.seconds, 0).ok()?;
    Some(time.to_string())
}

/// Baselines, for a program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BaselineList {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Entry>,
}

/// A baseline of the list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    name: String,
    revision: i64,
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_create_time: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    author: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed_revision: Option<i64>,
}

fn list(
    baselines: &[v1::Baseline],
    format: ListFormat,
    context: &Context,
) -> Result<Vec<u8>, Failure> {
    let list = BaselineList {
        api_version: API_VERSION,
        kind: "OperatorBaselineList",
        items: baselines.iter().map(entry).collect(),
    };
    let mut out = Vec::new();
    match format {
        ListFormat::Json => opsec_render::json(&list, &mut out),
        ListFormat::Yaml => opsec_render::yaml(&list, &mut out),
        ListFormat::Table => {
            let rows: Vec<Vec<String>> = list.items.into_iter().map(row).collect();
            let headings = ["NAME", "REVISION", "DIGEST"];
            opsec_render::columns(&headings, &rows, &context.layout, &mut out)
        }
    }
    .map_err(Failure::Output)?;
    Ok(out)
}

fn entry(baseline: &v1::Baseline) -> Entry {
    let created = baseline.revision_create_time.as_ref();
    let created = created.and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok());
    Entry {
        name: short(&baseline.name).to_owned(),
        revision: baseline.revision,
        digest: baseline.digest.clone(),
        revision_create_time: created.map(|time| time.to_string()),
        author: baseline.author.clone(),
        proposed_revision: Some(baseline.proposed_revision).filter(|&revision| revision != 0),
    }
}

fn row(entry: Entry) -> Vec<String> {
    let revision = match entry.revision {
        0 => "0 (built in)".to_owned(),
        revision => match entry.proposed_revision {
            None => revision.to_string(),
            Some(proposed) => format!("{revision} ({proposed} is proposed)"),
        },
    };
    vec![entry.name, revision, entry.digest]
}
