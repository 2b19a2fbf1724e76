//! What the rights engine says is what the API server says: a fixed seed, so that a change is held
//! against what held before, and a fresh one, so that no run asks only what others asked.

use opsec_prove::parts::part;
use opsec_prove::{Run, table};
use opsec_testbed::say;

const FIXED: u64 = 20_260_501;
/// Reviews of each seed; real requests are a tenth of them.
const REVIEWS: usize = 10_500;

#[test]
fn rights_are_what_the_api_server_grants() {
    let rights = part("rights").unwrap();
    let fixed = Run::new(FIXED, opsec_testbed::RELEASE);
    let mut rows = (rights.prove)(&fixed, REVIEWS).unwrap();
    let fresh = fixed.reseeded(Run::fresh_seed().unwrap());
    // Said before anything can go wrong: it is all that it takes to repeat this.
    say(&format!("OPSEC_PROVE_SEED={}", fresh.seed()));
    rows.extend((rights.prove)(&fresh, REVIEWS).unwrap());
    let said = format!("OPSEC_PROVE_SEED={}\n{}", fresh.seed(), table(&rows));
    println!("{said}");
    for row in &rows {
        assert!(row.tally.disagreements.is_empty(), "{said}");
        assert_eq!(row.tally.unknown, 0, "{said}");
        assert!(row.tally.smaller_share() >= 20, "{said}");
        // A sample that does not notice a broken engine proves nothing of a whole one.
        assert!(row.broken.iter().all(|broken| broken.noticed > 0), "{said}");
    }
    let cases = |what: &str| -> usize {
        let of = rows.iter().filter(|row| row.what.ends_with(what));
        of.map(|row| row.tally.cases()).sum()
    };
    assert!(cases("SubjectAccessReviews") >= 20_000, "{said}");
    assert!(cases("real requests") >= 2_000, "{said}");
}
