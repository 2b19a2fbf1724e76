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

/// Writes a line to standard error; there is nobody to tell that it failed.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", opsec_render::clean(line));
}
