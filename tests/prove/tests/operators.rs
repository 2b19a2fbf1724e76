//! Every operator of the corpus: the API server grants each right that a finding rests on, and tells
//! each account what `rights` lists of it.

use opsec_prove::parts::part;
use opsec_prove::{Run, table};

#[test]
fn rights_of_real_operators_are_what_the_api_server_says() {
    let operators = part("operators").unwrap();
    let run = Run::new(0, opsec_testbed::RELEASE);
    let rows = (operators.prove)(&run, operators.cases).unwrap();
    let said = table(&rows);
    println!("{said}");
    for row in &rows {
        assert!(row.tally.disagreements.is_empty(), "{said}");
        assert!(row.tally.allowed > 50, "{said}");
    }
}
