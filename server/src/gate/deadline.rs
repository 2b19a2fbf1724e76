//! Until when a call is to be answered: the client's deadline, cut to what the service allows.

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use tokio::time::Instant;

/// Until when a call is to be answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    /// Of a call whose longest time is this. It ends a moment before the client's own clock does:
    /// later the client hears nothing any more.
    pub(super) fn of(headers: &HeaderMap, longest: Option<Duration>) -> Self {
        let asked = headers.get("grpc-timeout").and_then(|value| {
            let asked = timeout(value.to_str().ok()?)?;
            Some(asked.saturating_sub((asked / 10).min(Duration::from_millis(10))))
        });
        let least = [asked, longest].into_iter().flatten().min();
        Self(least.and_then(|least| Instant::now().checked_add(least)))
    }

    /// When it is.
    pub(super) fn instant(self) -> Option<Instant> {
        self.0
    }

    /// What a future comes to; absent when it comes too late.
    pub(super) async fn end<T>(self, work: impl Future<Output = T>) -> Option<T> {
        match self.0 {
            Some(at) => tokio::time::timeout_at(at, work).await.ok(),
            None => Some(work.await),
        }
    }
}

/// The moment of a time in seconds since 1970, UTC; one that has passed is now.
pub(super) fn at(seconds: u64) -> Instant {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    let left = time.and_then(|time| time.duration_since(SystemTime::now()).ok());
    let now = Instant::now();
    now.checked_add(left.unwrap_or_default()).unwrap_or(now)
}

/// A `grpc-timeout`: at most eight digits and a unit.
fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_grpc_writes_them() {
        assert_eq!(timeout("99999999H"), Some(Duration::from_hours(99_999_999)));
        assert_eq!(timeout("5m"), Some(Duration::from_millis(5)));
        for text in ["", "5", "m", "123456789S", "-1S", "1 S", "1s", "é"] {
            assert_eq!(timeout(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn a_clients_deadline_is_cut_to_what_is_allowed() {
        let left = |asked: Option<&str>, longest: Option<u64>| {
            let mut headers = HeaderMap::new();
            if let Some(asked) = asked {
                headers.insert("grpc-timeout", asked.parse().unwrap());
            }
            let deadline = Deadline::of(&headers, longest.map(Duration::from_secs));
            deadline
                .instant()
                .map(|at| at.duration_since(Instant::now()).as_secs_f64().round())
        };
        assert_eq!(left(Some("1H"), Some(30)), Some(30.0));
        assert_eq!(left(Some("5S"), Some(30)), Some(5.0));
        assert_eq!(left(None, Some(30)), Some(30.0));
        assert_eq!(left(Some("nonsense"), Some(30)), Some(30.0));
        assert_eq!(left(None, None), None);
        assert_eq!(left(Some("5S"), None), Some(5.0));
    }
}
