//! Escalation chains: from an operator's pods, hop by hop, to what a taken pod can come to.
//!
//! [`Ground`] makes a snapshot ready, [`Chains`] the search for one operator. The search is
//! breadth first over who can be become (ServiceAccounts, users, groups, nodes), along what each
//! one's dangerous rights give; a hop that is known to be cut is taken only where no other way
//! leads. Every principal is visited once, so the work is bounded by what is granted.

mod chains;
mod ground;
mod hops;
mod moves;
mod pods;
mod principal;
mod search;
mod words;

pub use chains::Chains;
pub use ground::Ground;

use opsec_model::{Path, Severity};

/// The order of chains: those that nothing cuts, then the worst, then the shortest.
pub fn sort(paths: &mut Vec<Path>) {
    paths.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.cmp(b)));
    paths.dedup();
}

/// Of sorted chains the first to each end, without those that come to nothing of others.
pub fn heads(paths: &[Path]) -> Vec<Path> {
    let mut heads: Vec<Path> = Vec::new();
    for path in paths.iter().filter(|path| path.severity > Severity::Info) {
        if heads.iter().all(|head| head.end != path.end) {
            heads.push(path.clone());
        }
    }
    heads
}

fn order(path: &Path) -> impl Ord + use<> {
    (
        path.cut,
        std::cmp::Reverse(path.severity),
        path.end,
        path.hops.len(),
    )
}
