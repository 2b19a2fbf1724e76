//! The eight words: what whoever takes the operator gains, from its rights alone.

use std::collections::BTreeSet;

use opsec_model::{Gain, Reach, Severity};

use crate::{GradedHit, GradedRight};

/// The gains of some graded rights. A baseline's grant lowers none of them.
pub fn gains<'a>(rights: impl IntoIterator<Item = &'a GradedRight>) -> BTreeSet<Gain> {
    let mut gains = BTreeSet::new();
    for right in rights {
        for graded in &right.hits {
            gains.extend(words(graded));
        }
        gains.extend(self::gains(&right.folded));
    }
    gains
}

fn words(graded: &GradedHit) -> Vec<Gain> {
    let far = matches!(graded.reach, Reach::Cluster | Reach::Protected);
    if !far || graded.severity < Severity::High || graded.hit.alone {
        return Vec::new();
    }
    if graded.hit.row.id == "GRD-VWEBHOOK" && graded.own_names {
        // Its own configuration reads what is admitted; it switches off no other guard.
        return vec![Gain::Secrets];
    }
    graded.hit.row.words.to_vec()
}
