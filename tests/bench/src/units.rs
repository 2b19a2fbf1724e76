//! Times and sizes, as people read them: three digits and a unit.

use std::time::Duration;

/// A time in the unit that leaves one to three digits before the point.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let (number, unit) = match seconds {
        _ if seconds >= 1.0 => (seconds, "s"),
        _ if seconds >= 1e-3 => (seconds * 1e3, "ms"),
        _ => (seconds * 1e6, "µs"),
    };
    match number {
        _ if number >= 99.95 => format!("{number:.0} {unit}"),
        _ if number >= 9.995 => format!("{number:.1} {unit}"),
        _ => format!("{number:.2} {unit}"),
    }
}

/// Bytes in megabytes, a million each.
pub(crate) fn memory(bytes: u64) -> String {
    format!("{:.1} MB", megabytes(bytes))
}

/// Bytes in megabytes.
#[expect(
    clippy::cast_precision_loss,
    reason = "no process holds 2^53 bytes, and tenths are shown"
)]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_three_digits_and_its_unit() {
        let cases = [
            (1, "0.00 µs"),
            (49_960, "50.0 µs"),
            (812_345, "812 µs"),
            (1_000_000, "1.00 ms"),
            (29_140_000, "29.1 ms"),
            (99_960_000, "100 ms"),
            (8_040_000_000, "8.04 s"),
            (120_000_000_000, "120 s"),
        ];
        for (nanoseconds, said) in cases {
            assert_eq!(time(Duration::from_nanos(nanoseconds)), said);
        }
    }

    #[test]
    fn a_megabyte_is_a_million_bytes() {
        assert_eq!(memory(17_916_000), "17.9 MB");
    }
}
