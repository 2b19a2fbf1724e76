//! `explain`.

use opsec_wire::{decode_explained, decode_explanation};

use crate::args::{AnswerFormat, ExplainArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::service::Service;

/// Explains what was named, or lists what can be.
///
/// # Errors
/// When nothing is called so.
pub(crate) async fn run(args: ExplainArgs, context: Context) -> Result<Exit, Failure> {
    let service = Service::without_store(&context).await?;
    let mut out = Vec::new();
    let Some(name) = args.name else {
        let mut topics = Vec::new();
        for topic in service.topics().await? {
            let explains = decode_explained("topics.kind", topic.kind)?;
            topics.push(opsec_model::Topic {
                explains,
                id: topic.id,
                title: topic.title,
            });
        }
        match args.output.format {
            AnswerFormat::Text => opsec_render::topics(&topics, &context.layout, &mut out),
            AnswerFormat::Json => opsec_render::json(&topics, &mut out),
            AnswerFormat::Yaml => opsec_render::yaml(&topics, &mut out),
        }
        .map_err(Failure::Output)?;
        output::answer(&out)?;
        return Ok(Exit::Success);
    };
    let explanation = decode_explanation(service.explain(name).await?)?;
    match args.output.format {
        AnswerFormat::Text => opsec_render::explanation(&explanation, &context.layout, &mut out),
        AnswerFormat::Json => opsec_render::json(&explanation, &mut out),
        AnswerFormat::Yaml => opsec_render::yaml(&explanation, &mut out),
    }
    .map_err(Failure::Output)?;
    output::answer(&out)?;
    Ok(Exit::Success)
}
