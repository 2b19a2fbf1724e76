//! What a practice, a rule or a right means, from what they say of themselves: nothing is told
//! here that is not judged by.

use opsec_model::{API_VERSION, Explained, Explanation, Reach, Severity, Topic};
use opsec_rights::row::{Grade, NameRule, Row};
use opsec_rights::{example, rows};

use crate::contract::{Practice, Rule};
use crate::registry::{self, PRACTICES};

/// Everything that can be explained: each practice before its rules, then the rights in the order
/// of their table.
pub fn topics() -> Vec<Topic> {
    let mut topics = Vec::new();
    for practice in PRACTICES {
        topics.push(Topic {
            explains: Explained::Practice,
            id: practice.number.to_string(),
            title: practice.name.to_owned(),
        });
        topics.extend(practice.rules.iter().map(|rule| Topic {
            explains: Explained::Rule,
            id: rule.id.to_owned(),
            title: rule.summary.to_owned(),
        }));
    }
    for row in rows::all() {
        let topic = Topic {
            explains: Explained::Right,
            id: row.id.to_owned(),
            title: format!("can {}", row.may),
        };
        if !topics.iter().any(|known| known.id == topic.id) {
            topics.push(topic);
        }
    }
    topics
}

/// The explanation of a rule (`OPSEC306`, `306` or its slug), a practice (`3` or its name) or a
/// right (`ESC-BIND`), in any case of letters; none when there is nothing of that name.
pub fn explain(name: &str) -> Option<Explanation> {
    let name = name.trim();
    let same = |other: &str| other.eq_ignore_ascii_case(name);
    if let Some(practice) = PRACTICES
        .into_iter()
        .find(|practice| same(&practice.number.to_string()) || same(practice.name))
    {
        return Some(of_practice(practice));
    }
    let rule = registry::rules().find(|rule| {
        same(rule.id) || same(rule.slug) || rule.id.strip_prefix("OPSEC").is_some_and(same)
    });
    if let Some(rule) = rule {
        return Some(of_rule(rule));
    }
    let rows: Vec<&Row> = rows::all().filter(|row| same(row.id)).collect();
    rows.first().map(|first| of_right(first, &rows))
}

/// What may have been meant by a name that explains nothing, the nearest first; at most five.
pub fn candidates(name: &str) -> Vec<String> {
    let name = name.trim().to_ascii_uppercase();
    let mut near: Vec<(usize, String)> = topics()
        .into_iter()
        .map(|topic| {
            let distance = if name.len() > 2 && topic.id.contains(&name) {
                0
            } else {
                opsec_operators::distance(&name, &topic.id)
            };
            (distance, topic.id)
        })
        .filter(|(distance, _)| *distance <= 3 && *distance < name.len())
        .collect();
    near.sort();
    near.into_iter().map(|(_, id)| id).take(5).collect()
}

fn of_practice(practice: &Practice) -> Explanation {
    let shown = registry::find(practice.example);
    let text = |text: fn(&Rule) -> &str| shown.map(text).unwrap_or_default().to_owned();
    Explanation {
        explains: Explained::Practice,
        id: practice.number.to_string(),
        title: practice.name.to_owned(),
        what: practice.doc.to_owned(),
        why: practice.why.to_owned(),
        bad: text(|rule| rule.doc.bad),
        good: text(|rule| rule.doc.good),
        fix: text(|rule| rule.doc.fix),
        related: practice
            .rules
            .iter()
            .map(|rule| format!("{}: {}", rule.id, rule.summary))
            .collect(),
        references: shown.map_or_else(Vec::new, |rule| owned(rule.doc.references)),
        ..blank()
    }
}

fn of_rule(rule: &Rule) -> Explanation {
    let doc = rule.doc;
    let mut related: Vec<String> = Vec::new();
    for row in rows::all().filter(|row| row.rules.contains(&rule.id)) {
        let entry = format!("{}: can {}", row.id, row.may);
        let known = |entry: &String| entry.split(':').next() == Some(row.id);
        if !related.iter().any(known) {
            related.push(entry);
        }
    }
    Explanation {
        explains: Explained::Rule,
        id: rule.id.to_owned(),
        title: rule.summary.to_owned(),
        half: Some(rule.half),
        what: doc.what.to_owned(),
        why: doc.why.to_owned(),
        severities: doc.severity.split("; ").map(ToOwned::to_owned).collect(),
        bad: doc.bad.to_owned(),
        good: doc.good.to_owned(),
        fix: doc.fix.to_owned(),
        related,
        references: owned(doc.references),
        ..blank()
    }
}

fn of_right(first: &Row, rows: &[&Row]) -> Explanation {
    let shown = example(first);
    let mut severities = Vec::new();
    for row in rows {
        for line in grades(row) {
            let line = if rows.len() > 1 {
                format!("{line} (can {})", row.may)
            } else {
                line
            };
            severities.push(line);
        }
        severities.extend(names(row));
    }
    if !first.words.is_empty() {
        let words: Vec<&str> = first.words.iter().map(|word| word.as_str()).collect();
        severities.push(format!(
            "counts as a gain, where it is high or critical in every namespace or a protected one: {}",
            words.join(", ")
        ));
    }
    let mut may: Vec<&str> = rows.iter().map(|row| row.may).collect();
    may.dedup();
    Explanation {
        explains: Explained::Right,
        id: first.id.to_owned(),
        title: format!("can {}", first.may),
        what: format!("The operator can {}.", may.join("; or ")),
        why: format!("{}.", sentence(first.gain)),
        severities,
        bad: shown.bad,
        good: shown.good,
        fix: format!("{}.", sentence(first.remedy)),
        related: first
            .rules
            .iter()
            .filter_map(|id| registry::find(id))
            .map(|rule| format!("{}: {}", rule.id, rule.summary))
            .collect(),
        references: vec![
            "https://kubernetes.io/docs/concepts/security/rbac-good-practices/".to_owned(),
        ],
        ..blank()
    }
}

