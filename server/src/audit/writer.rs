//! Writing: events are taken in groups, appended, synced, and only then acknowledged. One that cannot
//! be written ends it: nothing is acknowledged any more.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::chain::{Event, Head};
use super::files::{create, failed, parts, tear};
use super::signed::sign;
use super::verify::{Read, follow};
use super::{Audit, AuditError, Message, Owed, QUEUE};
use crate::keys::Signer;
use crate::log::{Level, say};

/// The most events of a group.
const GROUP: usize = 256;

/// How often the head is signed and said.
const CHECKPOINT: Duration = Duration::from_mins(1);

/// The end of a chain, and the file that it goes on in.
#[derive(Debug)]
struct Tail {
    directory: PathBuf,
    path: PathBuf,
    file: File,
    length: u64,
    /// The size beyond which a new file is begun.
    most: u64,
    head: Head,
    /// The last event that a checkpoint was made after.
    checked: u64,
    signer: Arc<Signer>,
    /// Is told each head, before whoever waits for its events is answered.
    told: watch::Sender<Head>,
}

/// Writes events.
#[derive(Debug)]
pub(crate) struct Writer {
    tail: Tail,
    queue: mpsc::Receiver<Message>,
    failed: watch::Sender<Option<String>>,
}

/// Opens an audit, or begins one. A last line that was not written whole is set aside.
///
/// # Errors
/// When it cannot be read or written, or its last file is damaged.
pub(crate) fn open(
    (directory, most): &(PathBuf, usize),
    signer: &Arc<Signer>,
) -> Result<(Audit, Writer), AuditError> {
    let (head, path, length, torn) = end_of(directory)?;
    let (path, file) = match path {
        None => create(directory, head.seq + 1)?,
        Some(path) => {
            let file = OpenOptions::new().append(true).open(&path);
            (path.clone(), file.map_err(failed(&path))?)
        }
    };
    let (tells, told) = watch::channel(head.clone());
    let mut tail = Tail {
        directory: directory.clone(),
        path,
        file,
        length,
        most: u64::try_from(*most).unwrap_or(u64::MAX),
        checked: head.seq,
        head,
        signer: Arc::clone(signer),
        told: tells,
    };
    tail.note(if torn { "recovered" } else { "started" })?;
    let (sender, queue) = mpsc::channel(QUEUE);
    let (fails, failed) = watch::channel(None);
    let audit = Audit {
        queue: sender,
        failed,
        head: told,
        signer: Arc::clone(signer),
    };
    let writer = Writer {
        tail,
        queue,
        failed: fails,
    };
    Ok((audit, writer))
}

/// Where a chain ends: its head, the file that it goes on in, the length of that, and whether
/// something was set aside.
type End = (Head, Option<PathBuf>, u64, bool);

fn end_of(directory: &Path) -> Result<End, AuditError> {
    let mut parts = parts(directory)?;
    let Some(last) = parts.pop() else {
        let chain = uuid::Uuid::new_v4().to_string();
        return Ok((Head::of_new(&chain), None, 0, false));
    };
    // A file that was begun and holds no whole event yet follows the one before it.
    let before = match parts.pop() {
        Some(part) => Some(follow(&part, None, |_, _| ())?.head),
        None => None,
    };
    let content = std::fs::metadata(&last.path).map_err(failed(&last.path))?;
    if content.len() == 0 && before.is_none() {
        let chain = uuid::Uuid::new_v4().to_string();
        return Ok((Head::of_new(&chain), Some(last.path), 0, false));
    }
    let Read { head, length, torn } = follow(&last, before, |_, _| ())?;
    if !torn.is_empty() {
        tear(&last.path, length, &torn)?;
    }
    Ok((head, Some(last.path), length, !torn.is_empty()))
}

impl Tail {
    /// Appends events and waits until they are on the disk.
    fn append(&mut self, events: Vec<Event>) -> Result<(), AuditError> {
        let time = now();
        let mut lines = Vec::new();
        let mut head = self.head.clone();
        for event in events {
            let (line, next) = head.next(event, time.clone())?;
            lines.extend(line);
            head = next;
        }
        let io = failed(&self.path);
        self.file.write_all(&lines).map_err(&io)?;
        self.file.sync_data().map_err(&io)?;
        self.length += u64::try_from(lines.len()).unwrap_or_default();
        self.told.send_replace(head.clone());
        self.head = head;
        Ok(())
    }

