//! An API server that fails: one line and status 2 where nothing can be judged, UNKNOWN with the
//! reason where one kind cannot be read, never a half list, and never longer than was allowed.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cluster::{Ran, apply, apply_all, opsec, opsec_with};
use crate::demo::demo;
use crate::proxy::{Fate, Proxy};

/// What the demo is judged by alone.
const CHECK: &str = "check cache-operator -n cache-operator -o json";

fn is_one_line(ran: &Ran, words: &[&str]) {
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "{word}: {ran:?}");
    }
}

/// Status and reason of a rule.
fn rule(report: &Value, id: &str) -> (String, String) {
    let practices = report["practices"].as_array().unwrap();
    let rules = practices
        .iter()
        .flat_map(|practice| practice["rules"].as_array().unwrap());
    let found = rules.into_iter().find(|rule| rule["id"] == id).unwrap();
    let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

/// The rules that say what the network policies are, of a run that could not read them.
fn network_policies_are_unknown(ran: &Ran, why: &str) {
    let report = ran.json();
    for id in ["OPSEC102", "OPSEC201"] {
        let (status, reason) = rule(&report, id);
        assert_eq!(status, "UNKNOWN", "{id} {reason}");
        assert!(reason.contains("networkpolicies"), "{id} {reason}");
        assert!(reason.contains(why), "{id} {reason}");
    }
}

/// Fails what is asked of network policies.
fn policies(fate: Fate) -> Proxy {
    Proxy::start(move |path, _| {
        if path.contains("/networkpolicies") {
            fate.clone()
        } else {
            Fate::Passed
        }
    })
}

fn within(seconds: u64, work: impl FnOnce() -> Ran) -> Ran {
    let start = Instant::now();
    let ran = work();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(seconds), "{took:?}: {ran:?}");
    ran
}

#[test]
fn through_a_proxy_that_fails_nothing_the_answer_is_the_same() {
    apply(&demo("as-shipped.yaml"));
    let proxy = Proxy::start(|_, _| Fate::Passed);
    let through = opsec_with(&proxy.kubeconfig, CHECK);
    let direct = opsec(CHECK);
    let of = |ran: &Ran| ran.json()["practices"].clone();
    assert_eq!(of(&through), of(&direct));
    assert_eq!(through.status, direct.status);
}

#[test]
fn a_server_that_dies_within_a_list_is_asked_again_and_then_given_up() {
    apply(&demo("as-shipped.yaml"));
    let once = Proxy::start(|path, nth| {
        let broken = path.contains("/networkpolicies") && nth == 1;
        if broken { Fate::Cut(20) } else { Fate::Passed }
    });
    let ran = opsec_with(&once.kubeconfig, CHECK);
    assert_eq!(ran.json()["practices"], opsec(CHECK).json()["practices"]);
    assert_eq!(once.times("/networkpolicies"), 2);

    let always = policies(Fate::Cut(20));
    let ran = within(30, || opsec_with(&always.kubeconfig, CHECK));
    is_one_line(&ran, &["does not answer", "5 tries"]);
}

#[test]
fn a_server_that_dies_between_the_pages_of_a_list_leaves_no_half_list() {
    many_accounts();
    let proxy = Proxy::start(|path, _| {
        let second = path.contains("/serviceaccounts?") && path.contains("continue=");
        if second { Fate::Cut(0) } else { Fate::Passed }
    });
    let ran = within(30, || opsec_with(&proxy.kubeconfig, CHECK));
    is_one_line(&ran, &["does not answer", "5 tries"]);
}

/// More ServiceAccounts than a page holds.
fn many_accounts() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        apply(&demo("as-shipped.yaml"));
        let account = |number: usize| {
            serde_json::json!({
                "apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"name": format!("many-{number}"), "namespace": "kube-public"},
            })
        };
        apply_all((0..520).map(account).collect());
    });
}

