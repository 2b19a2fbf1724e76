//! `check --watch`: judges whenever the cluster changes, and prints what changed in the reports.

use opsec_model::Report;

use crate::args::{CheckArgs, CheckFormat};
use crate::commands::watch::{Event, changed, follow, json_line, yaml_document};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::service::Service;
use crate::{document, input};

/// Judges until Ctrl-C.
///
/// # Errors
/// When the first check fails, or the cluster cannot be followed.
pub(super) async fn run(args: &CheckArgs, context: &Context) -> Result<Exit, Failure> {
    let mut before: Vec<(String, Report)> = Vec::new();
    let look = async || {
        let after = reports(args, context).await?;
        let mut out = Vec::new();
        for (event, name, report) in changed(&before, &after) {
            match (args.output, event) {
                (CheckFormat::Json, _) => json_line(event, report, &mut out)?,
                (CheckFormat::Yaml, _) => yaml_document(event, report, &mut out)?,
                (_, Event::Added) => super::print_one(args.output, report, context, &mut out)?,
                (_, Event::Deleted) => out.extend_from_slice(format!("{name}: gone\n").as_bytes()),
                (_, Event::Modified) => {
                    let known = before.iter().find(|(known, _)| known == name);
                    let known = known.map(|(_, report)| report);
                    opsec_render::changes(known, report, &context.layout, &mut out)
                        .map_err(Failure::Output)?;
                }
            }
        }
        before = after;
        Ok(out)
    };
    follow(&args.files, look).await
}

/// The reports of now by operator and namespaces, without what differs from check to check though
/// nothing that was judged does.
async fn reports(args: &CheckArgs, context: &Context) -> Result<Vec<(String, Report)>, Failure> {
    let progress = Progress::start("reading");
    let inline = args.baseline.as_deref().map(document::read).transpose()?;
    let service = Service::for_checks(context).await?;
    let gathered = input::gather_unsaved(&args.files, &progress).await?;
    progress.step("judging");
    let request = super::request(args, &gathered, inline.as_ref(), context)?;
    let response = service.check(request).await.map_err(Failure::Service)?;
    let reports = super::decode(response, &gathered.sources)?;
    Ok(reports
        .into_iter()
        .map(|mut report| {
            report.snapshot_digest = String::new();
            let operator = &report.operator;
            let name = format!("{} ({})", operator.name, operator.namespaces.join(", "));
            (name, report)
        })
        .collect())
}
