//! Standard output holds the answer and nothing else; standard error holds the rest.

use std::io::{self, ErrorKind, Write};

use crate::failure::Failure;

/// Writes the answer, whole. A reader that has closed the pipe has what it wanted.
///
/// # Errors
/// When it cannot be written, the disk being full for one.
pub(crate) fn answer(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

/// Writes an answer that more may follow: whether anyone reads it.
///
/// # Errors
/// As for [`answer`].
pub(crate) fn is_read(bytes: &[u8]) -> Result<bool, Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::Output(error)),
    }
}

/// Standard output for an answer that is written as it comes. A reader that has closed the pipe
/// has what it wanted: what would come after is dropped.
#[derive(Debug)]
pub(crate) struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match io::stdout().lock().write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match io::stdout().lock().flush() {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

/// Writes a line to standard error; there is nobody to tell that it failed.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", opsec_render::clean(line));
}
