//! CheckService.

mod record;

use std::sync::Arc;

use futures_util::future::join_all;
use opsec_access::{Caller, Method, Target};
use opsec_model::Snapshot;
use opsec_practices::CheckOptions;
use opsec_proto::v1;
use opsec_proto::v1::batch_check_result::Answer as ItemAnswer;
use opsec_proto::v1::check_request::{BaselineChoice, Input as CheckInput};
use opsec_proto::v1::check_service_server::CheckService;
use opsec_proto::v1::list_operators_request::Input as ListInput;
use opsec_store::posture::CollectionMode;
use tonic::{Request, Response, Status};

use crate::about::{answer, answers};
use crate::call::Call;
use crate::clock;
use crate::context::{Context, everywhere, require, within};
use crate::failure::Failure;
use crate::page::Asked as PageAsked;
use crate::remembered::{Answer, Asked as Key, Remembered};
use crate::rpc::{encode, input};
use crate::use_case::baselines::{read_baseline, read_name};
use crate::use_case::check::{Facts, Judged, check, probes};
use crate::use_case::clusters::Place;
use crate::use_case::explain::explain;
use crate::use_case::list_operators::list_operators;
use crate::use_case::list_rules::list_rules;
use crate::use_case::select::{Choice, Selector};

/// The most items of a batch.
const BATCH: usize = 100;

/// CheckService over what is stored.
#[derive(Debug)]
pub(crate) struct Check {
    context: Arc<Context>,
    remembered: Remembered,
}

/// A check that was made, and has not been answered or recorded.
struct Made {
    facts: Facts,
    place: Place,
    judged: Vec<Judged>,
    now: jiff::Timestamp,
    mode: CollectionMode,
}

/// A request for a check, read.
pub(crate) struct Asked {
    pub(crate) facts: Facts,
    pub(crate) options: CheckOptions,
    choice: Choice,
    pub(crate) place: Place,
}

