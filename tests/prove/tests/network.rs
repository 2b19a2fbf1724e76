//! What the network engine says of random NetworkPolicies is what cyclonus' evaluator says, and what
//! it says where an administrator's policies decide too what kube-network-policies' says.

use opsec_prove::parts::part;
use opsec_prove::{Run, table};
use opsec_testbed::say;

const FIXED: u64 = 20_260_503;
/// Questions of each seed.
const QUESTIONS: usize = 12_000;

#[test]
fn connections_are_what_another_evaluator_says() {
    let network = part("network").unwrap();
    let run = Run::new(FIXED, opsec_testbed::RELEASE);
    let mut rows = (network.prove)(&run, QUESTIONS).unwrap();
    let run = run.reseeded(Run::fresh_seed().unwrap());
    // Said before anything can go wrong: it is all that it takes to repeat this.
    say(&format!("OPSEC_PROVE_SEED={}", run.seed()));
    rows.extend((network.prove)(&run, QUESTIONS).unwrap());
    let said = format!("OPSEC_PROVE_SEED={}\n{}", run.seed(), table(&rows));
    println!("{said}");
    let of_network_policies = rows.iter().filter(|row| row.what == "network: connections");
    let asked: usize = of_network_policies.map(|row| row.tally.cases()).sum();
    assert!(asked >= 2 * QUESTIONS, "{said}");
    for row in &rows {
        assert!(row.tally.disagreements.is_empty(), "{said}");
        assert!(row.tally.cases() >= QUESTIONS / 4, "{said}");
        assert!(row.tally.smaller_share() >= 20, "{said}");
        // A sample that does not notice a broken engine proves nothing of a whole one.
        assert!(row.broken.iter().all(|broken| broken.noticed > 0), "{said}");
    }
}
