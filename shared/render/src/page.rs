//! Lines of text with words that may be coloured.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::Options;
use crate::layout::{GLUE, pad, width, wrap};

/// A stretch of a line in one style.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) text: String,
    style: Style,
}

impl Span {
    /// Text without a style.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::styled(text, Style::new())
    }

    /// Text in a style.
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }

    /// Text that stands out.
    pub(crate) fn bold(text: impl Into<String>) -> Self {
        Self::styled(text, Style::new().bold())
    }

    /// Text that stands back.
    pub(crate) fn dim(text: impl Into<String>) -> Self {
        Self::styled(text, Style::new().dimmed())
    }

    /// The same span, padded to so many columns.
    pub(crate) fn padded(mut self, columns: usize) -> Self {
        self.text = pad(&self.text, columns);
        self
    }
}

/// Red, for what fails.
pub(crate) const RED: Style = AnsiColor::Red.on_default();
/// Yellow, for what is not known.
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
/// Green, for what is met.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();

/// Where lines go.
pub(crate) struct Page<'a> {
    out: &'a mut dyn Write,
    color: bool,
    width: usize,
}

impl<'a> Page<'a> {
    pub(crate) fn new(out: &'a mut dyn Write, options: &Options) -> Self {
        Self {
            out,
            color: options.color,
            width: options.width,
        }
    }

    /// The columns there are.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A line; spaces at its end are left out.
    pub(crate) fn line(&mut self, spans: &[Span]) -> io::Result<()> {
        let last = spans
            .iter()
            .rposition(|span| !span.text.trim_end().is_empty());
        for (index, span) in spans.iter().enumerate() {
            let Some(last) = last.filter(|last| index <= *last) else {
                break;
            };
            let text = if index == last {
                span.text.trim_end()
            } else {
                &span.text
            };
            self.span(text, span.style)?;
        }
        writeln!(self.out)
    }

    fn span(&mut self, text: &str, style: Style) -> io::Result<()> {
        if self.color && style != Style::new() {
            write!(self.out, "{style}{text}{style:#}")
        } else {
            write!(self.out, "{text}")
        }
    }

    /// A paragraph, each line of it indented.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &str) -> io::Result<()> {
        for line in wrap(text, self.width.saturating_sub(indent)) {
            self.line(&[Span::plain(" ".repeat(indent)), Span::plain(line)])?;
        }
        Ok(())
    }

    /// Parts that belong together, separated by ` · `, broken between parts where possible.
    pub(crate) fn parts(&mut self, parts: &[String]) -> io::Result<()> {
        let mut line = String::new();
        for part in parts {
            if line.is_empty() {
                line.clone_from(part);
            } else if width(&line) + 3 + width(part) <= self.width {
                line = format!("{line} · {part}");
            } else {
                self.hanging(&line)?;
                line = format!("  {part}");
            }
        }
        self.hanging(&line)
    }

    fn hanging(&mut self, line: &str) -> io::Result<()> {
        if width(line) <= self.width {
            return self.line(&[Span::plain(line.replace(GLUE, " "))]);
        }
        let indent = line.len() - line.trim_start().len();
        let lines = wrap(line, self.width.saturating_sub(indent.max(2)));
        for (index, text) in lines.into_iter().enumerate() {
            let indent = if index == 0 { indent } else { 2 };
            self.line(&[Span::plain(" ".repeat(indent)), Span::plain(text)])?;
        }
        Ok(())
    }

    /// A labelled row, its text wrapped below itself.
    pub(crate) fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        let lines = wrap(text, self.width.saturating_sub(LABEL));
        for (index, line) in lines.into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            self.line(&[
                Span::dim(format!("  {}", pad(label, LABEL - 2))),
                Span::plain(line),
            ])?;
        }
        Ok(())
    }

    /// A line as it is, after a label: for what must not be wrapped, as a command.
    pub(crate) fn verbatim(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.line(&[
            Span::dim(format!("  {}", pad(label, LABEL - 2))),
            Span::plain(text.replace(GLUE, " ")),
        ])
    }
}

/// The column at which labelled text begins.
pub(crate) const LABEL: usize = 14;