impl Check {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            remembered: Remembered::default(),
        }
    }

    async fn judge(
        &self,
        caller: &Caller,
        request: v1::CheckRequest,
        call: Option<Call>,
    ) -> Result<v1::CheckResponse, Failure> {
        if request.record {
            return self.judge_and_record(caller, request, call).await;
        }
        let as_of = request.as_of.map(read_as_of).transpose()?;
        let now = as_of.unwrap_or_else(clock::now);
        let collected = self.collected(caller, Method::Check, &request).await?;
        let mode = mode(collected.as_ref());
        let answer = self.answer(request, collected, now).await?;
        within(
            caller,
            Method::Check,
            &answer.place,
            answer.operators.iter(),
        )
        .await?;
        Ok(v1::CheckResponse {
            results: answer.results.clone(),
            ..response(&answer.place, (now, as_of.is_some()), mode)
        })
    }

    /// What a request comes to: as it was answered before, or judged now.
    async fn answer(
        &self,
        request: v1::CheckRequest,
        collected: Option<Snapshot>,
        now: jiff::Timestamp,
    ) -> Result<Arc<Answer>, Failure> {
        let stored = self.context.keeper.cursor()?;
        // What is collected is other facts each time.
        let stored = stored.filter(|_| collected.is_none());
        let key = stored.map(|stored| Key::of(&request, stored, now));
        if let Some(known) = key.and_then(|key| self.remembered.get(key)) {
            return Ok(known);
        }
        let made = self.made(request, collected).await?;
        let operators = made.judged.iter();
        let answer = Arc::new(Answer {
            place: made.place,
            operators: operators
                .map(|judged| judged.report.operator.clone())
                .collect(),
            results: made.judged.into_iter().map(encode::judged).collect(),
        });
        if let Some(key) = key {
            self.remembered.put(key, Arc::clone(&answer));
        }
        Ok(answer)
    }

    /// Facts that the service reads itself, where a request asks for that.
    async fn collected(
        &self,
        caller: &Caller,
        method: Method,
        request: &v1::CheckRequest,
    ) -> Result<Option<Snapshot>, Failure> {
        match &request.input {
            Some(CheckInput::Collection(asked)) => {
                let collected = self.context.collected(caller, method, asked);
                collected.await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn made(
        &self,
        request: v1::CheckRequest,
        collected: Option<Snapshot>,
    ) -> Result<Made, Failure> {
        let mode = mode(collected.as_ref());
        let judge = move |context: &Context| {
            context
                .asked(request, collected)?
                .with(context, |asked, selector| {
                    let judged = check(&asked.facts, &asked.options, selector)?;
                    Ok((judged, asked.options.now))
                })
        };
        let (asked, (judged, now)) = self.context.run(judge).await?;
        Ok(Made {
            facts: asked.facts,
            place: asked.place,
            judged,
            now,
            mode,
        })
    }

    async fn batch(
        &self,
        request: Request<v1::BatchCheckRequest>,
    ) -> Result<v1::BatchCheckResponse, Failure> {
        let caller = self.context.caller(&request)?;
        let call = request.extensions().get::<Call>().cloned();
        require(&caller, Method::BatchCheck, Target::Nothing).await?;
        let request = request.into_inner();
        let asked = request.items.len();
        if asked == 0 || asked > BATCH {
            let limit = BATCH;
            return Err(Failure::BatchTooLarge { asked, limit });
        }
        // In order, each with its own status; evaluations run beside each other as far as there is
        // room for them.
        let items = request.items.into_iter().enumerate().map(|(index, item)| {
            let request = of_item(item, &request.snapshots);
            let call = call.as_ref().map(|call| call.item(index));
            async {
                match request {
                    Ok(request) => self.judge(&caller, request, call).await,
                    Err(failure) => Err(failure),
                }
            }
        });
        let answers = join_all(items).await.into_iter().map(|answer| {
            let answer = match answer {
                Ok(response) => ItemAnswer::Response(response),
                Err(failure) => ItemAnswer::Error(encode::rpc_status(failure)),
            };
            v1::BatchCheckResult {
                answer: Some(answer),
            }
        });
        Ok(v1::BatchCheckResponse {
            results: answers.collect(),
        })
    }

    async fn probes(
        &self,
        request: Request<v1::ListProbesRequest>,
    ) -> Result<v1::ListProbesResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ListProbes, Target::Nothing).await?;
        let check = request.into_inner().check.ok_or(Failure::Field {
            field: "check",
            message: "it says whose probes are listed".to_owned(),
        })?;
        let (asked, probes) = self
            .context
            .run(move |context| {
                context
                    .asked(check, None)?
                    .with(context, |asked, selector| {
                        probes(&asked.facts, &asked.options, selector)
                    })
            })
            .await?;
        everywhere(&caller, Method::ListProbes, &asked.place).await?;
        Ok(opsec_wire::encode_probes(probes))
    }

    async fn operators(
        &self,
        request: Request<v1::ListOperatorsRequest>,
    ) -> Result<v1::ListOperatorsResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ListOperators, Target::Nothing).await?;
        let request = request.into_inner();
        let sent = request.input;
        let (facts, place, operators) = self
            .context
            .run(move |context| {
                let facts = match sent.ok_or_else(input::missing)? {
                    ListInput::Snapshot(snapshot) => input::from_snapshot(snapshot)?,
                    ListInput::Documents(documents) => input::from_documents(documents)?,
                };
                let place = context.place(&facts.snapshot, "")?;
                let operators = list_operators(&facts.snapshot)?;
                Ok((facts, place, operators))
            })
            .await?;
        everywhere(&caller, Method::ListOperators, &place).await?;
        let digest = facts
            .snapshot
            .digest()
            .map_err(opsec_practices::CheckError::from)?;
        let asked = PageAsked {
            size: request.page_size,
            token: &request.page_token,
            list: &format!("ListOperators {digest}"),
            now: clock::now(),
        };
        let (page, next_page_token) = self
            .context
            .pages
            .cut(asked, operators, |(id, _)| id.clone())?;
        Ok(v1::ListOperatorsResponse {
            operators: page
                .iter()
                .map(|(_, one)| opsec_wire::encode_operator(one))
                .collect(),
            next_page_token,
            notices: opsec_wire::encode_notices(&facts.snapshot.notices),
        })
    }

    async fn rules(
        &self,
        request: Request<v1::ListRulesRequest>,
    ) -> Result<v1::ListRulesResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ListRules, Target::Nothing).await?;
        let request = request.into_inner();
        let asked = PageAsked {
            size: request.page_size,
            token: &request.page_token,
            list: "ListRules",
            now: clock::now(),
        };
        let (page, next_page_token) =
            self.context
                .pages
                .cut(asked, list_rules(), |(_, rule)| rule.id.to_owned())?;
        Ok(v1::ListRulesResponse {
            rules: page.into_iter().map(encode::rule).collect(),
            next_page_token,
        })
    }
}

