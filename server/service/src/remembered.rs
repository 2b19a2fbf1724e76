//! Checks that were made, by what was asked: pipelines ask the same again and again, and judging costs
//! more than everything else. A check that is recorded is always made anew.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use opsec_model::OperatorSummary;
use opsec_proto::v1;
use opsec_store::store::Cursor;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use crate::use_case::clusters::Place;

/// The most bytes of answers, as they are sent, that are remembered.
const BYTES: usize = 4 << 20;

/// What a check came to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) place: Place,
    /// Whom it is about: who asks again may be another, who may not see them.
    pub(crate) operators: Vec<OperatorSummary>,
    pub(crate) results: Vec<v1::CheckResult>,
}

/// What an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked([u8; 32]);

impl Asked {
    /// A request, at a state of the store. Of the time only the day counts: exemptions hold through
    /// the last day that they name.
    pub(crate) fn of(request: &v1::CheckRequest, stored: Cursor, now: Timestamp) -> Self {
        let day = TimeZone::UTC.to_datetime(now).date();
        let mut hash = Sha256::new();
        hash.update(stored.epoch.to_be_bytes());
        hash.update(stored.commit.to_be_bytes());
        hash.update(day.to_string());
        hash.update(request.encode_to_vec());
        Self(hash.finalize().into())
    }
}

/// The answers that are remembered; the oldest are forgotten first.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    answers: Mutex<Answers>,
}

#[derive(Debug, Default)]
struct Answers {
    by_asked: BTreeMap<Asked, (Arc<Answer>, usize)>,
    oldest_first: VecDeque<Asked>,
    bytes: usize,
}

impl Remembered {
    /// What was answered.
    pub(crate) fn get(&self, asked: Asked) -> Option<Arc<Answer>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, _) = answers.by_asked.get(&asked)?;
        Some(Arc::clone(answer))
    }

    /// Remembers an answer, if it is not larger than all that may be remembered.
    pub(crate) fn put(&self, asked: Asked, answer: Arc<Answer>) {
        let bytes = answer.results.iter().map(prost::Message::encoded_len).sum();
        if bytes > BYTES {
            return;
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = &mut *answers;
        if answers.by_asked.insert(asked, (answer, bytes)).is_some() {
            // Two asked at once: it stands in its place already.
            return;
        }
        answers.oldest_first.push_back(asked);
        answers.bytes += bytes;
        while answers.bytes > BYTES {
            let Some(oldest) = answers.oldest_first.pop_front() else {
                return;
            };
            if let Some((_, bytes)) = answers.by_asked.remove(&oldest) {
                answers.bytes -= bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(operator: &str, commit: u64, time: &str) -> Asked {
        let request = v1::CheckRequest {
            operator: operator.to_owned(),
            ..v1::CheckRequest::default()
        };
        let stored = Cursor { epoch: 1, commit };
        Asked::of(&request, stored, time.parse().unwrap())
    }

    fn answer(bytes: usize) -> Arc<Answer> {
        let baseline = v1::ResolvedBaseline {
            name: "x".repeat(bytes),
            ..v1::ResolvedBaseline::default()
        };
        Arc::new(Answer {
            place: Place::Unknown,
            operators: Vec::new(),
            results: vec![v1::CheckResult {
                baseline: Some(baseline),
                ..v1::CheckResult::default()
            }],
        })
    }

    const NOON: &str = "2026-06-15T12:00:00Z";

    #[test]
    fn the_request_the_store_and_the_day_make_an_answer() {
        let remembered = Remembered::default();
        remembered.put(asked("a", 1, NOON), answer(10));
        let known = |asked| remembered.get(asked).is_some();
        assert!(known(asked("a", 1, "2026-06-15T23:59:59Z")));
        assert!(!known(asked("b", 1, NOON)));
        assert!(!known(asked("a", 2, NOON)));
        assert!(!known(asked("a", 1, "2026-06-16T00:00:00Z")));
    }

    #[test]
    fn the_oldest_are_forgotten_and_what_is_too_large_is_not_remembered() {
        let remembered = Remembered::default();
        for commit in 1..=5 {
            remembered.put(asked("a", commit, NOON), answer(1 << 20));
        }
        let known = |commit| remembered.get(asked("a", commit, NOON)).is_some();
        assert!(
            !known(1) && !known(2),
            "each takes a little more than a MiB"
        );
        assert!(known(3) && known(4) && known(5));
        remembered.put(asked("b", 1, NOON), answer(BYTES + 1));
        assert!(known(5), "what does not fit takes nobody's place");
        assert!(remembered.get(asked("b", 1, NOON)).is_none());
    }
}
