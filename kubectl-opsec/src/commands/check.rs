//! `check`: judges operators of files or of a cluster.

mod since;
mod watch;

use std::fmt::Write as _;

use opsec_model::report::ReportList;
use opsec_model::{API_VERSION, Half, Report, Snapshot, SourceMap};
use opsec_proto::v1;
use opsec_proto::v1::check_request::{BaselineChoice, Input};
use opsec_render::History;
use opsec_wire::{decode_need, decode_report, encode_half, encode_severity, encode_snapshot};
use prost_types::Timestamp;

use crate::args::{CheckArgs, CheckFormat, HalfArg};
use crate::context::Context;
use crate::document::Document;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::Gathered;
use crate::progress::Progress;
use crate::service::{Service, ServiceError};
use crate::{document, input, output, probe};

/// Judges, prints, and ends with what it came to.
///
/// # Errors
/// When nothing could be judged.
pub(crate) async fn run(args: CheckArgs, mut context: Context) -> Result<Exit, Failure> {
    if args.print_rbac {
        return print_least_role(&args).await;
    }
    if args.watch {
        return watch::run(&args, &context).await;
    }
    let progress = Progress::start("reading");
    let inline = args.baseline.as_deref().map(document::read).transpose()?;
    // What is accepted is read, and the store closed, before anything that may take long.
    let service = match &args.collect {
        Some(_) => Service::remote(&context, "collecting").await?,
        None => Service::for_checks(&context).await?,
    };
    let refused = |error: ServiceError| match &inline {
        Some(inline) if error.is_about_baseline() => inline.refused(&error),
        _ if args.operator.is_none() && error.is_ambiguous() => Failure::NoneNamed(error),
        _ => Failure::Service(error),
    };
    let mut gathered = match &args.collect {
        Some(_) => input::elsewhere(&args.files),
        None => input::gather_unsaved(&args.files, &progress).await?,
    };
    if args.probe {
        let check = request(&args, &gathered, inline.as_ref(), &context)?;
        let asked = probe::ask(&service, check, &args.files, &mut gathered, &progress).await;
        asked.map_err(|failure| match failure {
            Failure::Service(error) => refused(error),
            other => other,
        })?;
    }
    if args.collect.is_none() {
        gathered.save(&args.files)?;
    }
    progress.step("judging");
    let request = request(&args, &gathered, inline.as_ref(), &context)?;
    // The service has its own: of a large cluster two at once are too much.
    drop(std::mem::take(&mut gathered.snapshot));
    let response = service.check(request).await.map_err(refused)?;
    let cluster = response.cluster.clone();
    let check = args.record.then(|| response.check_id.clone());
    let reports = decode(response, &gathered.sources)?;
    let history = since::history(&args, &service, &cluster, &reports).await;
    drop(progress);
    if args.probe {
        probe::tell(&reports);
    }
    context.layout.objects = gathered.objects;
    let exit = print(&args, reports, history.as_ref(), &context)?;
    if let Some(check) = check {
        output::say(&format!(
            "recorded as check {check}; while its facts are fresh, `kubectl opsec attest --check {check}` \
             has it signed"
        ));
    }
    Ok(exit)
}

/// What is asked of the service.
fn request(
    args: &CheckArgs,
    gathered: &Gathered,
    inline: Option<&Document>,
    context: &Context,
) -> Result<v1::CheckRequest, Failure> {
    let input = match &args.collect {
        Some(cluster) => Input::Collection(v1::Collection {
            cluster: format!("clusters/{cluster}"),
        }),
        None => Input::Snapshot(encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?),
    };
    let saved = args.files.cluster.snapshot.as_ref();
    Ok(v1::CheckRequest {
        input: Some(input),
        operator: gathered.operator(args.operator.as_ref()),
        all: args.all,
        half: args.half.map(half).map(encode_half).unwrap_or_default(),
        fail_on: args.fail_on.map(encode_severity).unwrap_or_default(),
        baseline_choice: inline
            .map(|inline| BaselineChoice::InlineBaseline(inline.content.clone().into())),
        as_of: saved.and(as_of(&gathered.snapshot)),
        cluster: context.cluster.clone().unwrap_or_default(),
        record: args.record,
    })
}