#[tonic::async_trait]
impl CheckService for Check {
    async fn check(
        &self,
        request: Request<v1::CheckRequest>,
    ) -> Result<Response<v1::CheckResponse>, Status> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::Check, Target::Nothing).await?;
        let call = request.extensions().get::<Call>().cloned();
        Ok(answer(
            self.judge(&caller, request.into_inner(), call).await?,
        ))
    }

    async fn batch_check(
        &self,
        request: Request<v1::BatchCheckRequest>,
    ) -> Result<Response<v1::BatchCheckResponse>, Status> {
        Ok(answers(self.batch(request).await?))
    }

    async fn list_operators(
        &self,
        request: Request<v1::ListOperatorsRequest>,
    ) -> Result<Response<v1::ListOperatorsResponse>, Status> {
        Ok(Response::new(self.operators(request).await?))
    }

    async fn list_rules(
        &self,
        request: Request<v1::ListRulesRequest>,
    ) -> Result<Response<v1::ListRulesResponse>, Status> {
        Ok(Response::new(self.rules(request).await?))
    }

    async fn explain_rule(
        &self,
        request: Request<v1::ExplainRuleRequest>,
    ) -> Result<Response<v1::ExplainRuleResponse>, Status> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ExplainRule, Target::Nothing).await?;
        let explanation = explain(request.into_inner().name)?;
        Ok(Response::new(v1::ExplainRuleResponse {
            explanation: Some(opsec_wire::encode_explanation(&explanation)),
        }))
    }

    async fn list_topics(
        &self,
        request: Request<v1::ListTopicsRequest>,
    ) -> Result<Response<v1::ListTopicsResponse>, Status> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ListTopics, Target::Nothing).await?;
        let topics = opsec_practices::topics().into_iter();
        Ok(Response::new(v1::ListTopicsResponse {
            topics: topics.map(encode::topic).collect(),
        }))
    }

    async fn list_needs(
        &self,
        request: Request<v1::ListNeedsRequest>,
    ) -> Result<Response<v1::ListNeedsResponse>, Status> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ListNeeds, Target::Nothing).await?;
        let v1::ListNeedsRequest {
            secret_metadata,
            probe,
        } = request.into_inner();
        let needs = opsec_practices::needs()
            .into_iter()
            .filter(|need| probe || !need.for_probe)
            .filter(|need| secret_metadata || need.resources != ["secrets"]);
        Ok(Response::new(v1::ListNeedsResponse {
            needs: needs.map(opsec_wire::encode_need).collect(),
        }))
    }

    async fn list_probes(
        &self,
        request: Request<v1::ListProbesRequest>,
    ) -> Result<Response<v1::ListProbesResponse>, Status> {
        Ok(Response::new(self.probes(request).await?))
    }
}

