//! What happens, a JSON object a line, on standard error.

use std::io::Write as _;

use serde_json::{Map, Value};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Says that something happened. No token, key or manifest belongs here.
pub(crate) fn say(level: Level, event: &str, fields: &[(&str, &str)]) {
    let mut line = Map::new();
    let now = jiff::Timestamp::from_millisecond(crate::upkeep::now());
    let now = now.map_or_else(|_| String::new(), |now| format!("{now:.3}"));
    let first = [
        ("time", now.as_str()),
        ("level", level.as_str()),
        ("event", event),
    ];
    for (key, value) in first.iter().chain(fields) {
        line.insert((*key).to_owned(), Value::from(*value));
    }
    plain(&Value::Object(line).to_string());
}

/// A line for a person who waits.
pub(crate) fn plain(line: &str) {
    // Nothing is left to do when standard error is gone.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
