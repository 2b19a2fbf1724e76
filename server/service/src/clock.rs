//! The service's clock. Nothing below `rpc` reads a clock; the time is a value there.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// The time; a clock before 1970 reads 1970.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let nanoseconds = i32::try_from(since.subsec_nanos()).unwrap_or_default();
    Timestamp::new(seconds, nanoseconds).unwrap_or(Timestamp::MAX)
}

/// A time for the wire.
pub(crate) fn encode(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}

/// A time from the wire; absent when it is out of range.
pub(crate) fn decode(time: prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(time.seconds, time.nanos).ok()
}
