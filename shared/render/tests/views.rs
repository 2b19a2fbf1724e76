//! Every view of hand-built reports, as a terminal shows it.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

#[path = "views/chains.rs"]
mod chains;
#[path = "views/reports.rs"]
mod reports;

use opsec_model::report::{OperatorList, ReportList};
use opsec_model::{API_VERSION, Report};
use opsec_render::Options;

use reports::{accepted, clean, failing, hostile, operator_half, unknown};

type View = fn(&Report, &Options, &mut dyn std::io::Write) -> std::io::Result<()>;

fn view(view: View, report: &Report, options: &Options) -> String {
    let mut out = Vec::new();
    view(report, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn plain() -> Options {
    Options {
        objects: Some(50),
        ..Options::default()
    }
}

fn list(items: Vec<Report>) -> ReportList {
    ReportList {
        api_version: API_VERSION.into(),
        kind: "ReportList".into(),
        items,
    }
}

#[test]
fn table_of_an_operator_that_fails() {
    let text = view(opsec_render::table, &failing(), &plain());
    assert!(text.lines().count() <= 24, "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_worst_chain_stands_at_the_head_and_the_view_still_fits() {
    let report = Report {
        paths: vec![chains::open(), chains::cut()],
        ..failing()
    };
    let text = view(opsec_render::table, &report, &plain());
    assert!(text.lines().count() <= 24, "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    insta::assert_snapshot!(text);
    let wide = view(opsec_render::wide, &report, &plain());
    let chains = wide.split("\n1 Payload").next().unwrap();
    insta::assert_snapshot!(chains);
}

#[test]
fn where_each_chain_is_cut_the_head_says_so_in_a_line() {
    let report = Report {
        paths: vec![chains::cut()],
        ..failing()
    };
    let text = view(opsec_render::table, &report, &plain());
    assert!(
        text.contains("\nEach of 1 chain is cut by practice 4\n"),
        "{text}"
    );
}

#[test]
fn table_at_60_columns() {
    let narrow = Options {
        width: 60,
        ..plain()
    };
    let text = view(opsec_render::table, &failing(), &narrow);
    for line in text.lines() {
        assert!(line.chars().count() <= 60, "{line}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn table_of_a_clean_operator_without_payload() {
    insta::assert_snapshot!(view(opsec_render::table, &clean(), &plain()));
}

#[test]
fn table_with_unknown_rules_names_what_is_missing() {
    insta::assert_snapshot!(view(opsec_render::table, &unknown(), &plain()));
}

#[test]
fn table_of_an_accepted_finding() {
    insta::assert_snapshot!(view(opsec_render::table, &accepted(), &plain()));
}

#[test]
fn table_of_the_operators_half() {
    insta::assert_snapshot!(view(opsec_render::table, &operator_half(), &plain()));
}

#[test]
fn wide_of_an_operator_that_fails() {
    insta::assert_snapshot!(view(opsec_render::wide, &failing(), &plain()));
}

#[test]
fn wide_of_accepted_and_unknown_findings() {
    insta::assert_snapshot!(view(opsec_render::wide, &accepted(), &plain()));
    insta::assert_snapshot!(view(opsec_render::wide, &unknown(), &plain()));
}

#[test]
fn colour_only_repeats_the_words() {
    let coloured = Options {
        color: true,
        ..plain()
    };
    for shown in [opsec_render::table as View, opsec_render::wide] {
        for report in [failing(), clean(), unknown(), accepted()] {
            let text = view(shown, &report, &coloured);
            assert!(text.contains('\u{1b}'));
            assert_eq!(without_escapes(&text), view(shown, &report, &plain()));
        }
    }
    insta::assert_snapshot!(view(opsec_render::table, &failing(), &coloured));
}

fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain + rest
}

#[test]
fn what_a_manifest_says_cannot_drive_the_terminal() {
    for shown in [opsec_render::table as View, opsec_render::wide] {
        let text = view(shown, &hostile(), &plain());
        let bad = |c: char| c != '\n' && c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!text.contains(bad), "{text}");
        assert!(text.contains("\\u{1b}[2J"), "{text}");
    }
    let mut out = Vec::new();
    opsec_render::matrix(&list(vec![hostile()]), None, &plain(), &mut out).unwrap();
    let items = vec![hostile().operator];
    let operators = OperatorList {
        api_version: API_VERSION.into(),
        kind: "OperatorList".into(),
        items,
    };
    opsec_render::operators(&operators, &plain(), &mut out).unwrap();
    opsec_render::json(&hostile(), &mut out).unwrap();
    opsec_render::yaml(&hostile(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(
        !text.contains(|c: char| c != '\n' && c.is_control()),
        "{text}"
    );
}

#[test]
fn matrix_has_the_worst_first() {
    let mut out = Vec::new();
    let reports = list(vec![clean(), accepted(), unknown(), failing()]);
    opsec_render::matrix(&reports, None, &plain(), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn matrix_says_since_when_where_it_is_known() {
    let reports = list(vec![clean(), accepted(), unknown(), failing()]);
    let now = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    let ago = |hours| Some(now - jiff::SignedDuration::from_hours(hours));
    let shown = |since, width| {
        let options = Options { width, ..plain() };
        let history = opsec_render::History { now, since };
        let mut out = Vec::new();
        opsec_render::matrix(&reports, Some(&history), &options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    insta::assert_snapshot!(shown(vec![ago(700), None, ago(3), ago(76)], 100));
    for line in shown(vec![ago(700), None, ago(3), ago(76)], 80).lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    // Where it is known of none there is no column.
    let mut out = Vec::new();
    opsec_render::matrix(&reports, None, &plain(), &mut out).unwrap();
    assert_eq!(shown(vec![None; 4], 100), String::from_utf8(out).unwrap());
}

#[test]
fn operators_say_why_and_what_they_consist_of() {
    let mut out = Vec::new();
    let operators = OperatorList {
        api_version: API_VERSION.into(),
        kind: "OperatorList".into(),
        items: vec![failing().operator, clean().operator],
    };
    opsec_render::operators(&operators, &plain(), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn json_and_yaml_hold_the_same_report() {
    for report in [failing(), clean(), unknown(), accepted(), hostile()] {
        let (mut json, mut yaml) = (Vec::new(), Vec::new());
        opsec_render::json(&report, &mut json).unwrap();
        opsec_render::yaml(&report, &mut yaml).unwrap();
        assert_eq!(serde_json::from_slice::<Report>(&json).unwrap(), report);
        let yaml = String::from_utf8(yaml).unwrap();
        assert_eq!(serde_saphyr::from_str::<Report>(&yaml).unwrap(), report);
    }
    let mut yaml = Vec::new();
    opsec_render::yaml(&accepted(), &mut yaml).unwrap();
    insta::assert_snapshot!(String::from_utf8(yaml).unwrap());
}

#[test]
fn columns_are_aligned_by_what_a_terminal_shows() {
    let rows = [
        vec!["名".to_owned(), "1".to_owned()],
        vec!["abcd\u{1b}".to_owned(), "2".to_owned()],
    ];
    let mut out = Vec::new();
    opsec_render::columns(&["NAME", "REVISION"], &rows, &plain(), &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}
