//! What gathering must be allowed, and what an API server is asked, over the generated clients.

use std::collections::BTreeSet;

use opsec_proto::v1;

use crate::{checks, request};

#[tokio::test]
async fn needs_are_the_union_of_what_rules_need_and_a_probe_adds_two() {
    let directory = tempfile::tempdir().unwrap();
    let mut client = checks(directory.path());
    let mut needs = async |secret_metadata, probe| {
        let request = v1::ListNeedsRequest {
            secret_metadata,
            probe,
        };
        client.list_needs(request).await.unwrap().into_inner().needs
    };
    let least = needs(false, false).await;
    for need in &least {
        assert_eq!(need.verbs, ["list"], "{need:?}");
        assert!(!need.resources.contains(&"secrets".to_owned()), "{need:?}");
    }
    let of_rules: BTreeSet<&str> = least
        .iter()
        .flat_map(|need| &need.resources)
        .map(String::as_str)
        .collect();
    for kind in [
        "pods",
        "networkpolicies",
        "validatingwebhookconfigurations",
        "nodes",
    ] {
        assert!(of_rules.contains(kind), "{kind}");
    }
    let added: Vec<v1::Need> = needs(false, true)
        .await
        .into_iter()
        .filter(|need| !least.contains(need))
        .collect();
    let added: Vec<_> = added
        .iter()
        .map(|need| (&*need.verbs[0], &*need.resources[0], need.for_probe))
        .collect();
    assert_eq!(
        added,
        [
            ("impersonate", "serviceaccounts", true),
            ("create", "subjectaccessreviews", true)
        ]
    );
    let with_secrets = needs(true, false).await;
    assert_eq!(with_secrets.len(), least.len() + 1);
}

#[tokio::test]
async fn probes_are_the_fixed_creations_and_the_rights_of_a_check() {
    let directory = tempfile::tempdir().unwrap();
    let mut client = checks(directory.path());
    let listed = client
        .list_probes(v1::ListProbesRequest {
            check: Some(request()),
        })
        .await
        .unwrap()
        .into_inner();
    let of_operator = |account: &Option<v1::ServiceAccountRef>| {
        account
            .as_ref()
            .is_some_and(|account| account.name == "shop-operator")
    };
    let creations = listed.creations.iter();
    let own = creations.filter(|probe| of_operator(&probe.service_account));
    let groups: BTreeSet<&str> = own.clone().map(|probe| probe.group.as_str()).collect();
    assert_eq!(own.count(), 16);
    assert!(groups.contains("shop.example.com"), "{groups:?}");
    assert!(listed.reviews.iter().any(|review| {
        of_operator(&review.service_account) && review.resource == "secrets" && review.verb == "get"
    }));
    let refused = client
        .list_probes(v1::ListProbesRequest { check: None })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
}
