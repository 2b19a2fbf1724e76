//! `diff`: what whoever takes an operator gains, and loses, from one state of it to another.

use std::ffi::OsStr;

use opsec_model::SourceMap;
use opsec_proto::v1;
use opsec_proto::v1::compare_rights_request::BaselineChoice;
use opsec_proto::v1::state_input;
use opsec_wire::{decode_comparison, encode_snapshot};

use crate::args::{CompareArgs, ViewFormat};
use crate::context::Context;
use crate::document::{self, Document};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::{self, State};
use crate::output;
use crate::progress::Progress;
use crate::service::{Service, ServiceError, resource_name};

/// Compares.
///
/// # Errors
/// When a state could not be read, or holds no such operator.
pub(crate) async fn run(args: CompareArgs, context: Context) -> Result<Exit, Failure> {
    if args.old == "-" && args.new == "-" {
        return Err(Failure::StatesFromStandardInput);
    }
    let progress = Progress::start("reading");
    let inline = args.baseline.as_deref().map(document::read).transpose()?;
    // What is accepted is read, and the store closed, before anything that may take long.
    let service = Service::for_checks(&context).await?;
    let read = |word: &OsStr| input::state(word, &args.reading, &args.limits);
    let (before, after) = (read(&args.old)?, read(&args.new)?);
    progress.step("comparing");
    let request = v1::CompareRightsRequest {
        before: Some(encode(&before, args.operator.as_ref())?),
        after: Some(encode(&after, args.operator.as_ref())?),
        baseline_choice: inline
            .as_ref()
            .map(|inline| BaselineChoice::InlineBaseline(inline.content.clone().into())),
    };
    let refused = |error: ServiceError| match inline.as_ref().or(document_of(&before, &after)) {
        Some(document) if error.is_about_baseline() => document.refused(&error),
        _ => Failure::Service(error),
    };
    let answer = service.compare_rights(request).await.map_err(refused)?;
    drop(progress);
    let mut comparison = decode_comparison(answer)?;
    let nowhere = SourceMap::default();
    let of_before = sources(&before).unwrap_or(&nowhere);
    comparison.locate(of_before, sources(&after).unwrap_or(&nowhere));
    let (old, new) = (args.old.to_string_lossy(), args.new.to_string_lossy());
    let (states, layout) = ((&*old, &*new), &context.layout);
    let mut out = Vec::new();
    match args.output.format {
        ViewFormat::Table => opsec_render::comparison(&comparison, states, false, layout, &mut out),
        ViewFormat::Wide => opsec_render::comparison(&comparison, states, true, layout, &mut out),
        ViewFormat::Json => opsec_render::json(&comparison, &mut out),
        ViewFormat::Yaml => opsec_render::yaml(&comparison, &mut out),
    }
    .map_err(Failure::Output)?;
    output::answer(&out)?;
    Ok(Exit::of_comparison(comparison.outcome))
}

fn encode(state: &State, operator: Option<&String>) -> Result<v1::StateInput, Failure> {
    Ok(match state {
        State::Facts(gathered) => {
            let snapshot = encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?;
            v1::StateInput {
                state: Some(state_input::State::Snapshot(snapshot)),
                operator: gathered.operator(operator),
            }
        }
        State::Baseline(document) => {
            let content = document.content.clone().into();
            v1::StateInput {
                state: Some(state_input::State::InlineBaseline(content)),
                operator: String::new(),
            }
        }
        State::Kept(name) => v1::StateInput {
            state: Some(state_input::State::Baseline(resource_name(name))),
            operator: String::new(),
        },
    })
}

/// The baseline document among the states.
fn document_of<'a>(before: &'a State, after: &'a State) -> Option<&'a Document> {
    [before, after].into_iter().find_map(|state| match state {
        State::Baseline(document) => Some(document),
        State::Facts(_) | State::Kept(_) => None,
    })
}

fn sources(state: &State) -> Option<&SourceMap> {
    match state {
        State::Facts(gathered) => Some(&gathered.sources),
        State::Baseline(_) | State::Kept(_) => None,
    }
}
