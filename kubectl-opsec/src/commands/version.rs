//! `version`.

use serde::Serialize;

use crate::args::{AnswerFormat, VersionArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::service::Service;

/// What is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    api_version: String,
    kind: &'static str,
    client: &'static str,
    service: String,
    kubernetes: String,
    rules: i32,
}

/// Prints it.
///
/// # Errors
/// When the service does not answer.
pub(crate) async fn run(args: &VersionArgs, context: &Context) -> Result<Exit, Failure> {
    let service = Service::without_store(context).await?;
    let answer = service.version().await?;
    let place = match &context.endpoint {
        Some(endpoint) => endpoint.server.clone(),
        None => "in this process".to_owned(),
    };
    let versions = Versions {
        api_version: answer.api_version,
        kind: "Version",
        client: env!("CARGO_PKG_VERSION"),
        service: answer.version,
        kubernetes: answer.kubernetes_version,
        rules: answer.rule_count,
    };
    let mut out = Vec::new();
    match args.output.format {
        AnswerFormat::Text => {
            let text = format!(
                "kubectl-opsec {}\nservice       {} ({place})\nKubernetes    {} (files are judged as)\nrules         {}\n",
                versions.client, versions.service, versions.kubernetes, versions.rules
            );
            out.extend_from_slice(text.as_bytes());
        }
        AnswerFormat::Json => opsec_render::json(&versions, &mut out).map_err(Failure::Output)?,
        AnswerFormat::Yaml => opsec_render::yaml(&versions, &mut out).map_err(Failure::Output)?,
    }
    output::answer(&out)?;
    Ok(Exit::Success)
}
