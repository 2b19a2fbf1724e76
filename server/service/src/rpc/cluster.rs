//! ClusterService.

use std::sync::Arc;

use opsec_access::{Method, Target};
use opsec_proto::v1;
use opsec_proto::v1::cluster_service_server::ClusterService;
use opsec_store::cluster::{self, Cluster};
use opsec_store::outbox::About;
use tonic::{Request, Response, Status};

use crate::about::{answer, told};
use crate::clock;
use crate::context::{Context, require};
use crate::failure::Failure;
use crate::page::Asked;
use crate::rpc::encode;
use crate::rpc::mutation::Begun;
use crate::use_case::baselines::read_cluster_name;
use crate::use_case::posture::clusters;

/// ClusterService over what is stored.
#[derive(Debug)]
pub(crate) struct Clusters {
    context: Arc<Context>,
}

impl Clusters {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    async fn create(
        &self,
        request: Request<v1::CreateClusterRequest>,
    ) -> Result<v1::CreateClusterResponse, Failure> {
        let Begun {
            caller,
            made,
            request,
        } = self.context.begin(request).await?;
        let (id, sent) = read_cluster(request.cluster)?;
        require(&caller, Method::CreateCluster, Target::Cluster(&id)).await?;
        let created = self
            .context
            .change(move |context| {
                let store = context.keeper.store()?;
                let labels = sent.labels.into_iter().collect();
                Ok(cluster::create(&*store, &id, &sent.uid, labels, &made)?)
            })
            .await?;
        Ok(v1::CreateClusterResponse {
            cluster: Some(encode::cluster(created)),
        })
    }

    async fn update(
        &self,
        request: Request<v1::UpdateClusterRequest>,
    ) -> Result<v1::UpdateClusterResponse, Failure> {
        let Begun {
            caller,
            made,
            request,
        } = self.context.begin(request).await?;
        let (id, sent) = read_cluster(request.cluster)?;
        require(&caller, Method::UpdateCluster, Target::Cluster(&id)).await?;
        let updated = self
            .context
            .change(move |context| {
                if !sent.uid.is_empty() && context.registered(&id)?.uid != sent.uid {
                    let message = "a cluster's UID never changes; register the other cluster";
                    return Err(Failure::Field {
                        field: "cluster.uid",
                        message: message.to_owned(),
                    });
                }
                let store = context.keeper.store()?;
                let labels = sent.labels.into_iter().collect();
                Ok(cluster::update(&*store, &id, &labels, &sent.etag, &made)?)
            })
            .await?;
        Ok(v1::UpdateClusterResponse {
            cluster: Some(encode::cluster(updated)),
        })
    }

    async fn delete(
        &self,
        request: Request<v1::DeleteClusterRequest>,
    ) -> Result<v1::DeleteClusterResponse, Failure> {
        let Begun {
            caller,
            made,
            request,
        } = self.context.begin(request).await?;
        let id = read_cluster_name("name", &request.name)?;
        require(&caller, Method::DeleteCluster, Target::Cluster(&id)).await?;
        self.context
            .change(move |context| {
                let store = context.keeper.store()?;
                Ok(cluster::delete(&*store, &id, &request.etag, &made)?)
            })
            .await?;
        Ok(v1::DeleteClusterResponse {})
    }

    async fn get(
        &self,
        request: Request<v1::GetClusterRequest>,
    ) -> Result<v1::GetClusterResponse, Failure> {
        let caller = self.context.caller(&request)?;
        let id = read_cluster_name("name", &request.into_inner().name)?;
        require(&caller, Method::GetCluster, Target::Cluster(&id)).await?;
        let cluster = self
            .context
            .run(move |context| context.registered(&id))
            .await?;
        Ok(v1::GetClusterResponse {
            cluster: Some(encode::cluster(cluster)),
        })
    }

    async fn list(
        &self,
        request: Request<v1::ListClustersRequest>,
    ) -> Result<v1::ListClustersResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ListClusters, Target::Nothing).await?;
        let request = request.into_inner();
        let all = self
            .context
            .run(|context| match context.keeper.snapshot()? {
                Some(snapshot) => clusters(&*snapshot),
                None => Ok(Vec::new()),
            })
            .await?;
        let mut seen: Vec<Cluster> = Vec::new();
        for cluster in all {
            let target = Target::Cluster(&cluster.id);
            if caller.sees(Method::ListClusters, target).await {
                seen.push(cluster);
            }
        }
        let asked = Asked {
            size: request.page_size,
            token: &request.page_token,
            list: &format!("ListClusters {}", caller.subject()),
            now: clock::now(),
        };
        let (page, next_page_token) = self.context.pages.cut(asked, seen, |one| one.id.clone())?;
        Ok(v1::ListClustersResponse {
            clusters: page.into_iter().map(encode::cluster).collect(),
            next_page_token,
        })
    }
}

fn read_cluster(sent: Option<v1::Cluster>) -> Result<(String, v1::Cluster), Failure> {
    let message = "it is missing".to_owned();
    let sent = sent.ok_or(Failure::Field {
        field: "cluster",
        message,
    })?;
    Ok((read_cluster_name("cluster.name", &sent.name)?, sent))
}

#[tonic::async_trait]
impl ClusterService for Clusters {
    async fn create_cluster(
        &self,
        request: Request<v1::CreateClusterRequest>,
    ) -> Result<Response<v1::CreateClusterResponse>, Status> {
        Ok(answer(self.create(request).await?))
    }

    async fn get_cluster(
        &self,
        request: Request<v1::GetClusterRequest>,
    ) -> Result<Response<v1::GetClusterResponse>, Status> {
        Ok(Response::new(self.get(request).await?))
    }

    async fn list_clusters(
        &self,
        request: Request<v1::ListClustersRequest>,
    ) -> Result<Response<v1::ListClustersResponse>, Status> {
        Ok(Response::new(self.list(request).await?))
    }

    async fn update_cluster(
        &self,
        request: Request<v1::UpdateClusterRequest>,
    ) -> Result<Response<v1::UpdateClusterResponse>, Status> {
        Ok(answer(self.update(request).await?))
    }

    async fn delete_cluster(
        &self,
        request: Request<v1::DeleteClusterRequest>,
    ) -> Result<Response<v1::DeleteClusterResponse>, Status> {
        let resource = request.get_ref().name.clone();
        let about = About {
            cluster: resource.trim_start_matches("clusters/").to_owned(),
            resource,
            ..About::default()
        };
        Ok(told(self.delete(request).await?, about))
    }
}
