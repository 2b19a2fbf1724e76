//! CheckService.

use std::sync::Arc;

use opsec_practices::CheckOptions;
use opsec_proto::v1;
use opsec_proto::v1::check_request::{BaselineChoice, Input as CheckInput};
use opsec_proto::v1::check_service_server::CheckService;
use opsec_proto::v1::list_operators_request::Input as ListInput;
use tonic::{Request, Response, Status};

use crate::clock;
use crate::failure::Failure;
use crate::page::{Asked, Pages};
use crate::rpc::{encode, input};
use crate::use_case::baselines::{read_baseline, read_name};
use crate::use_case::check::{Facts, check, probes};
use crate::use_case::explain::explain;
use crate::use_case::list_operators::list_operators;
use crate::use_case::list_rules::list_rules;
use crate::use_case::select::{Choice, Selector};
use crate::view::View;

/// CheckService over what is stored.
#[derive(Debug)]
pub(crate) struct Check {
    view: Arc<View>,
    pages: Arc<Pages>,
}

impl Check {
    pub(crate) fn new(view: Arc<View>, pages: Arc<Pages>) -> Self {
        Self { view, pages }
    }
}

#[tonic::async_trait]
impl CheckService for Check {
    async fn check(
        &self,
        request: Request<v1::CheckRequest>,
    ) -> Result<Response<v1::CheckResponse>, Status> {
        Ok(Response::new(self.judge(request.into_inner())?))
    }

    async fn list_operators(
        &self,
        request: Request<v1::ListOperatorsRequest>,
    ) -> Result<Response<v1::ListOperatorsResponse>, Status> {
        Ok(Response::new(self.operators(request.into_inner())?))
    }

    async fn list_rules(
        &self,
        request: Request<v1::ListRulesRequest>,
    ) -> Result<Response<v1::ListRulesResponse>, Status> {
        Ok(Response::new(self.rules(&request.into_inner())?))
    }

    async fn explain_rule(
        &self,
        request: Request<v1::ExplainRuleRequest>,
    ) -> Result<Response<v1::ExplainRuleResponse>, Status> {
        let explanation = explain(request.into_inner().name)?;
        Ok(Response::new(v1::ExplainRuleResponse {
            explanation: Some(opsec_wire::encode_explanation(&explanation)),
        }))
    }

    async fn list_topics(
        &self,
        _request: Request<v1::ListTopicsRequest>,
    ) -> Result<Response<v1::ListTopicsResponse>, Status> {
        let topics = opsec_practices::topics().into_iter();
        Ok(Response::new(v1::ListTopicsResponse {
            topics: topics.map(encode::topic).collect(),
        }))
    }

    async fn list_needs(
        &self,
        request: Request<v1::ListNeedsRequest>,
    ) -> Result<Response<v1::ListNeedsResponse>, Status> {
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
        let check = request.into_inner().check.ok_or(Failure::Field {
            field: "check",
            message: "it says whose probes are listed".to_owned(),
        })?;
        Ok(Response::new(self.probes(check)?))
    }
}

impl Check {
    fn judge(&self, request: v1::CheckRequest) -> Result<v1::CheckResponse, Failure> {
        let as_of = request.as_of.is_some();
        self.with(request, |facts, options, selector| {
            let judged = check(facts, options, selector)?;
            Ok(v1::CheckResponse {
                results: judged.into_iter().map(encode::judged).collect(),
                check_id: uuid::Uuid::now_v7().to_string(),
                evaluate_time: Some(clock::encode(options.now)),
                as_of,
            })
        })
    }

    fn probes(&self, request: v1::CheckRequest) -> Result<v1::ListProbesResponse, Failure> {
        self.with(request, |facts, options, selector| {
            Ok(opsec_wire::encode_probes(probes(facts, options, selector)?))
        })
    }

    /// Reads a check, and does something with what it is about.
    fn with<T>(
        &self,
        request: v1::CheckRequest,
        work: impl FnOnce(&Facts, &CheckOptions, &Selector<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
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
        let baselines = self.view.baselines();
        let selector = Selector {
            baselines: &baselines,
            choice: read_choice(request.baseline_choice, &baselines)?,
            cluster: Some(request.cluster).filter(|cluster| !cluster.is_empty()),
        };
        let facts = match request.input.ok_or_else(input::missing)? {
            CheckInput::Snapshot(snapshot) => input::from_snapshot(snapshot)?,
            CheckInput::Documents(documents) => input::from_documents(documents)?,
        };
        work(&facts, &options, &selector)
    }

    fn operators(
        &self,
        request: v1::ListOperatorsRequest,
    ) -> Result<v1::ListOperatorsResponse, Failure> {
        let facts = match request.input.ok_or_else(input::missing)? {
            ListInput::Snapshot(snapshot) => input::from_snapshot(snapshot)?,
            ListInput::Documents(documents) => input::from_documents(documents)?,
        };
        let digest = facts
            .snapshot
            .digest()
            .map_err(opsec_practices::CheckError::from)?;
        let asked = Asked {
            size: request.page_size,
            token: &request.page_token,
            list: &format!("ListOperators {digest}"),
            now: clock::now(),
        };
        let operators = list_operators(&facts.snapshot)?;
        let (page, next_page_token) = self.pages.cut(asked, operators, |(id, _)| id.clone())?;
        Ok(v1::ListOperatorsResponse {
            operators: page
                .iter()
                .map(|(_, one)| opsec_wire::encode_operator(one))
                .collect(),
            next_page_token,
            notices: opsec_wire::encode_notices(&facts.snapshot.notices),
        })
    }

    fn rules(&self, request: &v1::ListRulesRequest) -> Result<v1::ListRulesResponse, Failure> {
        let asked = Asked {
            size: request.page_size,
            token: &request.page_token,
            list: "ListRules",
            now: clock::now(),
        };
        let (page, next_page_token) = self
            .pages
            .cut(asked, list_rules(), |(_, rule)| rule.id.to_owned())?;
        Ok(v1::ListRulesResponse {
            rules: page.into_iter().map(encode::rule).collect(),
            next_page_token,
        })
    }
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

/// The choice of the request; one that is not stored is refused before anything is judged.
fn read_choice(
    choice: Option<BaselineChoice>,
    baselines: &opsec_store::Baselines,
) -> Result<Choice, Failure> {
    match choice {
        None => Ok(Choice::Applies),
        Some(BaselineChoice::InlineBaseline(document)) => {
            Ok(Choice::Inline(Box::new(read_baseline(&document)?)))
        }
        Some(BaselineChoice::Baseline(name)) => {
            let name = read_name("baseline", &name)?;
            if name != "default" && baselines.get(&name).is_none() {
                return Err(Failure::BaselineNotFound(name));
            }
            Ok(Choice::Named(name))
        }
    }
}
