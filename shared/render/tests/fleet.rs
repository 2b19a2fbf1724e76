//! Postures over clusters, as a terminal shows them.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use opsec_model::posture::{CollectionMode, PostureBaseline, PracticeStatus};
use opsec_model::{API_VERSION, Counts, Gain, Posture, PostureList, Severity, Status};
use opsec_render::{Options, PostureChange};

fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

fn ago(hours: i64, seconds: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours) - SignedDuration::from_secs(seconds)
}

/// An operator on a cluster, its practices as marks.
fn posture(cluster: &str, operator: &str, marks: &str) -> Posture {
    let status = |mark| match mark {
        'P' => Status::Pass,
        'F' => Status::Fail,
        '?' => Status::Unknown,
        _ => Status::NotApplicable,
    };
    let practices: Vec<PracticeStatus> = (1..)
        .zip(marks.chars())
        .map(|(number, mark)| PracticeStatus {
            number,
            status: status(mark),
        })
        .collect();
    let statuses = practices.iter().map(|practice| practice.status);
    let status = statuses.fold(Status::NotApplicable, Status::join);
    let failing = marks.chars().filter(|mark| *mark == 'F').count();
    let by_severity = match failing {
        0 => BTreeMap::new(),
        1 => BTreeMap::from([(Severity::Medium, 1)]),
        many => BTreeMap::from([(Severity::Medium, 3), (Severity::Critical, many)]),
    };
    Posture {
        name: format!("clusters/{cluster}/operators/{operator}/posture"),
        cluster: cluster.to_owned(),
        operator: operator.to_owned(),
        status,
        status_since_time: ago(76, 0),
        practices,
        gains: Gain::ALL.into_iter().take(failing).collect(),
        counts: Counts {
            by_severity,
            ..Counts::default()
        },
        baseline: PostureBaseline {
            name: "default".to_owned(),
            revision: 2,
            digest: String::new(),
            effective_digest: String::new(),
        },
        mode: CollectionMode::ClientAsserted,
        gather_time: ago(0, 250),
        record_time: ago(0, 249),
        check: "01939b4e-7a6a-7c4e-8a39-3c7c5f2f6d11".to_owned(),
        snapshot_digest: String::new(),
        facts_digest: String::new(),
    }
}

fn fleet() -> Vec<Posture> {
    vec![
        posture("prod-us-1", "external-secrets~external-secrets", "PPPPPP"),
        posture("prod-eu-1", "a~prometheus", "PPFPPP"),
        posture("prod-eu-1", "b~prometheus", "PP?P–P"),
        posture("prod-eu-1", "external-secrets~external-secrets", "PPPPPP"),
        Posture {
            status_since_time: ago(24 * 400, 0),
            mode: CollectionMode::ServerCollected,
            ..posture("prod-eu-1", "cert-manager~cert-manager", "PFFFPF")
        },
        posture("prod-us-1", "argocd~argo-cd", "FFFFFF"),
    ]
}

fn list(items: Vec<Posture>) -> PostureList {
    PostureList {
        api_version: API_VERSION.to_owned(),
        kind: "PostureList".to_owned(),
        items,
    }
}

fn shown(items: Vec<Posture>, everything: bool, options: &Options) -> String {
    let mut out = Vec::new();
    opsec_render::fleet(&list(items), now(), everything, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn columns(width: usize) -> Options {
    Options {
        width,
        ..Options::default()
    }
}

#[test]
fn a_fleet_is_by_cluster_the_worst_first_and_fits_80_columns() {
    let text = shown(fleet(), false, &columns(80));
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_order_of_postures_changes_nothing() {
    let mut backwards = fleet();
    backwards.reverse();
    let options = Options::default();
    assert_eq!(
        shown(backwards, false, &options),
        shown(fleet(), false, &options)
    );
}

#[test]
fn what_has_no_room_is_left_out_by_columns_and_named() {
    let mut postures = fleet();
    let long = "monitoring~kube-prometheus-stack-operator";
    postures.push(posture("prod-eu-1", long, "FPPPPP"));
    let text = shown(postures.clone(), false, &columns(80));
    assert!(text.contains("no room for MODE: -o wide"), "{text}");
    assert!(text.contains("4m10s") && !text.contains("client"), "{text}");
    assert!(
        text.contains("kube-prometheus-stack-operator  F P P P P P  1 medium"),
        "{text}"
    );
    let text = shown(postures, false, &columns(60));
    assert!(
        text.contains("no room for MODE, FACTS, WORST: -o wide"),
        "{text}"
    );
    assert!(!text.contains("1 medium"), "{text}");
}

#[test]
fn wide_shows_everything() {
    insta::assert_snapshot!(shown(fleet(), true, &columns(80)));
}

#[test]
fn colour_only_repeats_the_marks() {
    let coloured = Options {
        color: true,
        ..columns(80)
    };
    let text = shown(fleet(), false, &coloured);
    assert!(text.contains('\u{1b}'));
    let mut plain = String::new();
    let mut rest = &*text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain.push_str(rest);
    assert_eq!(plain, shown(fleet(), false, &columns(80)));
}

#[test]
fn one_operator_is_told_of_in_the_singular() {
    let text = shown(vec![posture("c", "n~shop", "FPPPPP")], false, &columns(80));
    assert!(
        text.ends_with("\n1 of 1 operator on 1 cluster fails\n"),
        "{text}"
    );
    let text = shown(vec![posture("c", "n~shop", "PPPPPP")], false, &columns(80));
    assert!(
        text.ends_with("\n0 of 1 operator on 1 cluster fail\n"),
        "{text}"
    );
}

#[test]
fn what_an_operator_is_called_cannot_drive_the_terminal() {
    let hostile = posture("c", "n~\u{1b}[2Jx\u{202e}", "FPPPPP");
    let mut out = shown(vec![hostile.clone()], true, &columns(80)).into_bytes();
    let change = PostureChange {
        before: None,
        after: Some(&hostile),
        is_gone: false,
    };
    opsec_render::posture_change(change, &columns(80), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let bad = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
    assert!(!text.contains(bad), "{text}");
}

#[test]
fn a_change_is_a_line_that_says_what_was() {
    let before = posture("prod-eu-1", "cert-manager~cert-manager", "PFFFPF");
    let after = Posture {
        mode: CollectionMode::ServerCollected,
        baseline: PostureBaseline {
            name: "cert-manager".to_owned(),
            revision: 3,
            ..before.baseline.clone()
        },
        ..posture("prod-eu-1", "cert-manager~cert-manager", "PPPF?P")
    };
    let mut out = Vec::new();
    for (before, after, is_gone) in [
        (None, Some(&before), false),
        (Some(&before), Some(&after), false),
        (Some(&before), Some(&after), true),
        (Some(&before), None, true),
    ] {
        let change = PostureChange {
            before,
            after,
            is_gone,
        };
        opsec_render::posture_change(change, &columns(80), &mut out).unwrap();
    }
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}
