//! Connections as JSON, written as they come: there may be hundreds of thousands, so each stands
//! on a line of its own and none is kept.

use std::io::{self, Write};

use opsec_model::{API_VERSION, Connection, Notice, Source};
use serde::Serialize;

use crate::documents::escape;

/// A `ConnectionList` that is written as it comes.
pub struct ConnectionsJson<'a> {
    out: &'a mut dyn Write,
    is_first: bool,
}

impl std::fmt::Debug for ConnectionsJson<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ConnectionsJson")
            .field("is_first", &self.is_first)
            .finish_non_exhaustive()
    }
}

impl<'a> ConnectionsJson<'a> {
    /// Begins the document.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn begin(source: &Source, out: &'a mut dyn Write) -> io::Result<Self> {
        writeln!(out, "{{\n  \"apiVersion\": \"{API_VERSION}\",")?;
        writeln!(out, "  \"kind\": \"ConnectionList\",")?;
        writeln!(out, "  \"source\": {},", text(source)?)?;
        write!(out, "  \"connections\": [")?;
        Ok(Self {
            out,
            is_first: true,
        })
    }

    /// Writes more connections.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn add(&mut self, connections: &[Connection]) -> io::Result<()> {
        for connection in connections {
            let comma = if std::mem::take(&mut self.is_first) {
                ""
            } else {
                ","
            };
            write!(self.out, "{comma}\n    {}", text(connection)?)?;
        }
        Ok(())
    }

    /// Ends the document; fields without a value are left out, as everywhere.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn end(self, unknown: &[String], notices: &[Notice]) -> io::Result<()> {
        let Self { out, is_first } = self;
        write!(out, "{}]", if is_first { "" } else { "\n  " })?;
        if !unknown.is_empty() {
            write!(out, ",\n  \"unknown\": {}", text(&unknown)?)?;
        }
        if !notices.is_empty() {
            write!(out, ",\n  \"notices\": {}", text(&notices)?)?;
        }
        writeln!(out, "\n}}")
    }
}

/// A value on one line, without a character that could drive a terminal.
fn text(value: &impl Serialize) -> io::Result<String> {
    Ok(escape(&serde_json::to_string(value)?, |_| true))
}
