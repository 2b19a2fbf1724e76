//! Spans of time as baselines and options write them.

use jiff::SignedDuration;

/// A span: `90s`, `10m`, `24h`, `7d`.
pub fn duration(text: &str) -> Option<SignedDuration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = number.parse().ok()?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    Some(SignedDuration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(duration("90s"), Some(SignedDuration::from_secs(90)));
        assert_eq!(duration("7d"), Some(SignedDuration::from_hours(7 * 24)));
        for text in [
            "",
            "s",
            "10",
            "-1s",
            "+1s",
            "1w",
            "1 s",
            "99999999999999999d",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
