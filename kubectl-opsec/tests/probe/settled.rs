//! What a probe settles, and where it must not.

use crate::cluster::opsec;
use crate::operator::{
    ask_webhook, await_answer, await_denial, check, deny_by_policy, install, notices, rule,
};
use crate::webhook;

#[test]
fn a_policy_that_denies_is_agreed_about() {
    let name = "by-policy";
    install(name);
    deny_by_policy(name);
    let before = check(name, "").json();
    assert_eq!(rule(&before, "OPSEC503").0, "PASS");
    let ran = check(name, " --probe");
    let report = ran.json();
    assert_eq!(rule(&report, "OPSEC503").0, "PASS", "{}", ran.stderr);
    assert_eq!(notices(&report, "PROBE_DISAGREES"), [""; 0]);
    let probed = notices(&report, "PROBED");
    assert_eq!(probed.len(), 1);
    assert!(
        probed[0].contains("of 16 dry runs of CRD creations admission denied 16"),
        "{probed:?}"
    );
    assert!(ran.stderr.contains(&format!("probe: {name}: ")), "{ran:?}");
    // Beside the answers nothing changes.
    assert_eq!(before["practices"], report["practices"]);
}

#[test]
fn reviews_agree_about_every_right_that_a_finding_rests_on() {
    let name = "reviewed";
    install(name);
    let report = check(name, " --probe").json();
    let probed = notices(&report, "PROBED").remove(0);
    let numbers: Vec<usize> = probed
        .split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    let [asked, agree, ..] = numbers[..] else {
        panic!("{probed}");
    };
    assert!(asked >= 3, "{probed}");
    assert_eq!(asked, agree, "{probed}");
    assert_eq!(notices(&report, "PROBE_DISAGREES"), [""; 0]);
}

#[test]
fn a_webhook_that_cannot_be_reached_denies_and_is_weak() {
    let name = "unreached";
    install(name);
    ask_webhook(name, &webhook::nowhere());
    await_denial(name);
    let before = check(name, "").json();
    let (status, reason) = rule(&before, "OPSEC503");
    assert_eq!(status, "UNKNOWN");
    assert!(reason.contains("only a probe can tell"), "{reason}");
    let report = check(name, " --probe").json();
    assert_eq!(rule(&report, "OPSEC503").0, "PASS");
    assert_eq!(rule(&report, "OPSEC504").0, "FAIL");
    assert_eq!(notices(&report, "PROBE_DISAGREES"), [""; 0]);
}

#[test]
fn a_webhook_that_denies_is_a_denial() {
    let name = "denied";
    install(name);
    ask_webhook(name, &webhook::serve(false));
    await_denial(name);
    assert_eq!(rule(&check(name, "").json(), "OPSEC503").0, "UNKNOWN");
    let report = check(name, " --probe").json();
    assert_eq!(rule(&report, "OPSEC503").0, "PASS");
    // Whether it lets the namespace's other account pass, RBAC does not let a probe find out.
    let (status, reason) = rule(&report, "OPSEC504");
    assert_eq!(status, "UNKNOWN");
    assert!(
        reason.contains(&format!("RBAC does not let {name}/default create")),
        "{reason}"
    );
}

#[test]
fn a_webhook_that_allows_is_none() {
    let name = "allowed";
    install(name);
    ask_webhook(name, &webhook::nowhere());
    await_denial(name);
    ask_webhook(name, &webhook::serve(true));
    await_answer(name, true);
    assert_eq!(rule(&check(name, "").json(), "OPSEC503").0, "UNKNOWN");
    let ran = check(name, " --probe");
    let report = ran.json();
    assert_eq!(rule(&report, "OPSEC503").0, "FAIL");
    assert!(
        ran.stdout.contains(&format!(
            "ValidatingWebhookConfiguration/{name} lets it pass"
        )),
        "{}",
        ran.stdout
    );
    assert_eq!(notices(&report, "PROBE_DISAGREES"), [""; 0]);
}

#[test]
fn a_snapshot_with_answers_is_judged_again_to_the_same_bytes() {
    let name = "replayed";
    install(name);
    ask_webhook(name, &webhook::nowhere());
    await_denial(name);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snapshot.json");
    let live = check(
        name,
        &format!(" --probe --save-snapshot {}", file.display()),
    );
    assert_eq!(rule(&live.json(), "OPSEC503").0, "PASS");
    let again = opsec(&format!(
        "check {name} -o json --snapshot {}",
        file.display()
    ));
    assert_eq!(live.stdout, again.stdout);
    assert_eq!(live.status, again.status);
    // Of what a webhook or the API server says nothing is kept but who said it.
    let saved = std::fs::read_to_string(&file).unwrap();
    assert!(saved.contains("unreachableWebhook"), "{saved}");
    assert!(!saved.contains("connection refused"), "{saved}");
}
