//! `baseline history | diff | rollback`.

use std::fmt::Write as _;

use opsec_model::API_VERSION;
use opsec_proto::v1;
use serde::Serialize;

use super::{changed, short, time};
use crate::args::{DiffArgs, HistoryArgs, ListFormat, RollbackArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::service::{Service, ServiceError};

/// Revisions, for a program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RevisionList {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    revision: i64,
    state: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    digest: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    author: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rolled_back_from: Option<i64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    decider: String,
}

/// Lists the revisions of a baseline.
pub(super) async fn list(args: &HistoryArgs, context: &Context) -> Result<Vec<u8>, Failure> {
    let service = Service::for_baselines(context).await?;
    let revisions = service.list_revisions(&args.name).await?;
    let list = RevisionList {
        api_version: API_VERSION,
        kind: "BaselineRevisionList",
        items: revisions.iter().map(item).collect(),
    };
    let mut out = Vec::new();
    match args.output.format {
        ListFormat::Json => opsec_render::json(&list, &mut out),
        ListFormat::Yaml => opsec_render::yaml(&list, &mut out),
        ListFormat::Table => {
            let rows: Vec<Vec<String>> = list.items.into_iter().map(row).collect();
            let headings = ["REVISION", "STATE", "WRITTEN", "AUTHOR", "DIGEST"];
            opsec_render::columns(&headings, &rows, &context.layout, &mut out)
        }
    }
    .map_err(Failure::Output)?;
    Ok(out)
}

fn item(revision: &v1::BaselineRevision) -> Item {
    Item {
        revision: revision.revision,
        state: state(revision.state()),
        digest: revision.digest.clone(),
        author: revision.author.clone(),
        create_time: time(revision.create_time.as_ref()),
        rolled_back_from: Some(revision.rolled_back_from).filter(|&from| from != 0),
        decider: revision.decider.clone(),
    }
}

fn state(state: v1::RevisionState) -> &'static str {
    match state {
        v1::RevisionState::Approved => "APPROVED",
        v1::RevisionState::Tombstone => "DELETED",
        v1::RevisionState::Proposed => "PROPOSED",
        v1::RevisionState::Rejected => "REJECTED",
        v1::RevisionState::Unspecified => "UNKNOWN",
    }
}

fn row(item: Item) -> Vec<String> {
    let state = match item.rolled_back_from {
        Some(from) => format!("{} (back to {from})", item.state),
        None => item.state.to_owned(),
    };
    vec![
        item.revision.to_string(),
        state,
        item.create_time.unwrap_or_default(),
        item.author,
        item.digest,
    ]
}

/// Prints what two revisions differ in: a line a field, older values with `-`, newer with `+`.
pub(super) async fn diff(args: &DiffArgs, context: &Context) -> Result<Vec<u8>, Failure> {
    let service = Service::for_baselines(context).await?;
    let (from, to) = (args.from.unwrap_or_default(), args.to.unwrap_or_default());
    let diff = service.diff_revisions(&args.name, from, to).await?;
    let name = short(&args.name);
    let mut text = format!("baseline {name}: revision {} to {}\n", diff.from, diff.to);
    // Writing to a String does not fail.
    for one in &diff.differences {
        let path = if one.path.is_empty() {
            "(all)"
        } else {
            &one.path
        };
        let _ = writeln!(text, "  {path}");
        for (sign, value) in [('-', &one.before), ('+', &one.after)] {
            if !value.is_empty() {
                let _ = writeln!(text, "    {sign} {value}");
            }
        }
    }
    if diff.differences.is_empty() {
        text.push_str("  no difference\n");
    }
    Ok(text.into_bytes())
}

/// Makes an older revision apply again.
pub(super) async fn roll_back(args: &RollbackArgs, context: &Context) -> Result<Vec<u8>, Failure> {
    let service = Service::for_baselines(context).await?;
    let stored = service.get_baseline(&args.name).await?;
    let name = stored.name.clone();
    let done = service.roll_back(stored, args.to).await?;
    let word = if done.unchanged {
        "unchanged"
    } else {
        "rolled back"
    };
    let baseline = done.baseline.as_ref().ok_or(ServiceError::EmptyAnswer)?;
    let line = changed(&name, word, baseline.revision, done.proposal.as_ref());
    Ok(line.into_bytes())
}
