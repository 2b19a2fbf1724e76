//! What the Pod Security engine says is what the API server's admission says, of Kubernetes' own
//! fixtures and of pods that a fixed and a fresh seed make.

use std::io;
use std::path::Path;

use opsec_corpus::corpus;
use opsec_prove::parts::part;
use opsec_prove::{Run, pod_security_fixtures, table};
use opsec_testbed::say;
use serde_json::Value;

const FIXED: u64 = 20_260_502;
/// Questions of each seed.
const CASES: usize = 1_300;

/// Kubernetes' fixtures.
fn given(corpus: &Path) -> io::Result<Vec<Value>> {
    let mut pods = Vec::new();
    for folder in [
        "baseline/pass",
        "baseline/fail",
        "restricted/pass",
        "restricted/fail",
    ] {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(corpus.join("pod-security").join(folder))? {
            files.push(entry?.path());
        }
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(file)?;
            let mut pod: Value = serde_saphyr::from_str(&text).map_err(io::Error::other)?;
            // Some bear names with underscores, which no API server takes.
            if let Some(name) = pod.pointer_mut("/metadata/name") {
                *name = "fixture".into();
            }
            pods.push(pod);
        }
    }
    Ok(pods)
}

#[test]
fn pods_are_admitted_as_the_api_server_admits_them() {
    let pods = part("pod-security").unwrap();
    let run = Run::new(FIXED, opsec_testbed::RELEASE);
    let mut rows = (pods.prove)(&run, CASES).unwrap();
    if let Some(corpus) = corpus("pods_are_admitted_as_the_api_server_admits_them") {
        let fixtures = given(&corpus).unwrap();
        assert_eq!(fixtures.len(), 148);
        rows.push(pod_security_fixtures(&run, &fixtures).unwrap());
    }
    let run = run.reseeded(Run::fresh_seed().unwrap());
    // Said before anything can go wrong: it is all that it takes to repeat this.
    say(&format!("OPSEC_PROVE_SEED={}", run.seed()));
    rows.extend((pods.prove)(&run, CASES).unwrap());
    let said = format!("OPSEC_PROVE_SEED={}\n{}", run.seed(), table(&rows));
    println!("{said}");
    for row in &rows {
        assert!(row.tally.disagreements.is_empty(), "{said}");
        assert!(row.tally.smaller_share() >= 20, "{said}");
    }
    // A sample that does not notice a broken engine proves nothing of a whole one.
    for place in 0..rows[0].broken.len() {
        let noticed: usize = rows.iter().map(|row| row.broken[place].noticed).sum();
        assert!(noticed > 0, "{said}");
    }
    let cases: usize = rows.iter().map(|row| row.tally.cases()).sum();
    assert!(cases >= 2_000);
}
