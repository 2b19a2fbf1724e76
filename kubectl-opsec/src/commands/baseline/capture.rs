//! `baseline capture`: what is accepted of an operator today, as a draft that a person goes on with.

use opsec_proto::v1;
use opsec_proto::v1::capture_baseline_request::Input;
use opsec_wire::encode_snapshot;
use serde_json::Value;

use crate::args::{CaptureArgs, DocumentFormat};
use crate::context::Context;
use crate::failure::Failure;
use crate::input;
use crate::output::say;
use crate::progress::Progress;
use crate::service::{Service, ServiceError};

/// Drafts it.
///
/// # Errors
/// When the files could not be read, or hold no such operator.
pub(super) async fn run(args: &CaptureArgs, context: &Context) -> Result<Vec<u8>, Failure> {
    let progress = Progress::start("reading");
    let gathered = input::gather(&args.files, &progress).await?;
    progress.step("judging");
    let snapshot = encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?;
    let request = v1::CaptureBaselineRequest {
        input: Some(Input::Snapshot(snapshot)),
        operator: gathered.operator(args.operator.as_ref()),
        intended_namespaces: args.intended.clone(),
    };
    let service = Service::without_store(context).await?;
    let response = service.capture_baseline(request).await?;
    drop(progress);
    let document: Value =
        serde_json::from_slice(&response.document).map_err(|_| ServiceError::EmptyAnswer)?;
    let exemptions = document
        .pointer("/spec/exemptions")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    if exemptions > 0 {
        say(&format!(
            "note: give each of the {exemptions} exemptions a reason and an end, or take it out; until then the draft is refused"
        ));
    }
    let mut out = Vec::new();
    match args.output {
        DocumentFormat::Yaml => opsec_render::yaml(&document, &mut out),
        DocumentFormat::Json => opsec_render::json(&document, &mut out),
    }
    .map_err(Failure::Output)?;
    Ok(out)
}
