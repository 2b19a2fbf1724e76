//! The data of `shared/kubernetes/data/` is what an empty API server of the release says.

use std::path::Path;

use opsec_testbed::{ControlPlane, Options, RELEASE, bootstrap};

#[tokio::test]
async fn what_is_checked_in_is_what_an_empty_api_server_says() {
    let cluster = ControlPlane::start(Options::default()).await.unwrap();
    let policy = bootstrap::policy(&cluster.client()).await.unwrap();
    let discovery = bootstrap::discovery(&cluster.client()).await.unwrap();
    for (name, said) in [("rbac", policy), ("discovery", discovery)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/kubernetes/data")
            .join(format!("{name}-{RELEASE}.json"));
        let held = std::fs::read_to_string(&path).unwrap();
        // Not assert_eq: it would print both documents.
        assert!(
            held == said,
            "{name}-{RELEASE}.json is not what the API server says; run `cargo xtask gen bootstrap`"
        );
    }
}
