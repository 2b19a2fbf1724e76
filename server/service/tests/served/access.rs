//! Who calls decides: nobody may anything, and nobody beyond what the role is for.

use opsec_proto::v1;
use tonic::Code;

use crate::{check, fixture, live, reason, recorded, someone, written};

#[tokio::test]
async fn a_request_of_nobody_is_refused() {
    let fixture = fixture();
    let mut nobody = fixture.by(None);
    let refused = nobody.checks.check(check(live(0))).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(reason(&refused), "CREDENTIALS_MISSING");
    let request = v1::ListBaselinesRequest::default();
    let refused = nobody.baselines.list_baselines(request).await.unwrap_err();
    assert_eq!(reason(&refused), "CREDENTIALS_MISSING");
}

#[tokio::test]
async fn a_role_is_for_its_scope_alone() {
    let fixture = fixture();
    fixture.register().await;
    let own = fixture.by(Some(someone("jane", "checker", ["prod-*", "shop-*", "x"])));
    let mut own = own.checks;
    // What was answered to one is remembered, and is for nobody else who may not see it.
    let asked = check(live(0));
    assert!(
        own.check(asked.clone())
            .await
            .unwrap()
            .into_inner()
            .registered
    );
    assert!(own.check(recorded(live(0))).await.is_ok());
    for scope in [["dev-*", "*", "*"], ["prod-1", "cache-*", "*"]] {
        let other = fixture.by(Some(someone("joe", "checker", scope)));
        let refused = other.checks.clone().check(asked.clone()).await.unwrap_err();
        assert_eq!(reason(&refused), "OUT_OF_SCOPE", "{scope:?}");
    }
    let viewer = fixture.by(Some(someone("vic", "viewer", ["*", "*", "*"])));
    let refused = viewer
        .checks
        .clone()
        .check(check(live(0)))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "ROLE_MISSING");
    let editor = fixture.by(Some(someone("ed", "editor", ["*", "*", "*"])));
    let refused = editor
        .checks
        .clone()
        .check(recorded(live(0)))
        .await
        .unwrap_err();
    assert_eq!(
        reason(&refused),
        "ROLE_MISSING",
        "an editor asks, and records nothing"
    );
}

#[tokio::test]
async fn a_baseline_is_written_by_whom_its_name_and_all_its_pairs_are_open_to() {
    let fixture = fixture();
    let create = async |scope, spec: &str| {
        let mut client = fixture.by(Some(someone("ed", "editor", scope))).baselines;
        let request = v1::CreateBaselineRequest {
            baseline: Some(written("shop", spec)),
            validate_only: true,
            ..v1::CreateBaselineRequest::default()
        };
        let answer = client.create_baseline(request).await;
        answer.map_or_else(|error| reason(&error), |_| "OK".to_owned())
    };
    let own = "{appliesTo: {operators: [shop-operator], clusters: [prod-1]}}";
    assert_eq!(create(["prod-*", "shop-*", "shop"], own).await, "OK");
    assert_eq!(
        create(["prod-*", "shop-*", "cart"], own).await,
        "OUT_OF_SCOPE"
    );
    let wider = "{appliesTo: {operators: [shop-operator], clusters: [prod-1, dev-1]}}";
    assert_eq!(
        create(["prod-*", "shop-*", "shop"], wider).await,
        "OUT_OF_SCOPE"
    );
    let everywhere = "{appliesTo: {operators: [shop-operator]}}";
    assert_eq!(
        create(["prod-*", "shop-*", "shop"], everywhere).await,
        "OUT_OF_SCOPE"
    );
    assert_eq!(create(["*", "shop-*", "shop"], everywhere).await, "OK");
}

#[tokio::test]
async fn lists_show_what_the_caller_may_see() {
    let fixture = fixture();
    for name in ["cart", "shop"] {
        let spec = format!("{{appliesTo: {{operators: [{name}]}}}}");
        fixture.store(name, &spec).await;
    }
    let mut viewer = fixture
        .by(Some(someone("vic", "viewer", ["*", "*", "sho*"])))
        .baselines;
    let listed = viewer
        .list_baselines(v1::ListBaselinesRequest::default())
        .await
        .unwrap();
    let listed = listed.into_inner().baselines;
    let names: Vec<&str> = listed.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["baselines/shop"]);
    for (name, expected) in [("cart", "OUT_OF_SCOPE"), ("none", "OUT_OF_SCOPE")] {
        let request = v1::GetBaselineRequest {
            name: format!("baselines/{name}"),
        };
        let refused = viewer.get_baseline(request).await.unwrap_err();
        assert_eq!(
            reason(&refused),
            expected,
            "whether it is there is not told"
        );
    }
}
