//! `AnalysisService/CompareRights`: two states of an operator beside each other.

use std::sync::Arc;

use opsec_access::{Method, Target};
use opsec_compare::{Comparing, State};
use opsec_model::{Baseline, Comparison, EffectiveBaseline};
use opsec_proto::v1;
use opsec_proto::v1::compare_rights_request::BaselineChoice;
use opsec_proto::v1::state_input;
use tonic::Request;

use crate::clock;
use crate::context::{Context, require, within};
use crate::failure::Failure;
use crate::rpc::input::{from_documents, from_snapshot, missing, named};
use crate::use_case::baselines::{read_baseline, read_name};
use crate::use_case::check::Facts;
use crate::use_case::clusters::Place;
use crate::use_case::compare::compare;
use crate::use_case::remediation::operator;
use crate::use_case::select::{Choice, Selector};

/// A state of the request, read.
enum Input {
    /// Facts, where they are of, and the operator that is meant.
    Operator(Box<Facts>, Place, String),
    /// A stored baseline.
    Stored(String),
    /// A baseline that came with the request.
    Inline(Box<Baseline>),
}

/// Compares.
pub(crate) async fn compared(
    context: &Arc<Context>,
    request: Request<v1::CompareRightsRequest>,
) -> Result<v1::CompareRightsResponse, Failure> {
    let caller = context.caller(&request)?;
    require(&caller, Method::CompareRights, Target::Nothing).await?;
    let request = request.into_inner();
    // What a stored baseline accepts is told as far as its content may be read.
    for state in [&request.before, &request.after].into_iter().flatten() {
        if let Some(state_input::State::Baseline(name)) = &state.state {
            let name = read_name("baseline", name)?;
            require(&caller, Method::GetBaseline, Target::Baseline(&name)).await?;
        }
    }
    let (comparison, places) = context
        .run(move |context| of_request(context, request))
        .await?;
    let states = [&comparison.before, &comparison.after];
    for (place, state) in places.iter().zip(states) {
        if let Some(place) = place {
            within(&caller, Method::CompareRights, place, state.operator.iter()).await?;
        }
    }
    Ok(v1::CompareRightsResponse {
        comparison: Some(opsec_wire::encode_comparison(&comparison)),
    })
}

fn of_request(
    context: &Context,
    request: v1::CompareRightsRequest,
) -> Result<(Comparison, [Option<Place>; 2]), Failure> {
    let before = read(context, request.before).map_err(|failure| failure.of("before"))?;
    let after = read(context, request.after).map_err(|failure| failure.of("after"))?;
    let choice = match request.baseline_choice {
        None => Choice::Applies,
        Some(BaselineChoice::Baseline(name)) => Choice::Named(read_name("baseline", &name)?),
        Some(BaselineChoice::InlineBaseline(document)) => {
            Choice::Inline(Box::new(read_baseline(&document)?))
        }
    };
    let choice = [&before, &after]
        .into_iter()
        .find_map(Input::choice)
        .unwrap_or(choice);
    let baseline = baseline(context, &before, &after, choice)?;
    let asked = Comparing {
        before: before.state(&baseline),
        after: after.state(&baseline),
        baseline: &baseline,
        now: clock::now(),
    };
    let mut comparison = compare(&asked)?;
    let (older, newer) = (before.facts(), after.facts());
    let nowhere = Facts::default();
    comparison.locate(
        &older.unwrap_or(&nowhere).sources,
        &newer.unwrap_or(&nowhere).sources,
    );
    Ok((comparison, [before.place(), after.place()]))
}

fn read(context: &Context, input: Option<v1::StateInput>) -> Result<Input, Failure> {
    let v1::StateInput { state, operator } = input.ok_or_else(missing)?;
    let facts = match state.ok_or_else(missing)? {
        state_input::State::Snapshot(snapshot) => from_snapshot(snapshot)?,
        state_input::State::Documents(documents) => from_documents(documents)?,
        state_input::State::Baseline(name) => {
            return Ok(Input::Stored(read_name("baseline", &name)?));
        }
        state_input::State::InlineBaseline(document) => {
            return Ok(Input::Inline(Box::new(read_baseline(&document)?)));
        }
    };
    let place = context.place(&facts.snapshot, "")?;
    Ok(Input::Operator(Box::new(facts), place, operator))
}

/// The baseline that both are judged by: that of the newer operator, where there is one.
fn baseline(
    context: &Context,
    before: &Input,
    after: &Input,
    choice: Choice,
) -> Result<EffectiveBaseline, Failure> {
    let of = |state, input: &Input| -> Option<Result<_, Failure>> {
        let Input::Operator(facts, place, name) = input else {
            return None;
        };
        let found = operator(&facts.snapshot, named(name)).map_err(|failure| failure.of(state));
        Some(found.map(|operator| (operator, place.applying(&facts.snapshot))))
    };
    let judged = of("after", after).or_else(|| of("before", before));
    let both = || Failure::Field {
        field: "after",
        message: "it is a baseline as the older state is; one of them must be an operator's"
            .to_owned(),
    };
    let (operator, applying) = judged.ok_or_else(both)??;
    let baselines = context.keeper.baselines()?;
    let selector = Selector {
        baselines: &baselines,
        choice,
        applying,
    };
    let (_, selected) = selector.select(&operator)?;
    Ok(selected.baseline)
}

impl Input {
    /// The baseline that it is.
    fn choice(&self) -> Option<Choice> {
        match self {
            Self::Operator(..) => None,
            Self::Stored(name) => Some(Choice::Named(name.clone())),
            Self::Inline(baseline) => Some(Choice::Inline(baseline.clone())),
        }
    }

    fn state<'a>(&'a self, baseline: &'a EffectiveBaseline) -> State<'a> {
        match self {
            Self::Operator(facts, _, operator) => State::Operator {
                snapshot: &facts.snapshot,
                operator: named(operator),
            },
            Self::Stored(_) | Self::Inline(_) => State::Baseline(baseline),
        }
    }

    fn facts(&self) -> Option<&Facts> {
        match self {
            Self::Operator(facts, ..) => Some(facts),
            Self::Stored(_) | Self::Inline(_) => None,
        }
    }

    fn place(self) -> Option<Place> {
        match self {
            Self::Operator(_, place, _) => Some(place),
            Self::Stored(_) | Self::Inline(_) => None,
        }
    }
}
