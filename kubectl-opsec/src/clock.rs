//! This machine's clock, in seconds: what ages are counted to, and what has ended is measured by.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// The time; a clock before 1970 reads 1970.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = i64::try_from(since.unwrap_or_default().as_secs());
    Timestamp::from_second(seconds.unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX)
}
