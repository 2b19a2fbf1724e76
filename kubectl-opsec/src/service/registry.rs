//! The clusters that a service knows.

use opsec_proto::v1;

use super::{Service, ServiceError, request_id};

impl Service {
    /// Registers a cluster.
    pub(crate) async fn create_cluster(
        &self,
        cluster: v1::Cluster,
    ) -> Result<v1::Cluster, ServiceError> {
        let request = v1::CreateClusterRequest {
            cluster: Some(cluster),
            request_id: request_id(),
            validate_only: false,
        };
        let response = self.clusters.clone().create_cluster(request).await?;
        let created = response.into_inner().cluster;
        created.ok_or(ServiceError::EmptyAnswer)
    }

    /// A cluster by its id.
    pub(crate) async fn get_cluster(&self, id: &str) -> Result<v1::Cluster, ServiceError> {
        let request = v1::GetClusterRequest {
            name: format!("clusters/{id}"),
        };
        let response = self.clusters.clone().get_cluster(request).await?;
        let cluster = response.into_inner().cluster;
        cluster.ok_or(ServiceError::EmptyAnswer)
    }

    /// All clusters.
    pub(crate) async fn list_clusters(&self) -> Result<Vec<v1::Cluster>, ServiceError> {
        let mut client = self.clusters.clone();
        let mut clusters = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::ListClustersRequest {
                page_size: 1000,
                page_token,
            };
            let response = client.list_clusters(request).await?.into_inner();
            clusters.extend(response.clusters);
            page_token = response.next_page_token;
            if page_token.is_empty() {
                return Ok(clusters);
            }
        }
    }

    /// Forgets a cluster as it was read.
    pub(crate) async fn delete_cluster(&self, read: v1::Cluster) -> Result<(), ServiceError> {
        let request = v1::DeleteClusterRequest {
            name: read.name,
            etag: read.etag,
            request_id: request_id(),
            validate_only: false,
        };
        self.clusters.clone().delete_cluster(request).await?;
        Ok(())
    }
}