    fn note(&mut self, kind: &str) -> Result<(), AuditError> {
        self.append(vec![Event {
            kind: kind.to_owned(),
            ..Event::default()
        }])
    }

    fn write(&mut self, events: Vec<Event>) -> Result<(), AuditError> {
        self.append(events)?;
        if self.length < self.most {
            return Ok(());
        }
        self.checkpoint()?;
        let (path, file) = create(&self.directory, self.head.seq + 1)?;
        (self.path, self.file, self.length) = (path, file, 0);
        Ok(())
    }

    /// Signs the head, writes that down, and says it where it is kept elsewhere. A key that cannot be
    /// used leaves it unsigned.
    fn checkpoint(&mut self) -> Result<(), AuditError> {
        if self.checked == self.head.seq {
            return Ok(());
        }
        let (head, seq) = (self.head.clone(), self.head.seq.to_string());
        let fields = [
            ("chain", head.chain.as_str()),
            ("seq", &seq),
            ("hash", &head.hash),
        ];
        say(Level::Info, "audit checkpoint", &fields);
        self.append(vec![Event {
            kind: "checkpoint".to_owned(),
            signature: sign(&head, &self.signer)?,
            ..Event::default()
        }])?;
        self.checked = self.head.seq;
        Ok(())
    }
}

fn now() -> String {
    let now = jiff::Timestamp::from_millisecond(crate::upkeep::now());
    now.map_or_else(|_| String::new(), |now| format!("{now:.3}"))
}

impl Writer {
    /// Writes until it is told to end, or cannot write any more.
    pub(crate) async fn run(self) {
        let Self {
            mut tail,
            mut queue,
            failed,
        } = self;
        let mut ticks = tokio::time::interval(CHECKPOINT);
        ticks.tick().await;
        loop {
            let mut group = Vec::new();
            let mut end = None;
            tokio::select! {
                message = queue.recv() => {
                    take(message, &mut group, &mut end);
                    while end.is_none() && group.len() < GROUP {
                        let Ok(message) = queue.try_recv() else { break };
                        take(Some(message), &mut group, &mut end);
                    }
                }
                _ = ticks.tick() => {}
            }
            let ends = end.is_some() || queue.is_closed();
            let worked = tokio::task::spawn_blocking(move || {
                let done = work(&mut tail, group, ends);
                (tail, done)
            });
            let Ok((same, done)) = worked.await else {
                failed.send_replace(Some("writing the audit panicked".to_owned()));
                return;
            };
            tail = same;
            if let Err(error) = done {
                failed.send_replace(Some(error.to_string()));
                return;
            }
            if let Some(end) = end {
                // Who waits for the end may be gone.
                let _ = end.send(());
            }
            if ends {
                return;
            }
        }
    }
}

fn take(message: Option<Message>, group: &mut Vec<Owed>, end: &mut Option<oneshot::Sender<()>>) {
    match message {
        Some(Message::Owed(owed)) => group.push(*owed),
        Some(Message::End(sender)) => *end = Some(sender),
        None => {}
    }
}

fn work(tail: &mut Tail, group: Vec<Owed>, ends: bool) -> Result<(), AuditError> {
    let (events, waiting): (Vec<Vec<Event>>, Vec<oneshot::Sender<()>>) = group
        .into_iter()
        .map(|owed| (owed.events, owed.written))
        .unzip();
    let events: Vec<Event> = events.into_iter().flatten().collect();
    if events.is_empty() {
        if !ends {
            tail.checkpoint()?;
        }
    } else {
        tail.write(events)?;
    }
    for written in waiting {
        // Who waits may have gone; what was written stays.
        let _ = written.send(());
    }
    if ends {
        tail.note("shutdown")?;
        tail.checkpoint()?;
    }
    Ok(())
}
