//! What the admission engine says to creations is what the API server says: a fixed seed, so that a
//! change is held against what held before, and a fresh one, so that no run asks only what others
//! asked.

use opsec_prove::parts::part;
use opsec_prove::{Run, Tally, table};
use opsec_testbed::say;

const FIXED: u64 = 20_260_503;
/// Creations of each seed; three for each policy.
const CASES: usize = 900;

#[test]
fn creations_are_admitted_as_the_api_server_admits_them() {
    let admission = part("admission").unwrap();
    let fixed = Run::new(FIXED, opsec_testbed::RELEASE);
    let mut rows = (admission.prove)(&fixed, CASES).unwrap();
    let fresh = fixed.reseeded(Run::fresh_seed().unwrap());
    // Said before anything can go wrong: it is all that it takes to repeat this.
    say(&format!("OPSEC_PROVE_SEED={}", fresh.seed()));
    rows.extend((admission.prove)(&fresh, CASES).unwrap());
    let said = format!("OPSEC_PROVE_SEED={}\n{}", fresh.seed(), table(&rows));
    println!("{said}");
    for row in &rows {
        assert!(row.tally.disagreements.is_empty(), "{said}");
        // What is not known is the exception.
        assert!(row.tally.unknown * 5 < row.tally.cases(), "{said}");
    }
    // A sample that does not notice a broken engine proves nothing of a whole one.
    for (place, broken) in rows[0].broken.iter().enumerate() {
        let noticed: usize = rows.iter().map(|row| row.broken[place].noticed).sum();
        assert!(noticed > 0, "{}: {said}", broken.how);
    }
    let mut whole = Tally::default();
    for row in rows {
        whole.add(row.tally);
    }
    assert!(whole.smaller_share() >= 20, "{said}");
    assert!(whole.agree >= 1_000, "{said}");
}
