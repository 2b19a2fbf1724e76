//! `harden`: what takes an operator from FAIL to PASS, as objects to apply or as a kustomize overlay
//! over a copy of its files.

mod overlay;
mod rehearsal;

use std::fmt::Write as _;

use opsec_gather::Input as File;
use opsec_model::report::{Finding, FindingStatus};
use opsec_model::{ObjectRef, Report, Status};
use opsec_proto::v1;
use opsec_proto::v1::harden_request::{BaselineChoice, Input};
use opsec_wire::{decode_object, decode_report, encode_snapshot};
use serde_json::Value;

use crate::args::{DryRunArg, HardenArgs};
use crate::context::Context;
use crate::document::{self, Document};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::Gathered;
use crate::output::say;
use crate::progress::Progress;
use crate::service::{Service, ServiceError};
use crate::{input, output};

/// A change of one object.
#[derive(Debug)]
pub(super) struct Change {
    action: v1::ChangeAction,
    object: ObjectRef,
    document: Value,
    answers: Vec<String>,
}

/// Writes it, and ends with what it comes to.
///
/// # Errors
/// When the files could not be read, hold no such operator, or the overlay cannot be written.
pub(crate) async fn run(args: HardenArgs, context: Context) -> Result<Exit, Failure> {
    let progress = Progress::start("reading");
    let inline = args.baseline.as_deref().map(document::read).transpose()?;
    let service = Service::for_checks(&context).await?;
    // Of files the cluster that tries changes is not the one that is judged.
    let of_files = !args.files.filename.is_empty();
    let keeps_bytes = args.output_dir.is_some() || args.dry_run.is_some();
    let (gathered, files) = if of_files && keeps_bytes {
        input::with_bytes(&args.files)?
    } else {
        (input::gather(&args.files, &progress).await?, Vec::new())
    };
    progress.step("hardening");
    let request = request(&args, &gathered, inline.as_ref())?;
    let response = service
        .harden(request)
        .await
        .map_err(|error| match &inline {
            Some(inline) if error.is_about_baseline() => inline.refused(&error),
            _ => Failure::Service(error),
        })?;
    let report = |report: Option<v1::Report>| -> Result<Report, Failure> {
        Ok(decode_report(report.ok_or(ServiceError::EmptyAnswer)?)?)
    };
    let (before, after) = (report(response.before)?, report(response.after)?);
    let changes = decode(response.changes)?;
    let refused = match args.dry_run {
        Some(DryRunArg::Server) => rehearsal::run(&args, &changes, &progress).await?,
        None => false,
    };
    drop(progress);
    write(&args, &gathered, &files, &changes)?;
    tell(&args, (&before, &after), &changes, &response.notes);
    if refused {
        return Ok(Exit::Fail);
    }
    Ok(Exit::of_check([after.status]))
}

fn request(
    args: &HardenArgs,
    gathered: &Gathered,
    inline: Option<&Document>,
) -> Result<v1::HardenRequest, Failure> {
    let snapshot = encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?;
    Ok(v1::HardenRequest {
        input: Some(Input::Snapshot(snapshot)),
        operator: gathered.operator(args.operator.as_ref()),
        baseline_choice: inline
            .map(|inline| BaselineChoice::InlineBaseline(inline.content.clone().into())),
        only: args.only.clone(),
        intended_namespaces: args.intended.clone(),
        keep: args.keep.clone(),
    })
}

fn decode(changes: Vec<v1::Change>) -> Result<Vec<Change>, Failure> {
    let mut decoded = Vec::new();
    for change in changes {
        let action = change.action();
        let document =
            serde_json::from_slice(&change.document).map_err(|_| ServiceError::EmptyAnswer)?;
        decoded.push(Change {
            action,
            object: decode_object(change.object.ok_or(ServiceError::EmptyAnswer)?),
            document,
            answers: change.answers,
        });
    }
    Ok(decoded)
}

/// The overlay where one is asked for; else what can be applied as it stands, with the rest as
/// comments.
fn write(
    args: &HardenArgs,
    gathered: &Gathered,
    files: &[File],
    changes: &[Change],
) -> Result<(), Failure> {
    if let Some(directory) = &args.output_dir {
        return overlay::write(directory, files, &gathered.snapshot, changes);
    }
    let mut out = String::new();
    for change in changes {
        let text = yaml(&change.document)?;
        if change.action == v1::ChangeAction::Create {
            out.push_str("---\n");
            out.push_str(&text);
            continue;
        }
        let word = match change.action {
            v1::ChangeAction::Delete => "to delete",
            _ => "to patch",
        };
        let object = opsec_render::clean(&change.object.to_string());
        let answers = change.answers.join(", ");
        // Writing to a String does not fail.
        let _ = writeln!(out, "# {word}: {object} ({answers})");
        for line in text.lines() {
            let _ = writeln!(out, "#   {line}");
        }
    }
    output::answer(out.as_bytes())
}

fn yaml(document: &Value) -> Result<String, Failure> {
    let mut out = Vec::new();
    opsec_render::yaml(document, &mut out).map_err(Failure::Output)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// What it came to, for a person.
fn tell(
    args: &HardenArgs,
    (before, after): (&Report, &Report),
    changes: &[Change],
    notes: &[String],
) {
    let removes = changes
        .iter()
        .any(|change| change.action == v1::ChangeAction::Delete);
    let changes = changes.len();
    say(&format!(
        "{}: {changes} changes take practices 1 to 6 from {} to {}",
        after.operator.name,
        words(before),
        words(after)
    ));
    for note in notes {
        say(&format!("note: {note}"));
    }
    let remaining: Vec<&Finding> = after
        .findings()
        .filter(|finding| finding.status == FindingStatus::Fail)
        .collect();
    for finding in remaining {
        let rules = std::iter::once(&finding.rule).chain(&finding.also);
        let rules: Vec<&str> = rules.map(String::as_str).collect();
        say(&format!(
            "remains: {} {}: {}",
            rules.join(" "),
            finding.severity,
            finding.title
        ));
    }
    if let Some(directory) = &args.output_dir {
        let directory = directory.display();
        say(&format!("written: kubectl apply -k {directory}"));
        if removes {
            say(&format!(
                "what it leaves out stays where it was applied before: kubectl delete --ignore-not-found -f {directory}/{}",
                overlay::REMOVED
            ));
        }
    }
}

fn words(report: &Report) -> String {
    let word = |status| match status {
        Status::Pass => "PASS",
        Status::Fail => "FAIL",
        Status::Unknown => "UNKNOWN",
        Status::NotApplicable => "-",
    };
    let words: Vec<&str> = report
        .practices
        .iter()
        .map(|practice| word(practice.status))
        .collect();
    words.join(" ")
}
