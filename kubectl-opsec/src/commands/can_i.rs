//! `can-i`: whether an operator may do something.

mod batch;
mod line;

use opsec_gather::ManifestError;
use opsec_model::{API_VERSION, AccessAnswer, AccountAnswer, SourceMap};
use opsec_proto::v1;
use opsec_proto::v1::access_question::Attributes;
use opsec_proto::v1::can_i_request::Input;
use opsec_wire::{
    decode_account_answer, decode_allowed, decode_notices, decode_operator, decode_question,
    encode_snapshot,
};

use crate::args::{AnswerFormat, CanIArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::Gathered;
use crate::progress::Progress;
use crate::service::{Service, ServiceError};
use crate::{input, output};

/// Answers the question, or those of a file.
///
/// # Errors
/// When the files could not be read, or hold no such operator, or the question is none.
pub(crate) async fn run(args: CanIArgs, context: Context) -> Result<Exit, Failure> {
    let progress = Progress::start("reading");
    let is_stdin = |file: &std::ffi::OsString| file == "-";
    if args.batch.as_ref().is_some_and(is_stdin) && args.files.filename.iter().any(is_stdin) {
        return Err(Failure::StandardInputTwice);
    }
    let questions = args.batch.as_deref().map(batch::open).transpose()?;
    let gathered = input::gather(&args.files, &progress)
        .await
        .map_err(with_own_flags)?;
    let asking = Asking {
        service: Service::without_store(&context).await?,
        request: v1::CanIRequest {
            input: Some(snapshot(&gathered)?),
            operator: args.operator.clone().unwrap_or_default(),
            component: args.component.clone().unwrap_or_default(),
            questions: Vec::new(),
            answer_only: questions.is_some(),
        },
    };
    if let Some(questions) = questions {
        drop((progress, gathered));
        return batch::run(&asking, questions).await;
    }
    progress.step("asking");
    let response = asking.ask(vec![question(&args)?]).await?;
    let answer = decode(response, &gathered.sources)?;
    drop(progress);
    print(&args, &answer, &context)
}

/// An error that tells to use -n means, for this command, the namespace of the input.
fn with_own_flags(failure: Failure) -> Failure {
    match failure {
        Failure::Manifest(error @ ManifestError::OtherNamespace { .. }) => {
            let message = error.to_string();
            Failure::Question(message.replace("use -n ", "use --input-namespace "))
        }
        failure => failure,
    }
}

/// The service, and what is the same for all questions.
struct Asking {
    service: Service,
    request: v1::CanIRequest,
}

impl Asking {
    async fn ask(
        &self,
        questions: Vec<v1::AccessQuestion>,
    ) -> Result<v1::CanIResponse, ServiceError> {
        let request = v1::CanIRequest {
            questions,
            ..self.request.clone()
        };
        self.service.can_i(request).await
    }
}

fn snapshot(gathered: &Gathered) -> Result<Input, Failure> {
    let snapshot = encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?;
    Ok(Input::Snapshot(snapshot))
}

/// The question of the command line; with --subresource a slash comes before a name, as for
/// kubectl, and without it before a subresource, as in roles.
fn question(args: &CanIArgs) -> Result<v1::AccessQuestion, Failure> {
    let mut resource = args.resource.clone().unwrap_or_default();
    let mut name = args.name.clone().unwrap_or_default();
    if let Some(subresource) = &args.subresource {
        if resource.starts_with('/') {
            let message = "a path has no subresource; leave --subresource out".to_owned();
            return Err(Failure::Question(message));
        }
        if let Some((kind, named)) = resource.clone().split_once('/') {
            if !name.is_empty() {
                let message = format!("both `{named}` and `{name}` name the object; give one");
                return Err(Failure::Question(message));
            }
            named.clone_into(&mut name);
            kind.clone_into(&mut resource);
        }
        resource = format!("{resource}/{subresource}");
    }
    let namespace = match &args.asked_namespace {
        _ if args.all_namespaces => Some(String::new()),
        namespace => namespace.clone(),
    };
    Ok(v1::AccessQuestion {
        service_account: None,
        attributes: Some(Attributes::Written(v1::WrittenAttributes {
            verb: args.verb.clone().unwrap_or_default(),
            resource,
            name,
            namespace,
        })),
    })
}

fn decode(response: v1::CanIResponse, sources: &SourceMap) -> Result<AccessAnswer, Failure> {
    let result = response.results.into_iter().next();
    let result = result.ok_or(ServiceError::EmptyAnswer)?;
    if !result.error.is_empty() {
        return Err(Failure::Question(result.error));
    }
    let accounts: Result<Vec<AccountAnswer>, _> = result
        .accounts
        .into_iter()
        .map(decode_account_answer)
        .collect();
    let mut answer = AccessAnswer {
        api_version: API_VERSION.to_owned(),
        kind: "AccessAnswer".to_owned(),
        operator: decode_operator(response.operator.ok_or(ServiceError::EmptyAnswer)?),
        question: decode_question(result.read.ok_or(ServiceError::EmptyAnswer)?),
        allowed: decode_allowed("allowed", result.allowed)?,
        items: accounts?,
        notices: decode_notices("notices", response.notices)?,
    };
    answer.locate(sources);
    Ok(answer)
}

fn print(args: &CanIArgs, answer: &AccessAnswer, context: &Context) -> Result<Exit, Failure> {
    let mut out = Vec::new();
    match args.output.format {
        AnswerFormat::Text => opsec_render::access(answer, &context.layout, &mut out),
        AnswerFormat::Json => opsec_render::json(answer, &mut out),
        AnswerFormat::Yaml => opsec_render::yaml(answer, &mut out),
    }
    .map_err(Failure::Output)?;
    output::answer(&out)?;
    Ok(Exit::of_answer(answer.allowed))
}
