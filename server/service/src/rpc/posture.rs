//! PostureService.

mod watch;

use std::sync::Arc;

use opsec_access::{Caller, Method, Target};
use opsec_proto::v1;
use opsec_proto::v1::posture_service_server::PostureService;
use tonic::{Request, Response, Status};

use crate::clock;
use crate::context::{Context, require};
use crate::failure::Failure;
use crate::page::Asked;
use crate::rpc::{cursor, encode};
use crate::use_case::baselines::read_posture_name;
use crate::use_case::posture::{self, Filter, Shown};

/// PostureService over what is stored.
#[derive(Debug)]
pub(crate) struct Postures {
    context: Arc<Context>,
}

impl Postures {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    async fn get(
        &self,
        request: Request<v1::GetPostureRequest>,
    ) -> Result<v1::GetPostureResponse, Failure> {
        let caller = self.context.caller(&request)?;
        let (cluster, operator) = read_posture_name("name", &request.into_inner().name)?;
        let target = Target::Pair {
            cluster: &cluster,
            operator: &operator,
        };
        require(&caller, Method::GetPosture, target).await?;
        let shown = self
            .context
            .run(move |context| {
                let cluster = context.registered(&cluster)?;
                let found = match context.keeper.snapshot()? {
                    Some(snapshot) => posture::get(&*snapshot, &cluster, &operator)?,
                    None => None,
                };
                found.ok_or(Failure::PostureNotFound {
                    cluster: cluster.id,
                    operator,
                })
            })
            .await?;
        Ok(v1::GetPostureResponse {
            posture: Some(encode::posture(&shown)),
        })
    }

    async fn list(
        &self,
        request: Request<v1::ListPosturesRequest>,
    ) -> Result<v1::ListPosturesResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ListPostures, Target::Nothing).await?;
        let request = request.into_inner();
        let list = format!("ListPostures {:?} {}", request.filter, caller.subject());
        let filter = read_filter(request.filter)?;
        let (all, position) = self
            .context
            .run(|context| match context.keeper.snapshot()? {
                Some(snapshot) => {
                    let position = cursor::encode(snapshot.cursor());
                    Ok((posture::list(&*snapshot)?, position))
                }
                None => Ok((Vec::new(), String::new())),
            })
            .await?;
        let seen = seen(&caller, Method::ListPostures, &filter, all).await;
        let asked = Asked {
            size: request.page_size,
            token: &request.page_token,
            list: &list,
            now: clock::now(),
        };
        let key = |shown: &Shown| format!("{}/{}", shown.cluster.id, shown.posture.operator);
        let (page, next_page_token) = self.context.pages.cut(asked, seen, key)?;
        Ok(v1::ListPosturesResponse {
            postures: page.iter().map(encode::posture).collect(),
            next_page_token,
            cursor: if request.page_token.is_empty() {
                position
            } else {
                String::new()
            },
        })
    }
}

/// What a filter leaves of what the caller sees.
async fn seen(caller: &Caller, method: Method, filter: &Filter, all: Vec<Shown>) -> Vec<Shown> {
    let mut seen = Vec::new();
    for shown in all {
        let target = Target::Pair {
            cluster: &shown.cluster.id,
            operator: &shown.posture.operator,
        };
        if filter.leaves(&shown) && caller.sees(method, target).await {
            seen.push(shown);
        }
    }
    // Pages are cut by this key.
    seen.sort_by_cached_key(|shown| format!("{}/{}", shown.cluster.id, shown.posture.operator));
    seen
}

fn read_filter(sent: Option<v1::PostureFilter>) -> Result<Filter, Failure> {
    let sent = sent.unwrap_or_default();
    let invalid = |field: &'static str, message: String| Failure::Filter { field, message };
    for (field, pattern) in [
        ("filter.cluster", &sent.cluster),
        ("filter.operator", &sent.operator),
    ] {
        let inner = pattern.strip_suffix('*').unwrap_or(pattern);
        if inner.contains('*') || !inner.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = format!("`{pattern}` is no name, nor a prefix that ends in one `*`");
            return Err(invalid(field, message));
        }
    }
    let practice = match sent.practice {
        0 => None,
        number => {
            if let Ok(number @ 1..=6) = u8::try_from(number) {
                Some(number)
            } else {
                let message = format!("{number} is no practice; they are 1 to 6");
                return Err(invalid("filter.practice", message));
            }
        }
    };
    let statuses = sent.statuses.into_iter().map(|number| {
        opsec_wire::decode_status("filter.statuses", number)
            .map_err(|_| invalid("filter.statuses", format!("{number} is no status")))
    });
    Ok(Filter {
        statuses: statuses.collect::<Result<_, _>>()?,
        cluster: sent.cluster,
        operator: sent.operator,
        practice,
    })
}

#[tonic::async_trait]
impl PostureService for Postures {
    async fn get_posture(
        &self,
        request: Request<v1::GetPostureRequest>,
    ) -> Result<Response<v1::GetPostureResponse>, Status> {
        Ok(Response::new(self.get(request).await?))
    }

    async fn list_postures(
        &self,
        request: Request<v1::ListPosturesRequest>,
    ) -> Result<Response<v1::ListPosturesResponse>, Status> {
        Ok(Response::new(self.list(request).await?))
    }

    type WatchPostureStream = watch::Events;

    async fn watch_posture(
        &self,
        request: Request<v1::WatchPostureRequest>,
    ) -> Result<Response<Self::WatchPostureStream>, Status> {
        Ok(Response::new(self.watch(request).await?))
    }
}
