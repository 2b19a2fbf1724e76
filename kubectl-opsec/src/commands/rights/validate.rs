//! `rights validate`: whether rights stay within what is declared.

use opsec_model::API_VERSION;
use opsec_model::validation::ValidationList;
use opsec_proto::v1;
use opsec_proto::v1::validate_rights_request::Input;
use opsec_wire::{decode_notices, decode_source, decode_validation, encode_snapshot};

use crate::args::{AnswerFormat, ValidateArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::service::{Service, ServiceError};
use crate::{input, output};

/// Validates.
///
/// # Errors
/// When the files could not be read, or nothing is declared.
pub(super) async fn run(args: &ValidateArgs, context: &Context) -> Result<Exit, Failure> {
    let progress = Progress::start("reading");
    let gathered = input::gather(&args.files, &progress).await?;
    progress.step("comparing rights");
    let snapshot = encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?;
    let request = v1::ValidateRightsRequest {
        input: Some(Input::Snapshot(snapshot)),
        operator: gathered.operator(args.operator.as_ref()),
    };
    let service = Service::without_store(context).await?;
    let list = decode(service.validate_rights(request).await?)?;
    drop(progress);
    let mut out = Vec::new();
    match args.output.format {
        AnswerFormat::Text => opsec_render::validations(&list, &context.layout, &mut out),
        AnswerFormat::Json => opsec_render::json(&list, &mut out),
        AnswerFormat::Yaml => opsec_render::yaml(&list, &mut out),
    }
    .map_err(Failure::Output)?;
    output::answer(&out)?;
    Ok(Exit::of_validations(&list.items))
}

fn decode(response: v1::ValidateRightsResponse) -> Result<ValidationList, Failure> {
    let mut items = Vec::new();
    for validation in response.validations {
        items.push(decode_validation(validation)?);
    }
    Ok(ValidationList {
        api_version: API_VERSION.to_owned(),
        kind: "ValidationList".to_owned(),
        source: decode_source(response.source.ok_or(ServiceError::EmptyAnswer)?)?,
        items,
        notices: decode_notices("notices", response.notices)?,
    })
}
