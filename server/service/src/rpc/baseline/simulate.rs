//! What a baseline would change if it were stored.

use opsec_access::{Method, Target};
use opsec_model::Baseline;
use opsec_proto::v1;
use opsec_store::{Change, ChangeContext};
use tonic::Request;

use super::Baselines;
use crate::clock;
use crate::context::{Context, require};
use crate::failure::Failure;
use crate::page::{Asked, Sizes};
use crate::rpc::encode;
use crate::use_case::baselines::read_baseline;
use crate::use_case::simulate::{Candidate, Kept, Simulated, kept, simulate};

/// How many evaluations a page holds.
const EVALUATIONS: Sizes = Sizes {
    default: 100,
    largest: 500,
};

impl Baselines {
    pub(super) async fn simulate(
        &self,
        request: Request<v1::SimulateBaselineRequest>,
    ) -> Result<v1::SimulateBaselineResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::SimulateBaseline, Target::Nothing).await?;
        let request = request.into_inner();
        let baseline = read_baseline(&request.document)?;
        let digest = baseline.digest().map_err(|_| Failure::bug())?;
        let list = format!(
            "SimulateBaseline {digest} {} {} {}",
            request.cluster,
            request.operator,
            caller.subject()
        );
        let all = self.clusters(&request.cluster).await?;
        let asked = Asked {
            size: request.page_size,
            token: &request.page_token,
            list: &list,
            now: clock::now(),
        };
        let size = self.context.pages.places(asked, EVALUATIONS, usize::MAX)?;
        // A page begins and ends with a snapshot: its operators are judged together.
        let start = size.0.start;
        let most = size.0.len();
        let (mut found, mut next) = (Vec::new(), start);
        let document = request.document.to_vec();
        for kept in all.iter().skip(start) {
            if found.len() >= most {
                break;
            }
            found.extend(self.try_on(kept, &baseline, &document).await?);
            next += 1;
        }
        let next_page_token = if next < all.len() {
            self.context.pages.seal_place(asked, next)
        } else {
            String::new()
        };
        let named = |one: &Simulated| {
            let name = one.operator.split_once('~').map_or("", |(_, name)| name);
            request.operator.is_empty()
                || request.operator == one.operator
                || request.operator == name
        };
        let mut operators = Vec::new();
        for one in found.into_iter().filter(named) {
            let target = Target::Pair {
                cluster: &one.cluster,
                operator: &one.operator,
            };
            if caller.sees(Method::SimulateBaseline, target).await {
                operators.push(encode::simulated(one));
            }
        }
        Ok(v1::SimulateBaselineResponse {
            operators,
            next_page_token,
        })
    }

    /// The snapshots to try on. What the caller may see of them is cut by operator.
    async fn clusters(&self, only: &str) -> Result<Vec<Kept>, Failure> {
        let all = self
            .context
            .run(|context| match context.keeper.snapshot()? {
                Some(snapshot) => kept(&*snapshot),
                None => Ok(Vec::new()),
            })
            .await?;
        let mut seen = Vec::new();
        for kept in all {
            let cluster = kept.cluster.id.as_str();
            if only.is_empty() || only == cluster {
                seen.push(kept);
            }
        }
        Ok(seen)
    }

    async fn try_on(
        &self,
        kept: &Kept,
        baseline: &Baseline,
        document: &[u8],
    ) -> Result<Vec<Simulated>, Failure> {
        let (kept, baseline, document) = (kept.clone(), baseline.clone(), document.to_vec());
        self.context
            .run(move |context| try_on(context, &kept, &baseline, document))
            .await
    }
}

fn try_on(
    context: &Context,
    kept: &Kept,
    baseline: &Baseline,
    document: Vec<u8>,
) -> Result<Vec<Simulated>, Failure> {
    let now = clock::now();
    let before = context.keeper.baselines()?;
    let name = &baseline.metadata.name;
    let boxed = Box::new(baseline.clone());
    let change = match before.etag(name).filter(|_| before.get(name).is_some()) {
        Some(etag) => Change::Update {
            baseline: boxed,
            document,
            etag,
        },
        None => Change::Create {
            baseline: boxed,
            document,
        },
    };
    let made = ChangeContext {
        now: now.as_millisecond(),
        validate_only: true,
        ..ChangeContext::default()
    };
    let after = context.keeper.apply(&change, &made)?.after;
    let candidate = Candidate {
        baseline,
        before: &before,
        after: &after,
        now,
    };
    match context.keeper.snapshot()? {
        Some(snapshot) => simulate(kept, &candidate, &*snapshot),
        None => Ok(Vec::new()),
    }
}
