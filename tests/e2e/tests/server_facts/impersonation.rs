//! Impersonation: who may say that it is whom.

use serde_json::{Value, json};

use crate::given::{Bound, account, granted_to, named, namespace, rule};
use crate::server::{Answer, Who, bearer};

const SELF: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

/// A ServiceAccount with rules, by its token: the administrator's impersonation cannot be nested.
fn holder(namespace_name: &str, rules: &Value) -> Who {
    namespace(namespace_name, &json!({}));
    account(namespace_name, "o");
    let subject = json!({"kind": "ServiceAccount", "name": "o", "namespace": namespace_name});
    granted_to(namespace_name, &subject, Bound::Everywhere, rules);
    bearer(&crate::secrets::token(namespace_name, "o"))
}

fn groups(answer: &Answer) -> Vec<String> {
    let groups = answer.body["status"]["userInfo"]["groups"].clone();
    serde_json::from_value(groups).unwrap()
}

/// `impersonate` on `users` alone is enough for everything: a system user does what it may.
#[test]
fn impersonating_users_is_enough_for_everything() {
    let who = holder("imp-users", &json!([rule("", "users", &["impersonate"])]));
    assert_eq!(who.get("/api/v1/secrets").code, 403);
    let manager = who.becoming("system:kube-controller-manager");
    assert_eq!(manager.get("/api/v1/secrets").code, 200);
}

/// `impersonate` on `groups` works only together with one user or ServiceAccount, which may be
/// oneself.
#[test]
fn impersonating_groups_needs_a_user_too() {
    let myself = "system:serviceaccount:imp-groups:o";
    let alone = holder("imp-alone", &json!([rule("", "groups", &["impersonate"])]));
    let masters = alone.clone().group("system:masters");
    // Groups without a user are no impersonation at all.
    assert!(!masters.get("/api/v1/secrets").is_ok());
    let other = alone.becoming("system:serviceaccount:imp-alone:o");
    assert_eq!(
        other.group("system:masters").get("/api/v1/secrets").code,
        403
    );
    let rules = json!([
        rule("", "groups", &["impersonate"]),
        named("", "serviceaccounts", "o", &["impersonate"]),
    ]);
    let both = holder("imp-groups", &rules).becoming(myself);
    assert_eq!(both.clone().get("/api/v1/secrets").code, 403);
    let masters = both.group("system:masters");
    assert_eq!(masters.get("/api/v1/secrets").code, 200);
}

/// `--as system:serviceaccount:NS:NAME` alone carries the account's three groups; naming any
/// group takes the first two away.
#[test]
fn naming_a_group_takes_the_accounts_groups_away() {
    let name = "system:serviceaccount:default:default";
    let alone = crate::server::user(name).post(SELF, &json!({}));
    let mut found = groups(&alone);
    found.sort();
    let three = [
        "system:authenticated",
        "system:serviceaccounts",
        "system:serviceaccounts:default",
    ];
    assert_eq!(found, three);
    let with = crate::server::user(name).group("g").post(SELF, &json!({}));
    assert_eq!(groups(&with), ["g", "system:authenticated"]);
}

/// Constrained impersonation needs its verb in group authentication.k8s.io *and*
/// `impersonate-on:MODE:VERB` on the target; system:masters is refused always.
#[test]
fn constrained_impersonation_needs_the_mode_and_the_target() {
    let group = "authentication.k8s.io";
    let mode = "impersonate:user-info";
    let target = "impersonate-on:user-info:list";
    let list = "/api/v1/namespaces/default/configmaps";
    let manager = "system:kube-controller-manager";
    let only_mode = json!([rule(group, "users", &[mode])]);
    let who = holder("imp-mode", &only_mode).becoming(manager);
    assert_eq!(who.get(list).code, 403);
    let only_target = json!([rule("", "configmaps", &[target])]);
    let who = holder("imp-target", &only_target).becoming(manager);
    assert_eq!(who.get(list).code, 403);
    let both = json!([
        rule(group, "users", &[mode]),
        rule(group, "groups", &[mode]),
        rule("", "configmaps", &[target]),
        rule("", "secrets", &[target]),
    ]);
    let holder = holder("imp-both", &both);
    let who = holder.clone().becoming("system:kube-controller-manager");
    let answer = who.get(list);
    assert_eq!(answer.code, 200, "{answer:?}");
    assert_eq!(who.get("/api/v1/nodes").code, 403);
    let masters = holder.becoming("u").group("system:masters");
    assert_eq!(masters.get(list).code, 403);
    let wrong = json!([
        rule("", "users", &[mode]),
        rule("", "configmaps", &[target])
    ]);
    let who = self::holder("imp-wrong", &wrong).becoming(manager);
    assert_eq!(who.get(list).code, 403, "the core group is not the one");
}

/// Where impersonation is constrained, four or more groups are asked about at once, as the name `*`:
/// a literal `*` among the names gives any four, and no three.
#[test]
fn four_groups_at_once_are_asked_about_as_a_star() {
    let group = "authentication.k8s.io";
    let mode = "impersonate:user-info";
    let become_with = |namespace_name: &str, names: &Value| {
        let mut groups = rule(group, "groups", &[mode]);
        groups["resourceNames"] = names.clone();
        let rules = json!([
            named(group, "users", "someone", &[mode]),
            groups,
            rule("", "configmaps", &["impersonate-on:user-info:list"]),
        ]);
        let who = holder(namespace_name, &rules).becoming("someone");
        move |many: usize| {
            let who = (0..many).fold(who.clone(), |who, place| {
                who.group(&format!("team-{place}"))
            });
            who.get("/api/v1/namespaces/default/configmaps")
        }
    };
    // Who may impersonate is asked what it may itself: the one impersonated may list nothing.
    let refused_to = |answer: &Answer| {
        let message = answer.message().to_owned();
        message.contains("impersonate")
    };
    let each: Vec<String> = (0..4).map(|place| format!("team-{place}")).collect();
    let each = become_with("imp-each", &json!(each));
    assert!(!refused_to(&each(3)), "{:?}", each(3));
    assert!(!refused_to(&each(4)), "{:?}", each(4));
    let star = become_with("imp-star", &json!(["*"]));
    assert!(refused_to(&star(3)), "{:?}", star(3));
    assert!(!refused_to(&star(4)), "{:?}", star(4));
}
