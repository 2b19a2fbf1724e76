//! When to look: a moment after the first change, for changes come in bursts; and when to try again
//! what could not be written.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::engine::Urgency;

/// How long it must be quiet.
const QUIET: Duration = Duration::from_millis(100);
/// How long changes may go on before they are looked at all the same.
const LONGEST: Duration = Duration::from_millis(500);
/// When changes are looked at that by all that is known touch nothing.
const LATER: Duration = Duration::from_secs(30);
/// How many times as long as a look takes there is none: the rest is others'.
const SHARE: u32 = 1;
/// When what could not be written is tried again at first.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// When it is tried again after long.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// When to look.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// When the first change came that is not looked at.
    first: Option<Instant>,
    /// When the last did.
    last: Option<Instant>,
    /// When the first came that touches nothing.
    later: Option<Instant>,
    /// Before when there is no look.
    rest: Option<Instant>,
}

impl Pace {
    /// Notes how urgent what changed is.
    pub(crate) fn note(&mut self, urgency: Option<Urgency>, now: Instant) {
        match urgency {
            Some(Urgency::Now) => {
                self.first.get_or_insert(now);
                self.last = Some(now);
            }
            Some(Urgency::Later) => {
                self.later.get_or_insert(now);
            }
            None => {}
        }
    }

    /// When to look next.
    pub(crate) fn next(&self) -> Option<Instant> {
        let soon = match (self.first, self.last) {
            (Some(first), Some(last)) => Some((last + QUIET).min(first + LONGEST)),
            _ => None,
        };
        let later = self.later.map(|since| since + LATER);
        let next = soon.into_iter().chain(later).min()?;
        Some(self.rest.map_or(next, |rest| rest.max(next)))
    }

    /// Whether what by all that is known touches nothing is due too.
    pub(crate) fn is_later_due(&self, now: Instant) -> bool {
        self.later.is_some_and(|since| now >= since + LATER)
    }

    /// Notes a look: when it began and ended, and whether it looked at everything.
    pub(crate) fn looked(&mut self, began: Instant, ended: Instant, at_everything: bool) {
        self.first = None;
        self.last = None;
        if at_everything {
            self.later = None;
        }
        self.rest = Some(ended + (ended - began) * SHARE);
    }
}

/// What could not be written, and when it is tried again.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    of: BTreeMap<String, Retry>,
}

#[derive(Debug)]
struct Retry {
    at: Instant,
    pause: Duration,
    why: String,
}

impl Retries {
    /// Notes a failure, and the least pause before it is tried again: whether it is another than
    /// before.
    pub(crate) fn failed(
        &mut self,
        name: &str,
        why: String,
        pause: Duration,
        now: Instant,
    ) -> bool {
        let before = self.of.get(name);
        let pause = before.map_or(pause, |it| LONGEST_PAUSE.min(pause.max(it.pause * 2)));
        let is_new = before.is_none_or(|it| it.why != why);
        let retry = Retry {
            at: now + pause,
            pause,
            why,
        };
        self.of.insert(name.to_owned(), retry);
        is_new
    }

    /// Forgets one.
    pub(crate) fn done(&mut self, name: &str) {
        self.of.remove(name);
    }

    /// When the next is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.of.values().map(|retry| retry.at).min()
    }

    /// Those that are due; they stay until they are done.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<String> {
        let due = self.of.iter_mut().filter(|(_, retry)| retry.at <= now);
        due.map(|(name, retry)| {
            retry.at = now + retry.pause;
            name.clone()
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_looked_at_once_and_no_burst_puts_it_off() {
        let began = Instant::now();
        let mut pace = Pace::default();
        assert_eq!(pace.next(), None);
        pace.note(Some(Urgency::Now), began);
        assert_eq!(pace.next(), Some(began + QUIET));
        for step in 1..20 {
            pace.note(Some(Urgency::Now), began + QUIET / 2 * step);
        }
        assert_eq!(pace.next(), Some(began + LONGEST));
        pace.looked(began, began, false);
        assert_eq!(pace.next(), None);
    }

    #[test]
    fn what_touches_nothing_waits_and_looks_leave_time_to_others() {
        let began = Instant::now();
        let mut pace = Pace::default();
        pace.note(Some(Urgency::Later), began);
        assert_eq!(pace.next(), Some(began + LATER));
        assert!(pace.is_later_due(began + LATER) && !pace.is_later_due(began));
        let second = Duration::from_secs(1);
        pace.looked(began, began + second, false);
        pace.note(Some(Urgency::Now), began + second);
        assert_eq!(pace.next(), Some(began + second * 2));
    }

    #[test]
    fn what_fails_is_tried_less_and_less_often_and_told_once() {
        let now = Instant::now();
        let mut retries = Retries::default();
        assert!(retries.failed("a", "no".to_owned(), FIRST_PAUSE, now));
        assert_eq!(retries.next(), Some(now + FIRST_PAUSE));
        assert!(retries.due(now).is_empty());
        assert_eq!(retries.due(now + FIRST_PAUSE), ["a"]);
        assert!(!retries.failed("a", "no".to_owned(), FIRST_PAUSE, now));
        assert_eq!(retries.next(), Some(now + FIRST_PAUSE * 2));
        for _ in 0..20 {
            retries.failed("a", "no".to_owned(), FIRST_PAUSE, now);
        }
        assert_eq!(retries.next(), Some(now + LONGEST_PAUSE));
        retries.done("a");
        assert_eq!(retries.next(), None);
    }
}
