//! Chains that nothing cuts, where the other state has none from that component to that end. By
//! which hops it gets there is no change: what is gained is the end.

use std::collections::BTreeSet;

use opsec_model::{ObjectRef, Path, PathEnd};

use crate::pairs::Pairs;

pub(crate) fn beyond(this: &[Path], other: &[Path], pairs: &Pairs) -> Vec<Path> {
    let known: BTreeSet<(&ObjectRef, PathEnd)> = open(other).collect();
    let open = this.iter().filter(|path| !path.cut);
    open.filter(|path| {
        path.hops
            .first()
            .is_some_and(|hop| !known.contains(&(&pairs.workload(&hop.from), path.end)))
    })
    .cloned()
    .collect()
}

fn open(paths: &[Path]) -> impl Iterator<Item = (&ObjectRef, PathEnd)> {
    let open = paths.iter().filter(|path| !path.cut);
    open.filter_map(|path| Some((&path.hops.first()?.from, path.end)))
}
