//! What many durations come to. The median is what to quote: one slow run moves it little.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// The middle and the ends of some durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// The middle one; of an even number, the mean of the two in the middle.
    #[serde(rename = "medianNanoseconds", serialize_with = "nanoseconds")]
    pub(crate) median: Duration,
    /// The shortest.
    #[serde(rename = "minNanoseconds", serialize_with = "nanoseconds")]
    pub(crate) min: Duration,
    /// The longest.
    #[serde(rename = "maxNanoseconds", serialize_with = "nanoseconds")]
    pub(crate) max: Duration,
    /// How many there were.
    pub(crate) runs: usize,
}

impl Summary {
    /// The summary of some durations, or none of none.
    pub(crate) fn of(durations: &[Duration]) -> Option<Self> {
        let mut sorted = durations.to_vec();
        sorted.sort_unstable();
        let runs = sorted.len();
        let upper = *sorted.get(runs / 2)?;
        let median = if runs.is_multiple_of(2) {
            let lower = *sorted.get((runs / 2).checked_sub(1)?)?;
            (lower + upper) / 2
        } else {
            upper
        };
        Some(Self {
            median,
            min: *sorted.first()?,
            max: *sorted.last()?,
            runs,
        })
    }

    /// How many times as long the other's median is.
    pub(crate) fn faster_than(&self, other: &Self) -> f64 {
        other.median.as_secs_f64() / self.median.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

fn nanoseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(milliseconds: &[u64]) -> Option<Summary> {
        let durations = milliseconds.iter().copied().map(Duration::from_millis);
        Summary::of(&durations.collect::<Vec<_>>())
    }

    #[test]
    fn the_median_is_the_middle_of_what_is_sorted() {
        let cases: [(&[u64], u64, u64, u64); 4] = [
            (&[7], 7, 7, 7),
            (&[9, 1, 5], 5, 1, 9),
            (&[8, 2, 4, 1], 3, 1, 8),
            (&[3, 900, 3, 3, 3], 3, 3, 900),
        ];
        for (durations, median, min, max) in cases {
            let found = summary(durations).unwrap();
            assert_eq!(found.median, Duration::from_millis(median), "{durations:?}");
            assert_eq!(found.min, Duration::from_millis(min), "{durations:?}");
            assert_eq!(found.max, Duration::from_millis(max), "{durations:?}");
            assert_eq!(found.runs, durations.len());
        }
        assert_eq!(summary(&[]), None);
    }

    #[test]
    fn faster_is_a_ratio_of_medians() {
        let ours = summary(&[10, 20, 30]).unwrap();
        let theirs = summary(&[80, 80, 1000]).unwrap();
        assert!((ours.faster_than(&theirs) - 4.0).abs() < 1e-9);
        assert!((theirs.faster_than(&ours) - 0.25).abs() < 1e-9);
    }
}
