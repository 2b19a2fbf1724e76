//! `harden` as a shell sees it, with the real kubectl: every operator of the corpus, hardened into an
//! overlay whose rendering is judged again. What remains is what `harden/kept.txt` lists, and no more.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

#[path = "harden/kept.rs"]
mod kept;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;
use opsec_corpus::corpus;
use opsec_model::{Finding, Report, Severity, Status};
use opsec_testbed::{Assets, RELEASE};

use kept::{Kept, failing, kept, letters};

/// Where every operator is told to work.
const INTENDED: &str = "shop,blog";

fn opsec(arguments: &[&str], input: &[u8]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("input");
    std::fs::write(&file, input).unwrap();
    Command::new(cargo_bin("kubectl-opsec"))
        .args(arguments)
        // No test touches the cluster that whoever runs it is connected to.
        .env("KUBECONFIG", "/dev/null/none")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env("OPSEC_DATA_DIR", directory.path().join("data"))
        .stdin(Stdio::from(std::fs::File::open(&file).unwrap()))
        .output()
        .unwrap()
}

fn kustomize(directory: &Path) -> Vec<u8> {
    let kubectl = Assets::of(RELEASE).unwrap().kubectl().unwrap();
    let output = Command::new(kubectl)
        .arg("kustomize")
        .arg(directory)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", directory.display());
    output.stdout
}

fn report(output: &Output) -> Report {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// What a hardened operator comes to by the rendering of its overlay.
struct Outcome {
    before: Report,
    after: Report,
    status: Option<i32>,
    said: String,
}

fn harden(file: &Path, kept: &[&Kept]) -> Outcome {
    let file = file.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let overlay = folder.path().join("overlay");
    let before = report(&opsec(&["check", "-f", file, "-o", "json"], b""));
    let name = before.operator.name.clone();
    let mut line = vec!["harden", &name, "-f", file, "--intended", INTENDED];
    line.extend(["--output-dir", overlay.to_str().unwrap()]);
    let flags: Vec<String> = kept.iter().map(|kept| kept.flag()).collect();
    for flag in &flags {
        line.extend(["--keep", flag]);
    }
    let hardened = opsec(&line, b"");
    let said = String::from_utf8_lossy(&hardened.stderr).into_owned();
    assert!(hardened.status.code() != Some(2), "{file}: {said}");
    let rendered = kustomize(&overlay);
    let check = opsec(&["check", &name, "-f", "-", "-o", "json"], &rendered);
    let after = report(&check);
    assert_eq!(
        hardened.status.code(),
        check.status.code(),
        "{file}: {said}"
    );
    Outcome {
        before,
        after,
        status: check.status.code(),
        said,
    }
}

/// What all operators come to: a table, what is not as it should be, and which lines were of use.
#[derive(Default)]
struct Told {
    table: String,
    wrong: String,
    used: BTreeSet<(&'static str, String)>,
    without_critical: usize,
}

impl Told {
    fn tell(&mut self, name: &str, outcome: &Outcome, mine: &[&Kept]) {
        let (table, wrong) = (&mut self.table, &mut self.wrong);
        let (before, after) = (letters(&outcome.before), letters(&outcome.after));
        let status = outcome.status.unwrap();
        writeln!(table, "{name}: {before} -> {after} status {status}").unwrap();
        let mut shown = BTreeSet::new();
        let failing = failing(&outcome.after);
        for finding in &failing {
            if let Some(kept) = mine.iter().find(|kept| kept.means(finding)) {
                self.used.insert((kept.operator, kept.flag()));
                let right = finding.right.as_ref().map(|right| format!(" {right}"));
                let right = right.unwrap_or_default();
                shown.insert(format!("{}{right} ({})", finding.rule, finding.severity));
            } else {
                let (rule, right, title) = (&finding.rule, &finding.right, &finding.title);
                writeln!(wrong, "{name}: {rule} {right:?}: {title}").unwrap();
            }
        }
        for line in shown {
            writeln!(table, "  kept: {line}").unwrap();
        }
        let rules = outcome.after.practices.iter().flat_map(|it| &it.rules);
        for rule in rules.filter(|rule| rule.status == Status::Unknown) {
            writeln!(wrong, "{name}: {} UNKNOWN {:?}", rule.id, rule.reason).unwrap();
        }
        let is_critical = |finding: &&Finding| finding.severity == Severity::Critical;
        self.without_critical += usize::from(!failing.iter().any(is_critical));
    }
}

#[test]
fn every_operator_of_the_corpus_is_hardened_but_for_what_is_kept() {
    let Some(folder) = corpus("every_operator_of_the_corpus_is_hardened_but_for_what_is_kept")
    else {
        return;
    };
    let kept = kept();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("operators"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut told = Told::default();
    for file in &files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let mine: Vec<&Kept> = kept.iter().filter(|kept| kept.operator == name).collect();
        let outcome = harden(file, &mine);
        let said = &outcome.said;
        assert!(said.contains("changes take practices 1 to 6"), "{said}");
        told.tell(name, &outcome, &mine);
    }
    let unused: Vec<String> = kept
        .iter()
        .filter(|kept| !told.used.contains(&(kept.operator, kept.flag())))
        .map(|kept| format!("{} {}", kept.operator, kept.flag()))
        .collect();
    assert!(unused.is_empty(), "kept for nothing: {unused:?}");
    assert!(kept.iter().all(|kept| kept.why.ends_with('.')));
    assert!(told.wrong.is_empty(), "{}", told.wrong);
    assert!(told.without_critical >= 18, "{}", told.without_critical);
    insta::assert_snapshot!("operators", told.table);
}

#[test]
fn only_what_is_asked_for_is_answered_and_what_is_created_can_be_applied() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/as-shipped.yaml");
    let demo = demo.to_str().unwrap();
    let line = ["harden", "-f", demo, "--only", "OPSEC503"];
    let output = opsec(&line, b"");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let kinds: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("kind: "))
        .collect();
    let expected = [
        "kind: ValidatingAdmissionPolicy",
        "kind: ValidatingAdmissionPolicyBinding",
    ];
    assert_eq!(kinds, expected, "{text}");
    assert!(
        text.contains("kubectl-opsec.dev/answers: OPSEC503,OPSEC504"),
        "{text}"
    );
}

#[test]
fn the_demo_operator_passes_once_it_is_hardened() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/as-shipped.yaml");
    let outcome = harden(&demo, &[]);
    assert_eq!(letters(&outcome.after), "PPPPPP", "{}", outcome.said);
    assert_eq!(outcome.status, Some(0));
}
