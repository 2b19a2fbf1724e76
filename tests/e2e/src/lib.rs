//! Stories over the real corpus, and end to end: from the bytes of manifests to reports, as the
//! plugin goes, with the built-in baseline at a fixed time.

mod corpus;
mod covered;
mod judge;
mod lines;
mod without;
mod world;

pub use corpus::{demo, files, workspace};
pub use covered::{Covered, covered, not_covered};
pub use judge::{E2eError, judge, judge_all, judge_snapshot, judge_yaml, snapshot};
pub use lines::{line, of_right, own_lines, status_of};
pub use opsec_corpus::corpus;
pub use without::{kinds, without};
pub use world::{Bound, OPERATOR, operator_with};
