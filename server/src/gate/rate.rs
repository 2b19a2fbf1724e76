//! How many calls, and how many changes, a subject makes within a time: a bucket of tokens each,
//! which fills at the rate and holds twice as many.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::refusal::Refusal;
use crate::config::Limits;

/// Subjects that are remembered. Past it those that did nothing for long are forgotten.
const SUBJECTS: usize = 10_000;

/// Buckets of all subjects.
#[derive(Debug)]
pub(super) struct Rates {
    calls: Rate,
    changes: Rate,
    buckets: Mutex<BTreeMap<String, Buckets>>,
}

#[derive(Debug, Clone, Copy)]
struct Rate {
    per_second: f64,
    burst: f64,
}

#[derive(Debug)]
struct Buckets {
    calls: Bucket,
    changes: Bucket,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Rates {
    #[expect(clippy::cast_precision_loss, reason = "rates are small")]
    pub(super) fn new(limits: &Limits) -> Self {
        let rate = |count: usize, seconds: f64| Rate {
            per_second: count as f64 / seconds,
            burst: 2.0 * count as f64,
        };
        Self {
            calls: rate(limits.requests_per_second, 1.0),
            changes: rate(limits.changes_per_minute, 60.0),
            buckets: Mutex::new(BTreeMap::new()),
        }
    }

    /// Counts a call, which is refused when the subject makes too many.
    pub(super) fn take(&self, subject: &str, change: bool) -> Result<(), Refusal> {
        let now = Instant::now();
        let mut all = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SUBJECTS && !all.contains_key(subject) {
            all.retain(|_, buckets| !buckets.are_full(self, now));
        }
        if !all.contains_key(subject) {
            let full = |rate: Rate| Bucket {
                tokens: rate.burst,
                at: now,
            };
            let buckets = Buckets {
                calls: full(self.calls),
                changes: full(self.changes),
            };
            all.insert(subject.to_owned(), buckets);
        }
        let Some(buckets) = all.get_mut(subject) else {
            return Ok(());
        };
        buckets.calls.take(self.calls, now)?;
        if change {
            buckets.changes.take(self.changes, now)?;
        }
        Ok(())
    }
}

impl Buckets {
    fn are_full(&self, rates: &Rates, now: Instant) -> bool {
        self.calls.now(rates.calls, now) >= rates.calls.burst
            && self.changes.now(rates.changes, now) >= rates.changes.burst
    }
}

impl Bucket {
    fn now(&self, rate: Rate, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        (self.tokens + since * rate.per_second).min(rate.burst)
    }

    fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Refusal> {
        self.tokens = self.now(rate, now);
        self.at = now;
        if self.tokens < 1.0 {
            let after = Duration::from_secs_f64((1.0 - self.tokens) / rate.per_second);
            return Err(Refusal::RateLimited(after));
        }
        self.tokens -= 1.0;
        Ok(())
    }
}
