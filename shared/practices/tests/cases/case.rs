//! A case: a heading, manifests, and what is expected of them.

use std::collections::BTreeMap;

use opsec_model::{Severity, Status};

/// One case of a file.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) manifests: String,
    pub(crate) baseline: Option<String>,
    pub(crate) operator: Option<String>,
    pub(crate) missing: Vec<String>,
    pub(crate) live: bool,
    /// What the API server answers to dry runs: account, answer, and which creations.
    pub(crate) probes: Vec<(String, String, String)>,
    pub(crate) expectations: Vec<Expectation>,
}

/// What a rule must come to.
#[derive(Debug)]
pub(crate) struct Expectation {
    pub(crate) rule: String,
    pub(crate) status: Status,
    pub(crate) severity: Option<Severity>,
    pub(crate) extras: BTreeMap<String, String>,
}

/// The cases of a file: its `##` sections.
pub(crate) fn parse(file: &str, text: &str) -> Vec<Case> {
    let mut sections = text.split("\n## ");
    sections.next();
    sections.map(|section| case(file, section)).collect()
}

fn case(file: &str, section: &str) -> Case {
    let (name, body) = section.split_once('\n').unwrap_or((section, ""));
    let mut case = Case {
        name: name.trim().to_owned(),
        manifests: String::new(),
        baseline: None,
        operator: None,
        missing: Vec::new(),
        live: false,
        probes: Vec::new(),
        expectations: Vec::new(),
    };
    let mut block: Option<(String, String)> = None;
    for line in body.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(kind)) => block = Some((kind.trim().to_owned(), String::new())),
            (Some((kind, content)), Some(_)) => {
                if kind == "baseline" {
                    case.baseline = Some(content.clone());
                } else {
                    case.manifests.push_str("---\n");
                    case.manifests.push_str(content);
                }
                block = None;
            }
            (Some((_, content)), None) => {
                content.push_str(line);
                content.push('\n');
            }
            (None, None) => directive(file, &mut case, line.trim()),
        }
    }
    assert!(
        !case.expectations.is_empty(),
        "{file}: `{}` expects nothing",
        case.name
    );
    case
}

fn directive(file: &str, case: &mut Case, line: &str) {
    if let Some(value) = line.strip_prefix("operator:") {
        case.operator = Some(value.trim().to_owned());
    } else if let Some(value) = line.strip_prefix("missing:") {
        case.missing.push(value.trim().to_owned());
    } else if let Some(value) = line.strip_prefix("probe:") {
        let (value, which) = value.split_once(" of ").unwrap_or((value, ""));
        let (account, answer) = value.trim().split_once(' ').unwrap_or((value, ""));
        let answer = (account.to_owned(), answer.to_owned(), which.to_owned());
        case.probes.push(answer);
    } else if line == "live: true" {
        case.live = true;
    } else if let Some(value) = line.strip_prefix("expect:") {
        case.expectations.push(expectation(file, value.trim()));
    }
}

fn expectation(file: &str, text: &str) -> Expectation {
    let (text, title) = match text.split_once(" title~") {
        Some((before, title)) => (before, Some(title.trim().to_owned())),
        None => (text, None),
    };
    let mut words = text.split_whitespace();
    let rule = words.next().unwrap_or_default().to_owned();
    let status = match words.next() {
        Some("PASS") => Status::Pass,
        Some("FAIL") => Status::Fail,
        Some("UNKNOWN") => Status::Unknown,
        Some("NOT_APPLICABLE") => Status::NotApplicable,
        other => panic!("{file}: `{text}`: {other:?} is not a status"),
    };
    let mut severity = None;
    let mut extras = BTreeMap::new();
    for word in words {
        match word.split_once('=') {
            Some((key, value)) => {
                extras.insert(key.to_owned(), value.to_owned());
            }
            None => severity = Some(word.parse().unwrap_or_else(|e| panic!("{file}: {e}"))),
        }
    }
    extras.extend(title.map(|title| ("title".to_owned(), title)));
    Expectation {
        rule,
        status,
        severity,
        extras,
    }
}
