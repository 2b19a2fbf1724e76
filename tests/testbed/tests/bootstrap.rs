//! The data of `shared/kubernetes/data/` is what an empty API server of the release says.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::path::Path;
use std::time::Duration;

use opsec_testbed::{ControlPlane, Options, RELEASE, bootstrap};

#[tokio::test]
async fn what_is_checked_in_is_what_an_empty_api_server_says() {
    let cluster = ControlPlane::start(Options::default()).await.unwrap();
    let discovery = bootstrap::discovery(&cluster.client()).await.unwrap();
    let mut policy = bootstrap::policy(&cluster.client()).await.unwrap();
    // The controller fills aggregated roles one after the other, on a busy machine late.
    for _ in 0..60 {
        if policy == held("rbac") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        policy = bootstrap::policy(&cluster.client()).await.unwrap();
    }
    for (name, said) in [("rbac", policy), ("discovery", discovery)] {
        // Not assert_eq: it would print both documents.
        assert!(
            held(name) == said,
            "{name}-{RELEASE}.json is not what the API server says; run `cargo xtask gen bootstrap`"
        );
    }
}

/// What is checked in.
fn held(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/kubernetes/data")
        .join(format!("{name}-{RELEASE}.json"));
    std::fs::read_to_string(&path).unwrap()
}
