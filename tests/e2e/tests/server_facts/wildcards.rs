//! "Wildcards", of RBAC; those of admission stand in `admission.rs`.

use serde_json::json;

use crate::given::{Bound, asked, granted, namespace, path, reviewed, rule};
use crate::server::user;

/// `pods/*` is a literal, `pods` is not `pods/exec`, `*/exec` is every group's exec, `*` includes
/// subresources and the special verbs.
#[test]
fn resources_know_a_star_and_star_slash_sub_and_nothing_else() {
    for (who, given, wanted) in [
        ("wild-literal", ("", "pods/*"), [false, false, false]),
        ("wild-plain", ("", "pods"), [true, false, false]),
        ("wild-sub", ("*", "*/exec"), [false, true, false]),
        ("wild-star", ("*", "*"), [true, true, true]),
    ] {
        let rules = json!([rule(given.0, given.1, &["*"])]);
        let policy = granted(who, Bound::Everywhere, &rules);
        let questions = [
            asked("get", "", "pods", "default", "p"),
            asked("create", "", "pods/exec", "default", "p"),
            asked(
                "escalate",
                "rbac.authorization.k8s.io",
                "clusterroles",
                "",
                "r",
            ),
        ];
        for (question, allowed) in questions.iter().zip(wanted) {
            reviewed(&policy, who, question, allowed);
        }
        let exec = "/api/v1/namespaces/default/pods/absent/exec?command=id";
        let code = user(who).post(exec, &json!(null)).code;
        assert_eq!(code != 403, wanted[1], "{who}: {code}");
        let code = user(who).get("/api/v1/namespaces/default/pods").code;
        assert_eq!(code == 200, wanted[0], "{who}: {code}");
    }
}

/// Paths are plain prefixes: `/logs/*` is `/logs/` and not `/logs`, `/pre*` is `/prefix`; `*x` and
/// `/a/*/b` match only themselves.
#[test]
fn paths_are_plain_prefixes() {
    let who = "wild-paths";
    let rules = json!([{"verbs": ["get"],
        "nonResourceURLs": ["/logs/*", "/pre*", "*x", "/a/*/b", "/metr*"]}]);
    let policy = granted(who, Bound::Everywhere, &rules);
    for (url, allowed) in [
        ("/logs/", true),
        ("/logs/x", true),
        ("/logs", false),
        ("/prefix", true),
        ("/xx", false),
        ("/a/b/b", false),
        ("/a/*/b", true),
    ] {
        reviewed(&policy, who, &path("get", url), allowed);
    }
    assert_eq!(user(who).get("/metrics").code, 200);
    assert_eq!(user(who).get("/logs").code, 403);
}

/// Paths are never granted through a RoleBinding, and a Role with them is refused.
#[test]
fn paths_never_come_through_a_role_binding() {
    namespace("wild-bound", &json!({}));
    let who = "wild-bound-user";
    let rules = json!([{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]);
    let policy = granted(who, Bound::In("wild-bound"), &rules);
    reviewed(&policy, who, &path("get", "/metrics"), false);
    assert_eq!(user(who).get("/metrics").code, 403);
    let role = json!({"metadata": {"name": "r"}, "rules": rules});
    let all = format!("{}/namespaces/wild-bound/roles", crate::given::RBAC);
    let answer = crate::server::admin().post(&all, &role);
    assert_eq!(answer.code, 422, "{answer:?}");
}
