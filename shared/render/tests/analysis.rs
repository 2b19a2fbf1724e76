//! The views of rights, answers and connections, as a terminal shows them.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

#[path = "views/chains.rs"]
mod chains;
#[path = "analysis/documents.rs"]
mod documents;

use opsec_model::{AccessAnswer, Allowed, ConnectionList, Path, PathList, RightList};
use opsec_render::{ConnectionsJson, Options};

use documents::{answer, connections, no_answer, rights};

fn rights_view(list: &RightList, everything: bool, width: usize) -> String {
    let options = Options {
        width,
        objects: Some(12),
        ..Options::default()
    };
    let mut out = Vec::new();
    opsec_render::rights(list, everything, &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn access_view(answer: &AccessAnswer) -> String {
    let mut out = Vec::new();
    opsec_render::access(answer, &Options::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn connections_view(list: &ConnectionList, everything: bool, width: usize) -> String {
    let options = Options {
        width,
        ..Options::default()
    };
    let mut out = Vec::new();
    opsec_render::connections(list, everything, &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn rights_by_account_cluster_wide_first() {
    insta::assert_snapshot!(rights_view(&rights(), false, 100));
}

#[test]
fn rights_with_who_grants_them() {
    insta::assert_snapshot!(rights_view(&rights(), true, 100));
}

#[test]
fn rights_at_60_columns_break_no_word() {
    let text = rights_view(&rights(), false, 60);
    for line in text.lines().filter(|line| line.chars().count() > 60) {
        assert_eq!(line.split_whitespace().count(), 1, "{line}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn an_answer_says_who_may_and_by_what() {
    insta::assert_snapshot!(access_view(&answer()));
}

#[test]
fn an_answer_of_no_says_what_is_to_be_known() {
    insta::assert_snapshot!(access_view(&no_answer(Allowed::No)));
    insta::assert_snapshot!(access_view(&no_answer(Allowed::Unknown)));
}

#[test]
fn connections_by_who_connects() {
    insta::assert_snapshot!(connections_view(&connections(), false, 80));
    insta::assert_snapshot!(connections_view(&connections(), true, 80));
}

fn paths_view(items: Vec<Path>, everything: bool) -> String {
    let rights = rights();
    let list = PathList {
        api_version: rights.api_version,
        kind: "PathList".into(),
        source: rights.source,
        kubernetes_version: rights.kubernetes_version,
        operator: rights.operator,
        items,
        notices: Vec::new(),
    };
    let mut out = Vec::new();
    opsec_render::paths(&list, everything, &Options::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn chains_hop_by_hop() {
    let both = || vec![chains::open(), chains::cut()];
    insta::assert_snapshot!(paths_view(both(), false));
    insta::assert_snapshot!(paths_view(both(), true));
    for (items, summary) in [
        (
            Vec::new(),
            "No chain leads from its pods beyond what it is for.",
        ),
        (vec![chains::open()], "1 chain; nothing cuts them."),
        (vec![chains::cut()], "1 chain; each is cut by practice 4."),
        (both(), "2 chains; 1 of them nothing cuts."),
    ] {
        let text = paths_view(items, false);
        assert!(text.ends_with(&format!("{summary}\n")), "{text}");
    }
}

#[test]
fn no_connection_is_said() {
    let none = ConnectionList {
        connections: Vec::new(),
        ..connections()
    };
    insta::assert_snapshot!(connections_view(&none, false, 80));
}

#[test]
fn connections_as_they_come_are_the_same_document() {
    for list in [
        connections(),
        ConnectionList {
            connections: Vec::new(),
            unknown: Vec::new(),
            ..connections()
        },
    ] {
        let mut out = Vec::new();
        let mut json = ConnectionsJson::begin(&list.source, &mut out).unwrap();
        for connection in &list.connections {
            json.add(std::slice::from_ref(connection)).unwrap();
        }
        json.end(&list.unknown, &list.notices).unwrap();
        assert_eq!(
            serde_json::from_slice::<ConnectionList>(&out).unwrap(),
            list
        );
    }
}

#[test]
fn what_a_manifest_says_cannot_drive_the_terminal() {
    let evil = "\u{1b}[2J\u{202e}x";
    let mut list = rights();
    let mut access = answer();
    let mut reach = connections();
    for right in &mut list.items {
        right.resources.push(evil.to_owned());
        right.granted_by.binding.name.push_str(evil);
    }
    for item in &mut access.items {
        item.service_account.name.push_str(evil);
    }
    reach.unknown.push(evil.to_owned());
    let mut chain = chains::open();
    for hop in &mut chain.hops {
        hop.action.push_str(evil);
        hop.to.name.push_str(evil);
    }
    let mut json = Vec::new();
    ConnectionsJson::begin(&reach.source, &mut json)
        .unwrap()
        .end(&reach.unknown, &[])
        .unwrap();
    for text in [
        rights_view(&list, true, 100),
        access_view(&access),
        connections_view(&reach, true, 100),
        paths_view(vec![chain], true),
        String::from_utf8(json).unwrap(),
    ] {
        let bad = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
        assert!(!text.contains(bad), "{text}");
        assert!(text.contains("[2J"), "{text}");
    }
}