impl Asked {
    /// Does something under the baselines that may apply.
    pub(crate) fn with<T>(
        self,
        context: &Context,
        work: impl FnOnce(&Self, &Selector<'_>) -> Result<T, Failure>,
    ) -> Result<(Self, T), Failure> {
        let baselines = context.keeper.baselines()?;
        if let Choice::Named(name) = &self.choice
            && name != "default"
            && baselines.get(name).is_none()
        {
            return Err(Failure::BaselineNotFound(name.clone()));
        }
        let selector = Selector {
            baselines: &baselines,
            choice: self.choice.clone(),
            applying: self.place.applying(&self.facts.snapshot),
        };
        let done = work(&self, &selector)?;
        Ok((self, done))
    }
}

/// Who collected what is judged.
fn mode(collected: Option<&Snapshot>) -> CollectionMode {
    match collected {
        Some(_) => CollectionMode::ServerCollected,
        None => CollectionMode::ClientAsserted,
    }
}

/// A response without results, under an id of its own.
fn response(
    place: &Place,
    (now, as_of): (jiff::Timestamp, bool),
    mode: CollectionMode,
) -> v1::CheckResponse {
    let cluster = place.registered();
    v1::CheckResponse {
        results: Vec::new(),
        check_id: uuid::Uuid::now_v7().to_string(),
        evaluate_time: Some(clock::encode(now)),
        as_of,
        cluster: cluster.map_or_else(String::new, |cluster| format!("clusters/{}", cluster.id)),
        registered: cluster.is_some(),
        mode: encode::mode(mode).into(),
    }
}

impl Context {
    /// Reads a request for a check.
    pub(crate) fn asked(
        &self,
        request: v1::CheckRequest,
        collected: Option<Snapshot>,
    ) -> Result<Asked, Failure> {
        let as_of = request.as_of.map(read_as_of).transpose()?;
        let one = !request.operator.is_empty() && !request.operator.ends_with('~');
        if request.all && one {
            let message = "it stands empty, or is `NAMESPACE~`, when all are judged".to_owned();
            return Err(Failure::Field {
                field: "operator",
                message,
            });
        }
        let options = CheckOptions {
            operator: Some(request.operator).filter(|name| !name.is_empty()),
            all: request.all,
            half: read_half(request.half)?,
            fail_on: read_severity(request.fail_on)?,
            now: as_of.unwrap_or_else(clock::now),
        };
        let choice = read_choice(request.baseline_choice)?;
        let facts = match request.input.ok_or_else(input::missing)? {
            CheckInput::Snapshot(snapshot) => input::from_snapshot(snapshot)?,
            CheckInput::Documents(documents) => input::from_documents(documents)?,
            CheckInput::Collection(_) => input::from_collected(collected)?,
        };
        let place = self.place(&facts.snapshot, &request.cluster)?;
        Ok(Asked {
            facts,
            options,
            choice,
            place,
        })
    }
}

/// The check of an item, with the snapshot that it refers to.
fn of_item(
    item: v1::BatchCheckItem,
    snapshots: &[v1::Snapshot],
) -> Result<v1::CheckRequest, Failure> {
    let field = |field, message: &str| Failure::Field {
        field,
        message: message.to_owned(),
    };
    let missing = || field("items.check", "it is missing");
    let mut check = item.check.ok_or_else(missing)?;
    if let Some(index) = item.snapshot_index {
        if check.input.is_some() {
            let message = "it stands beside an input of the check; leave one of them out";
            return Err(field("items.snapshot_index", message));
        }
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let snapshot = snapshots.get(index);
        let beyond = || field("items.snapshot_index", "there is no such snapshot");
        check.input = Some(CheckInput::Snapshot(snapshot.ok_or_else(beyond)?.clone()));
    }
    Ok(check)
}

fn read_as_of(time: prost_types::Timestamp) -> Result<jiff::Timestamp, Failure> {
    let message = "it is not a time".to_owned();
    clock::decode(time).ok_or(Failure::Field {
        field: "as_of",
        message,
    })
}

fn read_half(number: i32) -> Result<Option<opsec_model::Half>, Failure> {
    if number == 0 {
        return Ok(None);
    }
    opsec_wire::decode_half("half", number)
        .map(Some)
        .map_err(Failure::Wire)
}

fn read_severity(number: i32) -> Result<Option<opsec_model::Severity>, Failure> {
    if number == 0 {
        return Ok(None);
    }
    opsec_wire::decode_severity("fail_on", number)
        .map(Some)
        .map_err(Failure::Wire)
}

/// The choice of the request.
fn read_choice(choice: Option<BaselineChoice>) -> Result<Choice, Failure> {
    match choice {
        None => Ok(Choice::Applies),
        Some(BaselineChoice::InlineBaseline(document)) => {
            Ok(Choice::Inline(Box::new(read_baseline(&document)?)))
        }
        Some(BaselineChoice::Baseline(name)) => Ok(Choice::Named(read_name("baseline", &name)?)),
    }
}
