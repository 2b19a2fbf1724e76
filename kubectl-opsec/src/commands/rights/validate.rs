//! `rights validate`: whether rights stay within what is declared.

use opsec_model::API_VERSION;
use opsec_model::validation::{Validation, ValidationList};
use opsec_proto::v1;
use opsec_proto::v1::validate_rights_request::Input;
use opsec_wire::{decode_notices, decode_source, decode_validation, encode_snapshot};

use crate::args::{AnswerFormat, ValidateArgs};
use crate::commands::watch::{Event, changed, follow, json_line, yaml_document};
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
    if args.watch {
        return watch(args, context).await;
    }
    let list = validated(args, context).await?;
    let mut out = Vec::new();
    print(args, context, &list, &mut out)?;
    output::answer(&out)?;
    Ok(Exit::of_validations(&list.items))
}

fn print(
    args: &ValidateArgs,
    context: &Context,
    list: &ValidationList,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    match args.output.format {
        AnswerFormat::Text => opsec_render::validations(list, &context.layout, out),
        AnswerFormat::Json => opsec_render::json(list, out),
        AnswerFormat::Yaml => opsec_render::yaml(list, out),
    }
    .map_err(Failure::Output)
}

/// What becomes of each declaration now.
async fn validated(args: &ValidateArgs, context: &Context) -> Result<ValidationList, Failure> {
    let progress = Progress::start("reading");
    let gathered = input::gather(&args.files, &progress).await?;
    progress.step("comparing rights");
    let snapshot = encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?;
    let request = v1::ValidateRightsRequest {
        input: Some(Input::Snapshot(snapshot)),
        operator: gathered.operator(args.operator.as_ref()),
    };
    let service = Service::without_store(context).await?;
    decode(service.validate_rights(request).await?)
}

/// Validates whenever the cluster changes.
async fn watch(args: &ValidateArgs, context: &Context) -> Result<Exit, Failure> {
    let mut before: Vec<(String, Validation)> = Vec::new();
    let look = async || {
        let list = match validated(args, context).await {
            // The last one is gone: that is a change as any other.
            Err(Failure::Service(error)) if !before.is_empty() && error.is_nothing_declared() => {
                None
            }
            list => Some(list?),
        };
        let items = list.iter().flat_map(|list| &list.items);
        let after: Vec<_> = items.map(|it| (it.name.clone(), it.clone())).collect();
        let mut out = Vec::new();
        for (event, name, validation) in changed(&before, &after) {
            match args.output.format {
                AnswerFormat::Json => json_line(event, validation, &mut out)?,
                AnswerFormat::Yaml => yaml_document(event, validation, &mut out)?,
                AnswerFormat::Text if event == Event::Deleted => {
                    out.extend_from_slice(format!("OperatorRights/{name} · GONE\n").as_bytes());
                }
                AnswerFormat::Text => {
                    let mut one = list.clone().ok_or(ServiceError::EmptyAnswer)?;
                    one.items = vec![validation.clone()];
                    print(args, context, &one, &mut out)?;
                }
            }
        }
        before = after;
        Ok(out)
    };
    follow(&args.files, look).await
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
