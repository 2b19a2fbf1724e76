//! What a baseline would change, on what was recorded.

use opsec_proto::v1;

use crate::{Fixture, fixture, live, recorded, written};

async fn simulate(fixture: &Fixture, name: &str, spec: &str) -> Vec<v1::SimulatedOperator> {
    let mut client = fixture.dev().baselines;
    let request = v1::SimulateBaselineRequest {
        document: written(name, spec).document,
        ..v1::SimulateBaselineRequest::default()
    };
    let answer = client.simulate_baseline(request).await.unwrap();
    answer.into_inner().operators
}

#[tokio::test]
async fn a_trial_says_who_would_newly_pass_or_fail_and_who_would_lose_cover() {
    let fixture = fixture();
    assert!(
        simulate(
            &fixture,
            "shop",
            "{appliesTo: {operators: [shop-operator]}}"
        )
        .await
        .is_empty()
    );
    fixture.register().await;
    let mut checks = fixture.dev().checks;
    checks.check(recorded(live(0))).await.unwrap();
    let accepting = "{appliesTo: {operators: [shop-operator]}, failOn: critical, exemptions: [{rule: OPSEC303, where: {}, reason: r, owner: o@example.com, expires: 2099-01-01}]}";
    let found = simulate(&fixture, "shop", accepting).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let one = &found[0];
    assert_eq!(
        (one.cluster.as_str(), one.operator.as_str()),
        ("prod-1", "shop-operator~shop-operator")
    );
    assert_eq!(
        one.baseline_before.as_ref().unwrap().name,
        "baselines/default"
    );
    assert_eq!(one.baseline_after.as_ref().unwrap().name, "baselines/shop");
    assert_ne!(one.outcome(), v1::SimulationOutcome::NewlyFailing);
    assert!(!one.no_longer_covered);

    fixture.store("shop", accepting).await;
    let away = simulate(
        &fixture,
        "shop",
        "{appliesTo: {operators: [cart-operator]}}",
    )
    .await;
    assert_eq!(away.len(), 1);
    assert!(away[0].no_longer_covered);
    assert!(!away[0].newly_failing_findings.is_empty());
    assert!(
        simulate(
            &fixture,
            "cart",
            "{appliesTo: {operators: [cart-operator]}}"
        )
        .await
        .is_empty(),
        "it concerns nobody"
    );
}
