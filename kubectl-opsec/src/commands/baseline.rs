//! `baseline apply | get | list | delete`, on the store below the user's data directory.

use std::path::Path;

use opsec_model::API_VERSION;
use opsec_proto::v1;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::args::{BaselineCommand, BaselineListFormat, DocumentFormat};
use crate::context::Context;
use crate::document::{self, Document};
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
    let directory = context.data_dir.as_deref().ok_or(Failure::NoDataDir)?;
    let answer = match command {
        BaselineCommand::Apply(args) => {
            let document = document::read(&args.filename)?;
            apply(directory, &document).await?
        }
        BaselineCommand::Get(args) => {
            let service = Service::for_baselines(directory)?;
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
            let service = Service::for_baselines(directory)?;
            list(&service.list_baselines().await?, args.output, context)?
        }
        BaselineCommand::Delete(args) => {
            delete(directory, &args.name).await?;
            format!("baseline {} deleted\n", args.name).into_bytes()
        }
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

/// Creates the baseline or replaces its content, whichever it takes, against what others do.
async fn apply(directory: &Path, document: &Document) -> Result<Vec<u8>, Failure> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let service = Service::for_baselines(directory)?;
        match try_apply(&service, document).await {
            Err(error) if error.is_overtaken() && attempt < ATTEMPTS => {}
            Err(error) if error.is_about_baseline() => return Err(document.refused(&error)),
            Err(error) => return Err(error.into()),
            Ok(line) => return Ok(line.into_bytes()),
        }
    }
}

async fn try_apply(service: &Service, document: &Document) -> Result<String, ServiceError> {
    let mut baseline = v1::Baseline {
        document: document.content.clone().into(),
        ..v1::Baseline::default()
    };
    let name = match service.create_baseline(baseline.clone()).await {
        Ok(created) => return Ok(applied(&created, "created")),
        Err(error) => error.existing_baseline().ok_or(error)?,
    };
    let stored = service.get_baseline(&name).await?;
    baseline.name = stored.name;
    baseline.etag = stored.etag;
    let (updated, unchanged) = service.update_baseline(baseline).await?;
    let word = if unchanged { "unchanged" } else { "configured" };
    Ok(applied(&updated, word))
}

fn applied(baseline: &v1::Baseline, word: &str) -> String {
    let name = short(&baseline.name);
    format!("baseline {name} {word} (revision {})\n", baseline.revision)
}

/// The name without its collection.
fn short(name: &str) -> &str {
    name.strip_prefix("baselines/").unwrap_or(name)
}

async fn delete(directory: &Path, name: &str) -> Result<(), Failure> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let service = Service::for_baselines(directory)?;
        let stored = service.get_baseline(name).await?;
        match service.delete_baseline(stored).await {
            Err(error) if error.is_overtaken() && attempt < ATTEMPTS => {}
            ended => return Ok(ended?),
        }
    }
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
}

fn list(
    baselines: &[v1::Baseline],
    format: BaselineListFormat,
    context: &Context,
) -> Result<Vec<u8>, Failure> {
    let list = BaselineList {
        api_version: API_VERSION,
        kind: "OperatorBaselineList",
        items: baselines.iter().map(entry).collect(),
    };
    let mut out = Vec::new();
    match format {
        BaselineListFormat::Json => opsec_render::json(&list, &mut out),
        BaselineListFormat::Yaml => opsec_render::yaml(&list, &mut out),
        BaselineListFormat::Table => {
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
    }
}

fn row(entry: Entry) -> Vec<String> {
    let revision = match entry.revision {
        0 => "0 (built in)".to_owned(),
        revision => revision.to_string(),
    };
    vec![entry.name, revision, entry.digest]
}
