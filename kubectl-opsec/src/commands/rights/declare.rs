//! `rights declare`: what an operator holds today, as a document that declares it.

use opsec_proto::v1;
use opsec_proto::v1::declare_rights_request::Input;
use opsec_wire::encode_snapshot;
use serde_json::Value;

use crate::args::{DeclareArgs, DocumentFormat};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::say;
use crate::progress::Progress;
use crate::service::{Service, ServiceError};
use crate::{input, output};

/// Writes it.
///
/// # Errors
/// When the files could not be read, or hold no such operator.
pub(super) async fn run(args: &DeclareArgs, context: &Context) -> Result<Exit, Failure> {
    let progress = Progress::start("reading");
    let gathered = input::gather(&args.files, &progress).await?;
    progress.step("adding up rights");
    let snapshot = encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?;
    let request = v1::DeclareRightsRequest {
        input: Some(Input::Snapshot(snapshot)),
        operator: gathered.operator(args.operator.as_ref()),
        intended_namespaces: args.intended.clone(),
        enforce: args.enforce,
    };
    let service = Service::without_store(context).await?;
    let response = service.declare_rights(request).await?;
    drop(progress);
    for why in &response.unknown {
        say(&format!("warning: it may hold other rights: {why}"));
    }
    let document = if args.baseline_section {
        say(
            "note: what this baseline grants is no finding any more; take out what you do not accept",
        );
        response.baseline
    } else {
        response.operator_rights
    };
    let document: Value =
        serde_json::from_slice(&document).map_err(|_| ServiceError::EmptyAnswer)?;
    let mut out = Vec::new();
    match args.output {
        DocumentFormat::Yaml => opsec_render::yaml(&document, &mut out),
        DocumentFormat::Json => opsec_render::json(&document, &mut out),
    }
    .map_err(Failure::Output)?;
    output::answer(&out)?;
    Ok(Exit::Success)
}