/// The least role that reading a cluster, and probing it, needs, as a manifest.
async fn print_least_role(args: &CheckArgs) -> Result<Exit, Failure> {
    let request = v1::ListNeedsRequest {
        secret_metadata: args.files.cluster.secret_metadata,
        probe: args.probe,
    };
    let needs = Service::embedded()?.list_needs(request).await?;
    output::answer(least_role(needs).as_bytes())?;
    Ok(Exit::Success)
}

fn least_role(needs: Vec<v1::Need>) -> String {
    let quoted = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        words.join(", ")
    };
    let mut text = "\
# What `kubectl opsec` reads of a cluster. Bind it to who runs it. Custom resources that own workloads
# are read as metadata: allow list on their groups too, or payload behind them is not found.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: kubectl-opsec
rules:
"
    .to_owned();
    let mut probes = false;
    // Writing to a String does not fail.
    for need in needs.into_iter().map(decode_need) {
        if need.for_probe && !probes {
            probes = true;
            text.push_str("# Of --probe alone. Who may impersonate an account may do what it may: bind it for as long as a\n# probe takes, or leave it out, and what the probe would tell stays UNKNOWN.\n");
        }
        let _ = writeln!(text, "- apiGroups: [{:?}]", need.group);
        let _ = writeln!(text, "  resources: [{}]", quoted(&need.resources));
        if !need.names.is_empty() {
            let _ = writeln!(text, "  resourceNames: [{}]", quoted(&need.names));
        }
        let _ = writeln!(text, "  verbs: [{}]", quoted(&need.verbs));
    }
    text
}

/// The time at which a saved snapshot was gathered: it is judged as it was then.
fn as_of(snapshot: &Snapshot) -> Option<Timestamp> {
    let gathered_at: jiff::Timestamp = snapshot.gathered_at.as_ref()?.parse().ok()?;
    Some(Timestamp {
        seconds: gathered_at.as_second(),
        nanos: 0,
    })
}

fn half(half: HalfArg) -> Half {
    match half {
        HalfArg::Operator => Half::Operator,
        HalfArg::Cluster => Half::Cluster,
    }
}

fn decode(response: v1::CheckResponse, sources: &SourceMap) -> Result<Vec<Report>, Failure> {
    let mut reports = Vec::new();
    for result in response.results {
        let report = result.report.ok_or(ServiceError::EmptyAnswer)?;
        let mut report = decode_report(report)?;
        report.locate(sources);
        reports.push(report);
    }
    Ok(reports)
}

fn print(
    args: &CheckArgs,
    reports: Vec<Report>,
    history: Option<&History>,
    context: &Context,
) -> Result<Exit, Failure> {
    if reports.is_empty() {
        return Err(Failure::NoOperator);
    }
    let exit = Exit::of_check(reports.iter().map(|report| report.status));
    let mut out = Vec::new();
    if args.all {
        let list = ReportList {
            api_version: API_VERSION.to_owned(),
            kind: "ReportList".to_owned(),
            items: reports,
        };
        print_all(args.output, &list, history, context, &mut out)?;
    } else {
        for report in &reports {
            print_one(args.output, report, context, &mut out)?;
        }
    }
    output::answer(&out)?;
    match exit {
        Exit::Usage => Err(Failure::NothingJudged),
        exit => Ok(exit),
    }
}

fn print_one(
    format: CheckFormat,
    report: &Report,
    context: &Context,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    match format {
        CheckFormat::Table => opsec_render::table(report, &context.layout, out),
        CheckFormat::Wide => opsec_render::wide(report, &context.layout, out),
        CheckFormat::Json => opsec_render::json(report, out),
        CheckFormat::Yaml => opsec_render::yaml(report, out),
    }
    .map_err(Failure::Output)
}

fn print_all(
    format: CheckFormat,
    list: &ReportList,
    history: Option<&History>,
    context: &Context,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    match format {
        CheckFormat::Table => opsec_render::matrix(list, history, &context.layout, out),
        CheckFormat::Json => opsec_render::json(list, out),
        CheckFormat::Yaml => opsec_render::yaml(list, out),
        CheckFormat::Wide => {
            for report in &list.items {
                print_one(format, report, context, out)?;
                out.push(b'\n');
            }
            opsec_render::matrix(list, history, &context.layout, out)
        }
    }
    .map_err(Failure::Output)
}