#[test]
fn a_list_whose_place_is_forgotten_begins_again_whole() {
    many_accounts();
    let gone = r#"{"kind":"Status","code":410,"reason":"Expired","message":"the provided continue parameter is too old"}"#;
    let proxy = Proxy::start(move |path, _| {
        let second = path.contains("/serviceaccounts?") && path.contains("continue=");
        if second {
            Fate::Answered(410, "", gone.to_owned())
        } else {
            Fate::Passed
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str| folder.path().join(name).display().to_string();
    let (through, direct) = (save("through"), save("direct"));
    opsec_with(
        &proxy.kubeconfig,
        &format!("{CHECK} --save-snapshot {through}"),
    );
    opsec(&format!("{CHECK} --save-snapshot {direct}"));
    let accounts = |file: &str| {
        let text = std::fs::read_to_string(file).unwrap();
        let names = text.matches("many-").count();
        assert!(names >= 520, "{names}");
        names
    };
    assert_eq!(accounts(&through), accounts(&direct));
    assert_eq!(proxy.times("/serviceaccounts"), 3);
}

#[test]
fn a_list_that_stays_forgotten_is_unknown() {
    apply(&demo("as-shipped.yaml"));
    let ran = opsec_with(
        &policies(Fate::Answered(410, "", String::new())).kubeconfig,
        CHECK,
    );
    network_policies_are_unknown(&ran, "changed faster than it could be read");
}

#[test]
fn a_busy_server_is_asked_again_when_it_says_and_given_up_by_the_deadline() {
    apply(&demo("as-shipped.yaml"));
    let busy = "Too many requests, please try again later.\n";
    let once = Proxy::start(move |path, nth| {
        if path.contains("/networkpolicies") && nth == 1 {
            Fate::Answered(429, "Retry-After: 1\r\n", busy.to_owned())
        } else {
            Fate::Passed
        }
    });
    let start = Instant::now();
    let ran = opsec_with(&once.kubeconfig, CHECK);
    assert!(
        start.elapsed() >= Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(ran.json()["practices"], opsec(CHECK).json()["practices"]);

    let always = policies(Fate::Answered(429, "Retry-After: 2\r\n", busy.to_owned()));
    let line = format!("{CHECK} --deadline 5s");
    let ran = within(15, || opsec_with(&always.kubeconfig, &line));
    is_one_line(&ran, &["within 5s", "429: Too many requests", "--deadline"]);
    assert!((2..=4).contains(&always.times("/networkpolicies")));
}

#[test]
fn a_kind_whose_list_fails_on_the_server_is_unknown() {
    apply(&demo("as-shipped.yaml"));
    for (status, body, why) in [
        (
            500,
            r#"{"kind":"Status","code":500,"message":"etcdserver: leader changed"}"#,
            "500: etcdserver: leader changed",
        ),
        (503, "<html>no backend</html>", "503: service unavailable"),
        (404, "404 page not found\n", "not found now"),
        (302, "", "302: found"),
    ] {
        let proxy = policies(Fate::Answered(status, "", body.to_owned()));
        let ran = within(30, || opsec_with(&proxy.kubeconfig, CHECK));
        network_policies_are_unknown(&ran, why);
        assert_eq!(
            proxy.times("/networkpolicies"),
            if status < 500 { 1 } else { 5 }
        );
    }
}

#[test]
fn a_body_that_is_no_list_is_unknown_and_not_an_empty_list() {
    apply(&demo("as-shipped.yaml"));
    for (body, why) in [
        ("<html>log in here</html>", "not understood"),
        ("{}", "no list"),
        (r#"{"kind":"Status","items":[]}"#, "no list"),
        ("[]", "no list"),
        ("\u{0}\u{ff}garbage", "not understood"),
    ] {
        let proxy = policies(Fate::Answered(200, "", body.to_owned()));
        network_policies_are_unknown(&opsec_with(&proxy.kubeconfig, CHECK), why);
    }
}

#[test]
fn an_answer_that_never_ends_is_given_up_when_its_time_is_over() {
    apply(&demo("as-shipped.yaml"));
    for fate in [Fate::Dripping, Fate::Silent] {
        let proxy = policies(fate);
        let line = format!("{CHECK} --request-timeout 300ms");
        let ran = within(30, || opsec_with(&proxy.kubeconfig, &line));
        is_one_line(&ran, &["no answer within 300ms", "5 tries"]);
        let line = format!("{CHECK} --deadline 2s");
        let ran = within(10, || opsec_with(&proxy.kubeconfig, &line));
        is_one_line(&ran, &["within 2s", "--deadline"]);
    }
    let flood = policies(Fate::Flooding);
    let ran = within(60, || opsec_with(&flood.kubeconfig, CHECK));
    network_policies_are_unknown(&ran, "longer than any that is right");
}

#[test]
fn without_what_the_server_is_and_serves_nothing_is_judged() {
    let answered = |asked: &'static str, status: u16, body: &'static str| {
        Proxy::start(move |path, _| {
            if path == asked {
                Fate::Answered(status, "", body.to_owned())
            } else {
                Fate::Passed
            }
        })
    };
    for (asked, status, body, words) in [
        (
            "/version",
            200,
            "<html>",
            "does not answer as a Kubernetes API server",
        ),
        (
            "/apis",
            200,
            "{}",
            "does not answer as a Kubernetes API server",
        ),
        (
            "/apis",
            503,
            "",
            "cannot answer /apis (503: service unavailable)",
        ),
        (
            "/api",
            403,
            "User cannot get path",
            "system:discovery allows it",
        ),
        (
            "/api",
            404,
            "",
            "does not answer as a Kubernetes API server",
        ),
    ] {
        let proxy = answered(asked, status, body);
        let ran = within(30, || opsec_with(&proxy.kubeconfig, "list"));
        is_one_line(&ran, &[words]);
    }
    let late = Proxy::start(|path, _| {
        if path.contains("/pods") {
            Fate::Answered(
                401,
                "",
                r#"{"kind":"Status","message":"Unauthorized"}"#.to_owned(),
            )
        } else {
            Fate::Passed
        }
    });
    let ran = opsec_with(&late.kubeconfig, "list");
    is_one_line(&ran, &["refuses the credentials of context `testbed`"]);
}
