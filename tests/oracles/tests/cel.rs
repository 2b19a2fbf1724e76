//! Kubernetes' own CEL environment says again what each expression of
//! `shared/engines/admission/tests/expressions/` comes to; the engine is compared with the same
//! file there.

use std::path::Path;

use opsec_oracles::Oracle;

const EXPRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/engines/admission/tests/expressions"
);

#[test]
fn kubernetes_makes_of_each_expression_what_is_written_down() {
    let folder = Path::new(EXPRESSIONS);
    let cases = std::fs::read_to_string(folder.join("cases.txt")).unwrap();
    let asked: Vec<&str> = cases
        .lines()
        .map(|line| line.split_once('\t').unwrap().1)
        .collect();
    assert!(asked.len() > 4000, "{}", asked.len());
    let oracle = Oracle::built("cel").unwrap();
    let request = folder.join("request.json");
    let answered = oracle.answer(&[&request], asked.join("\n")).unwrap();
    let differing: Vec<(&str, &str)> = cases
        .lines()
        .zip(answered.lines())
        .filter(|(written, answered)| written != answered)
        .collect();
    assert_eq!(answered.lines().count(), asked.len());
    assert!(differing.is_empty(), "{differing:#?}");
}
