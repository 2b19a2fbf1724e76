//! Many questions, a line each: answered in their order, as many at once as are there, so that a
//! slow writer gets answers as it asks.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use opsec_model::Allowed;
use opsec_proto::v1;

use super::{Asking, line};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::service::ServiceError;

/// Most questions of a call.
const MOST: usize = 100_000;
/// Most bytes of a line; names of Kubernetes are far shorter.
const LONGEST: u64 = 64 << 10;
/// How long a pause makes the lines that are there a batch.
const PAUSE: Duration = Duration::from_millis(2);

/// A line read, or why no more can be.
type Line = io::Result<Question>;
/// A question, or why a line is none.
type Question = Result<v1::AccessQuestion, String>;

/// Where questions are read from.
pub(super) struct Questions {
    file: String,
    source: Box<dyn BufRead + Send>,
}

/// Opens a file of questions; `-` is standard input.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn open(path: &OsStr) -> Result<Questions, Failure> {
    let file = path.to_string_lossy().into_owned();
    let source: Box<dyn BufRead + Send> = if path == "-" {
        Box::new(BufReader::new(io::stdin()))
    } else {
        match File::open(path) {
            Ok(opened) => Box::new(BufReader::with_capacity(1 << 16, opened)),
            Err(source) => return Err(Failure::Questions { file, source }),
        }
    };
    Ok(Questions { file, source })
}

/// Answers every line.
///
/// # Errors
/// When the questions cannot be read, or the operator is not there.
pub(super) async fn run(asking: &Asking, questions: Questions) -> Result<Exit, Failure> {
    let Questions { file, source } = questions;
    let (sender, lines) = sync_channel(MOST);
    std::thread::Builder::new().spawn(move || send_lines(source, &sender))?;
    let mut out = BufWriter::with_capacity(1 << 16, output::Stdout);
    let mut exit = Exit::Success;
    while let Some(batch) = next_batch(&lines) {
        let mut batch: Vec<Question> =
            batch
                .into_iter()
                .collect::<io::Result<_>>()
                .map_err(|source| Failure::Questions {
                    file: file.clone(),
                    source,
                })?;
        let answers = answers(asking, &mut batch).await?;
        if answers.iter().any(Result::is_err) {
            exit = Exit::Usage;
        }
        let written = answers
            .iter()
            .try_for_each(|answer| write(answer, &mut out));
        written
            .and_then(|()| out.flush())
            .map_err(Failure::Output)?;
    }
    Ok(exit)
}

/// Reads lines until there are no more, or nobody wants them.
fn send_lines(mut source: Box<dyn BufRead + Send>, lines: &SyncSender<Line>) {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let line = match (&mut source).take(LONGEST).read_until(b'\n', &mut bytes) {
            Ok(0) => return,
            Ok(_) if is_cut(&bytes) => match skip_line(&mut source) {
                Ok(()) => Ok(Err(format!("the line is longer than {LONGEST} bytes"))),
                Err(error) => Err(error),
            },
            Ok(_) => Ok(line::read(&bytes)),
            Err(error) => Err(error),
        };
        let is_last = line.is_err();
        if lines.send(line).is_err() || is_last {
            return;
        }
    }
}

fn is_cut(bytes: &[u8]) -> bool {
    u64::try_from(bytes.len()).is_ok_and(|length| length >= LONGEST) && !bytes.ends_with(b"\n")
}

/// Passes over the rest of a line.
fn skip_line(source: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let there = source.fill_buf()?;
        let end = there.iter().position(|byte| *byte == b'\n');
        let (passed, is_over) = match end {
            Some(end) => (end + 1, true),
            None => (there.len(), there.is_empty()),
        };
        source.consume(passed);
        if is_over {
            return Ok(());
        }
    }
}

/// The lines that are there, or come before a pause; none when there are no more.
fn next_batch(lines: &Receiver<Line>) -> Option<Vec<Line>> {
    let mut batch = vec![lines.recv().ok()?];
    while batch.len() < MOST {
        match lines.recv_timeout(PAUSE) {
            Ok(line) => batch.push(line),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Some(batch)
}

/// An answer for each line, in their order.
async fn answers(
    asking: &Asking,
    batch: &mut [Question],
) -> Result<Vec<Result<v1::AccessResult, String>>, Failure> {
    let results = match ask(asking, batch).await {
        // Nobody named an operator: lines that name no account cannot be answered, others can.
        Err(error) if error.is_about_operator() && asking.request.operator.is_empty() => {
            let message = error.to_string();
            for question in batch.iter_mut() {
                if matches!(question, Ok(asked) if asked.service_account.is_none()) {
                    *question = Err(message.clone());
                }
            }
            ask(asking, batch).await?
        }
        results => results?,
    };
    let mut results = results.into_iter();
    let mut answers = Vec::with_capacity(batch.len());
    for question in batch {
        answers.push(match question {
            Err(error) => Err(error.clone()),
            Ok(_) => match results.next().ok_or(ServiceError::EmptyAnswer)? {
                v1::AccessResult { error, .. } if !error.is_empty() => Err(error),
                result => Ok(result),
            },
        });
    }
    Ok(answers)
}

/// The results for the lines that are questions.
async fn ask(asking: &Asking, batch: &[Question]) -> Result<Vec<v1::AccessResult>, ServiceError> {
    let asked: Vec<v1::AccessQuestion> = batch.iter().flatten().cloned().collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    Ok(asking.ask(asked).await?.results)
}

/// One answer on one line.
fn write(answer: &Result<v1::AccessResult, String>, out: &mut impl Write) -> io::Result<()> {
    let result = match answer {
        Ok(result) => result,
        Err(error) => return line_of(&serde_json::json!({"error": error}), out),
    };
    match opsec_wire::decode_allowed("allowed", result.allowed) {
        Ok(Allowed::Yes) => out.write_all(b"{\"allowed\":true}\n"),
        Ok(Allowed::No) => out.write_all(b"{\"allowed\":false}\n"),
        Ok(Allowed::Unknown) | Err(_) => {
            let reason = result
                .accounts
                .iter()
                .find_map(|account| account.reason.clone());
            let reason = reason.unwrap_or_default();
            line_of(&serde_json::json!({"allowed": null, "reason": reason}), out)
        }
    }
}

fn line_of(answer: &serde_json::Value, out: &mut impl Write) -> io::Result<()> {
    opsec_render::json_line(answer, out)
}
