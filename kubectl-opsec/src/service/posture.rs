//! What operators came to when they were last recorded.

use opsec_proto::v1;
use tonic::Streaming;

use super::{Service, ServiceError};

impl Service {
    /// All postures that a filter leaves, by cluster and operator.
    pub(crate) async fn list_postures(
        &self,
        filter: &v1::PostureFilter,
    ) -> Result<Vec<v1::Posture>, ServiceError> {
        let mut client = self.postures.clone();
        let mut postures = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::ListPosturesRequest {
                filter: Some(filter.clone()),
                page_size: 1000,
                page_token,
            };
            let response = client.list_postures(request).await?.into_inner();
            postures.extend(response.postures);
            page_token = response.next_page_token;
            if page_token.is_empty() {
                return Ok(postures);
            }
        }
    }

    /// Whether a filter leaves any posture.
    pub(crate) async fn has_posture(
        &self,
        filter: &v1::PostureFilter,
    ) -> Result<bool, ServiceError> {
        let request = v1::ListPosturesRequest {
            filter: Some(filter.clone()),
            page_size: 1,
            page_token: String::new(),
        };
        let response = self.postures.clone().list_postures(request).await?;
        Ok(!response.into_inner().postures.is_empty())
    }

    /// Follows postures from a cursor on; an empty one: from what is there.
    pub(crate) async fn watch_postures(
        &self,
        filter: &v1::PostureFilter,
        cursor: &str,
    ) -> Result<Streaming<v1::WatchPostureResponse>, ServiceError> {
        let request = v1::WatchPostureRequest {
            filter: Some(filter.clone()),
            cursor: cursor.to_owned(),
        };
        Ok(self
            .postures
            .clone()
            .watch_posture(request)
            .await?
            .into_inner())
    }
}
