//! Values as they are written in a configuration: times and numbers of bytes.

use std::time::Duration;

/// A time, as in `500ms`, `30s`, `5m`, `1h`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

/// A number of bytes, as in `1024`, `64KiB`, `512MiB`, `2GiB`.
pub(crate) fn bytes(text: &str) -> Option<usize> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    usize::try_from(number.checked_mul(factor)?).ok()
}

/// A URI with a scheme, or nothing.
pub(crate) fn uri(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
    let named = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte)
        })
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_graphic());
    (text.is_empty() || (named && text.len() <= 256)).then(|| text.to_owned())
}

/// A number above 0.
pub(crate) fn count(text: &str) -> Option<usize> {
    text.parse().ok().filter(|&number| number > 0)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit());
    let (number, unit) = text.split_at_checked(end.unwrap_or(text.len()))?;
    Some((number.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_units() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Some(Duration::from_mins(2)));
        assert_eq!(bytes("64KiB"), Some(65_536));
        assert_eq!(bytes("7"), Some(7));
        for text in ["", "s", "5", "5 s", "-5s", "5d", "99999999999999999999s"] {
            assert_eq!(duration(text), None, "{text}");
        }
        for text in ["", "MiB", "5MB", "1.5GiB", "18446744073709551615GiB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
        assert_eq!(count("0"), None);
        for text in ["https://opsec.example.org", "urn:opsec:1", ""] {
            assert_eq!(uri(text).as_deref(), Some(text));
        }
        for text in ["opsec", "https:", "https://a b", ":a", "1:a"] {
            assert_eq!(uri(text), None, "{text}");
        }
    }
}
