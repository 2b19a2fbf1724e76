//! `fleet`: what operators came to when they were last recorded, over clusters.

mod watch;

use opsec_model::{API_VERSION, Posture, PostureList, Status};
use opsec_proto::v1;
use opsec_wire::{decode_posture, encode_status};

use crate::args::{FleetArgs, FleetFormat};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::service::Service;
use crate::{clock, output};

/// What is refused without a service.
const WHAT: &str = "listing what was recorded over clusters";

/// Lists them, and ends with what they came to; or follows them until Ctrl-C.
///
/// # Errors
/// When there is no service, it refuses, or nothing is recorded.
pub(crate) async fn run(args: FleetArgs, context: &Context) -> Result<Exit, Failure> {
    let filter = filter(&args);
    if args.watch {
        return watch::run(args.output, &filter, context).await;
    }
    let progress = Progress::start("listing postures");
    let service = Service::remote(context, WHAT).await?;
    let postures = decoded(service.list_postures(&filter).await?)?;
    if postures.is_empty() {
        // That none has a status is an answer; that there is none at all is not one.
        let any_status = v1::PostureFilter {
            statuses: Vec::new(),
            ..filter.clone()
        };
        if filter.statuses.is_empty() || !service.has_posture(&any_status).await? {
            return Err(Failure::NoPosture(meant(&args)));
        }
    }
    drop(progress);
    let statuses: Vec<Status> = postures.iter().map(|posture| posture.status).collect();
    let mut out = Vec::new();
    print(args.output, postures, context, &mut out)?;
    output::answer(&out)?;
    if statuses.is_empty() {
        return Ok(Exit::Success);
    }
    match Exit::of_check(statuses) {
        Exit::Usage => Err(Failure::NothingJudged),
        exit => Ok(exit),
    }
}

fn filter(args: &FleetArgs) -> v1::PostureFilter {
    let named = |text: &Option<String>| text.clone().unwrap_or_default();
    let statuses = args.status.iter().map(|&status| status.into());
    v1::PostureFilter {
        cluster: named(&args.cluster),
        operator: named(&args.operator),
        statuses: statuses.map(encode_status).collect(),
        practice: args.practice.map_or(0, u32::from),
    }
}

/// The operators that are meant, whatever they came to.
fn meant(args: &FleetArgs) -> String {
    let of = |word: &str, pattern: &Option<String>| {
        pattern
            .as_ref()
            .map_or_else(String::new, |pattern| format!(" {word} `{pattern}`"))
    };
    of("of operator", &args.operator) + &of("on cluster", &args.cluster)
}

fn decoded(postures: Vec<v1::Posture>) -> Result<Vec<Posture>, Failure> {
    let postures = postures.into_iter().map(decode_posture);
    Ok(postures.collect::<Result<_, _>>()?)
}

fn print(
    format: FleetFormat,
    postures: Vec<Posture>,
    context: &Context,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    let list = PostureList {
        api_version: API_VERSION.to_owned(),
        kind: "PostureList".to_owned(),
        items: postures,
    };
    let now = clock::now();
    match format {
        FleetFormat::Table => opsec_render::fleet(&list, now, false, &context.layout, out),
        FleetFormat::Wide => opsec_render::fleet(&list, now, true, &context.layout, out),
        FleetFormat::Json => opsec_render::json(&list, out),
        FleetFormat::Yaml => opsec_render::yaml(&list, out),
        FleetFormat::Name => {
            for posture in &list.items {
                name_line(&posture.name, out);
            }
            Ok(())
        }
    }
    .map_err(Failure::Output)
}

fn name_line(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(opsec_render::clean(name).as_bytes());
    out.push(b'\n');
}
