//! Explanations and the version over the generated clients.

use opsec_proto::v1;
use opsec_proto::v1::admin_service_client::AdminServiceClient;
use tonic_types::StatusExt as _;

use crate::{checks, services};

#[tokio::test]
async fn every_topic_is_explained_and_another_name_is_refused_with_candidates() {
    let directory = tempfile::tempdir().unwrap();
    let mut client = checks(directory.path());
    let topics = client.list_topics(v1::ListTopicsRequest {}).await.unwrap();
    let topics = topics.into_inner().topics;
    assert!(topics.len() > 100, "{}", topics.len());
    for topic in topics {
        let request = v1::ExplainRuleRequest {
            name: topic.id.to_lowercase(),
        };
        let response = client.explain_rule(request).await.unwrap().into_inner();
        let explanation = response.explanation.unwrap();
        assert_eq!((explanation.id, explanation.kind), (topic.id, topic.kind));
    }
    let name = "OPSEC3006".to_owned();
    let refused = client
        .explain_rule(v1::ExplainRuleRequest { name })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), tonic::Code::NotFound);
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "RULE_UNKNOWN");
    assert!(info.metadata["candidates"].contains("OPSEC306"), "{info:?}");
}

#[tokio::test]
async fn the_service_says_which_build_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let mut client = AdminServiceClient::new(services(directory.path()));
    let version = client
        .get_version(v1::GetVersionRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(version.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(version.kubernetes_version, "1.36.3");
    assert!(version.rule_count > 40);
}
