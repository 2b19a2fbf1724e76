//! How long ago something was, as kubectl prints ages: `45s`, `3m20s`, `5h`, `2d3h`, `1y20d`.

use jiff::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// The time from then to now; clocks that differ a little make no age negative.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs();
    let (whole, rest) = if seconds < -1 {
        return "<invalid>".to_owned();
    } else if seconds < 2 * MINUTE {
        return format!("{}s", seconds.max(0));
    } else if seconds < 10 * MINUTE {
        ((seconds / MINUTE, "m"), (seconds % MINUTE, "s"))
    } else if seconds < 3 * HOUR {
        ((seconds / MINUTE, "m"), (0, ""))
    } else if seconds < 8 * HOUR {
        ((seconds / HOUR, "h"), (seconds % HOUR / MINUTE, "m"))
    } else if seconds < 2 * DAY {
        ((seconds / HOUR, "h"), (0, ""))
    } else if seconds < 8 * DAY {
        ((seconds / DAY, "d"), (seconds % DAY / HOUR, "h"))
    } else if seconds < 2 * YEAR {
        ((seconds / DAY, "d"), (0, ""))
    } else if seconds < 8 * YEAR {
        ((seconds / YEAR, "y"), (seconds % YEAR / DAY, "d"))
    } else {
        ((seconds / YEAR, "y"), (0, ""))
    };
    match rest {
        (0, _) => format!("{}{}", whole.0, whole.1),
        (rest, unit) => format!("{}{}{rest}{unit}", whole.0, whole.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_kubectls() {
        for (seconds, expected) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (599, "9m59s"),
            (600, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (5 * HOUR + 61, "5h1m"),
            (8 * HOUR + 61, "8h"),
            (2 * DAY - 1, "47h"),
            (2 * DAY, "2d"),
            (3 * DAY + 4 * HOUR, "3d4h"),
            (8 * DAY + HOUR, "8d"),
            (2 * YEAR - 1, "729d"),
            (2 * YEAR, "2y"),
            (3 * YEAR + 20 * DAY, "3y20d"),
            (9 * YEAR + DAY, "9y"),
        ] {
            let now = Timestamp::from_second(1_800_000_000).unwrap();
            let then = Timestamp::from_second(1_800_000_000 - seconds).unwrap();
            assert_eq!(age(then, now), expected, "{seconds}");
        }
    }
}