fn grades(row: &Row) -> Vec<String> {
    let cells = [
        (
            Reach::Cluster,
            "in every namespace, or on a cluster-scoped kind",
        ),
        (Reach::Protected, "in a protected namespace"),
        (Reach::Foreign, "in another namespace that is not intended"),
        (Reach::Intended, "in an intended namespace"),
        (Reach::Own, "in its own namespace"),
    ];
    let grade = |reach| match reach {
        Reach::Cluster => row.grades.cluster,
        Reach::Protected => row.grades.protected,
        Reach::Foreign => row.grades.foreign,
        Reach::Intended => row.grades.intended,
        Reach::Own => row.grades.own,
    };
    cells
        .into_iter()
        .filter_map(|(reach, place)| Some(cell(grade(reach)?, place)))
        .collect()
}

fn cell(grade: Grade, place: &str) -> String {
    let mut line = format!("{} {place}", grade.severity.as_str());
    if let Some(stronger) = grade.if_stronger {
        line.push_str(", ");
        line.push_str(stronger.as_str());
        line.push_str(" when a stronger ServiceAccount lives there");
    }
    if grade.unenforced && grade.severity < Severity::Critical {
        line.push_str(", a step higher where no Pod Security Standard is enforced");
    }
    line
}

fn names(row: &Row) -> Option<String> {
    let text = match row.names {
        NameRule::Keep => return None,
        NameRule::Lower => "one step lower when it is limited to names".to_owned(),
        NameRule::Own => {
            "info when it is limited to the installation's own objects; one step lower for other names"
                .to_owned()
        }
        NameRule::OwnIs(severity) => format!(
            "{} when it is limited to the installation's own objects; one step lower for other names",
            severity.as_str()
        ),
        NameRule::OwnIsElseKeep(severity) => format!(
            "{} when it is limited to the installation's own objects",
            severity.as_str()
        ),
        NameRule::Namespaces => {
            "limited to names, it weighs as the namespaces that they name".to_owned()
        }
        NameRule::Signers => "info for signers of other domains than kubernetes.io".to_owned(),
        NameRule::ConfigMap(name) => format!("nothing when it is limited to other names than {name}"),
        NameRule::AuthenticationConfigMap => {
            "only when it names extension-apiserver-authentication".to_owned()
        }
        NameRule::SecurityContextConstraints => "limited to names, by what those allow".to_owned(),
    };
    Some(text)
}

fn blank() -> Explanation {
    Explanation {
        api_version: API_VERSION.to_owned(),
        kind: "Explanation".to_owned(),
        explains: Explained::Rule,
        id: String::new(),
        title: String::new(),
        half: None,
        what: String::new(),
        why: String::new(),
        severities: Vec::new(),
        bad: String::new(),
        good: String::new(),
        fix: String::new(),
        related: Vec::new(),
        references: Vec::new(),
    }
}

/// A clause as a sentence begins.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_explained_in_full() {
        for topic in topics() {
            let told = explain(&topic.id).unwrap_or_else(|| panic!("{}", topic.id));
            assert_eq!(told.id, topic.id);
            assert_eq!(told.explains, topic.explains);
            for text in [
                &told.what,
                &told.why,
                &told.bad,
                &told.good,
                &told.fix,
                &told.title,
            ] {
                assert!(!text.trim().is_empty(), "{}: {told:?}", topic.id);
            }
            assert!(!told.references.is_empty(), "{}", topic.id);
            let graded = topic.explains == Explained::Practice || !told.severities.is_empty();
            assert!(graded, "{}", topic.id);
        }
    }

    #[test]
    fn names_are_found_in_every_spelling() {
        for (name, id) in [
            ("OPSEC306", "OPSEC306"),
            ("opsec306", "OPSEC306"),
            ("306", "OPSEC306"),
            ("secrets-beyond-intended-namespaces", "OPSEC306"),
            ("3", "3"),
            ("service account is minimal", "3"),
            ("esc-bind", "ESC-BIND"),
        ] {
            assert_eq!(
                explain(name).map(|told| told.id).as_deref(),
                Some(id),
                "{name}"
            );
        }
        assert_eq!(explain("OPSEC999"), None);
        assert_eq!(explain("7"), None);
        assert_eq!(candidates("ESC-BNID")[0], "ESC-BIND");
        assert!(candidates("webhook").contains(&"GRD-WEBHOOK".to_owned()));
        assert!(candidates("entirely else").is_empty());
    }

    #[test]
    fn a_practice_is_shown_by_a_rule_of_its_own() {
        for practice in PRACTICES {
            assert!(
                practice
                    .rules
                    .iter()
                    .any(|rule| rule.id == practice.example)
            );
        }
    }
}
