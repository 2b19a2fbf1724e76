//! `list`: the operators of files or of a cluster.

use opsec_model::API_VERSION;
use opsec_model::report::OperatorList;
use opsec_proto::v1;
use opsec_proto::v1::list_operators_request::Input;
use opsec_wire::{decode_operator, encode_snapshot};

use crate::args::{ListArgs, ListFormat};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::service::Service;
use crate::{input, output};

/// Lists them.
///
/// # Errors
/// When the files could not be read.
pub(crate) async fn run(args: ListArgs, mut context: Context) -> Result<Exit, Failure> {
    let progress = Progress::start("reading");
    let gathered = input::gather(&args.files, &progress).await?;
    progress.step("looking for operators");
    let snapshot = encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?;
    let service = Service::without_store(&context).await?;
    let mut list = OperatorList {
        api_version: API_VERSION.to_owned(),
        kind: "OperatorList".to_owned(),
        items: Vec::new(),
    };
    let mut page_token = String::new();
    loop {
        let request = v1::ListOperatorsRequest {
            input: Some(Input::Snapshot(snapshot.clone())),
            page_size: 1000,
            page_token,
        };
        let response = service.list_operators(request).await?;
        let operators = response.operators.into_iter().map(decode_operator);
        list.items
            .extend(operators.filter(|operator| gathered.is_asked_for(&operator.namespaces)));
        page_token = response.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    drop(progress);
    context.layout.objects = gathered.objects;
    let mut out = Vec::new();
    match args.output {
        ListFormat::Table => opsec_render::operators(&list, &context.layout, &mut out),
        ListFormat::Json => opsec_render::json(&list, &mut out),
        ListFormat::Yaml => opsec_render::yaml(&list, &mut out),
    }
    .map_err(Failure::Output)?;
    output::answer(&out)?;
    Ok(Exit::Success)
}
