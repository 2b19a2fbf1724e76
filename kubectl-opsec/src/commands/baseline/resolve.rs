//! `baseline resolve`: which baseline applies to an operator, and why.

use std::fmt::Write as _;

use opsec_model::API_VERSION;
use opsec_proto::v1;
use serde::Serialize;

use super::short;
use crate::args::{AnswerFormat, ResolveArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::service::{Service, ServiceError};

/// What applies, for a program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Resolved {
    api_version: &'static str,
    kind: &'static str,
    operator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    name: String,
    revision: i64,
    effective_digest: String,
    r#match: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    passed_over: Vec<PassedOver>,
}

#[derive(Debug, Serialize)]
struct PassedOver {
    name: String,
    reason: String,
}

/// Asks and prints.
pub(super) async fn run(args: &ResolveArgs, context: &Context) -> Result<Vec<u8>, Failure> {
    let service = Service::for_baselines(context).await?;
    let request = v1::ResolveBaselineRequest {
        operator: args.operator.clone(),
        cluster: context.cluster.clone().unwrap_or_default(),
        namespaces: args.namespaces.clone(),
    };
    let answer = service.resolve_baseline(request).await?;
    let baseline = answer.baseline.ok_or(ServiceError::EmptyAnswer)?;
    let passed_over = answer.passed_over.into_iter();
    let resolved = Resolved {
        api_version: API_VERSION,
        kind: "ResolvedBaseline",
        operator: args.operator.clone(),
        cluster: context.cluster.clone(),
        r#match: word(baseline.r#match()),
        name: short(&baseline.name).to_owned(),
        revision: baseline.revision,
        effective_digest: baseline.effective_digest,
        passed_over: passed_over
            .map(|one| PassedOver {
                name: short(&one.name).to_owned(),
                reason: one.reason,
            })
            .collect(),
    };
    let mut out = Vec::new();
    match args.output.format {
        AnswerFormat::Text => out.extend_from_slice(text(&resolved).as_bytes()),
        AnswerFormat::Json => opsec_render::json(&resolved, &mut out).map_err(Failure::Output)?,
        AnswerFormat::Yaml => opsec_render::yaml(&resolved, &mut out).map_err(Failure::Output)?,
    }
    Ok(out)
}

fn text(resolved: &Resolved) -> String {
    let on = resolved
        .cluster
        .as_ref()
        .map_or_else(String::new, |cluster| format!(" on {cluster}"));
    let revision = match resolved.revision {
        0 => "built in".to_owned(),
        revision => format!("revision {revision}"),
    };
    let mut text = format!(
        "{}{on} is judged by baseline {} ({revision}): {}\n",
        resolved.operator,
        resolved.name,
        why(resolved.r#match)
    );
    for one in &resolved.passed_over {
        // Writing to a String does not fail.
        let _ = writeln!(text, "  not by {}: {}", one.name, one.reason);
    }
    text
}

fn word(matched: v1::BaselineMatch) -> &'static str {
    match matched {
        v1::BaselineMatch::NameAndNamespaces => "NAME_AND_NAMESPACES",
        v1::BaselineMatch::Name => "NAME",
        v1::BaselineMatch::Default => "DEFAULT",
        v1::BaselineMatch::Builtin => "BUILTIN",
        v1::BaselineMatch::Selected => "SELECTED",
        v1::BaselineMatch::Inline => "INLINE",
        v1::BaselineMatch::Unspecified => "UNSPECIFIED",
    }
}

fn why(matched: &str) -> &'static str {
    match matched {
        "NAME_AND_NAMESPACES" => "it is for this operator, in its namespaces",
        "NAME" => "it is for an operator of this name, wherever it runs",
        "DEFAULT" => "no other is for it, and this is the default",
        "BUILTIN" => "no other is for it, and no default is stored",
        _ => "it was chosen",
    }
}
