//! `fleet --watch`: what is there, then what changes. A stream that breaks is begun again from its last
//! cursor; where that is not possible, everything is told anew and compared with what was known.

use std::collections::BTreeMap;
use std::time::Duration;

use opsec_model::Posture;
use opsec_proto::v1;
use opsec_proto::v1::PostureEventKind;
use opsec_render::PostureChange;
use opsec_wire::{decode_posture, decode_posture_name};

use super::{WHAT, name_line, print};
use crate::args::FleetFormat;
use crate::commands::watch::{Event, json_line, yaml_document};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, say};
use crate::service::{Service, ServiceError};

/// How long a stream may say nothing; a heartbeat comes each 15 s.
const SILENCE: Duration = Duration::from_mins(1);

/// How long to wait before a broken stream is begun again: the first time, and at most.
const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_AT_MOST: Duration = Duration::from_secs(30);

/// Follows until Ctrl-C, or until nobody reads any more.
///
/// # Errors
/// When the service cannot be asked the first time, or refuses for good.
pub(super) async fn run(
    format: FleetFormat,
    filter: &v1::PostureFilter,
    context: &Context,
) -> Result<Exit, Failure> {
    let mut following = Following {
        format,
        context,
        filter,
        known: BTreeMap::new(),
        told: BTreeMap::new(),
        cursor: String::new(),
        has_begun: false,
        progressed: false,
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => match interrupted {
            Ok(()) => Ok(Exit::Interrupted),
            Err(error) => Err(Failure::Output(error)),
        },
        ended = following.run() => ended,
    }
}

/// What is known of those that are followed.
struct Following<'a> {
    format: FleetFormat,
    context: &'a Context,
    filter: &'a v1::PostureFilter,
    /// By name.
    known: BTreeMap<String, Posture>,
    /// What is there, until all of it is told.
    told: BTreeMap<String, Posture>,
    /// Where to go on; empty: from what is there.
    cursor: String,
    /// Whether everything was told once.
    has_begun: bool,
    /// Whether this stream told something.
    progressed: bool,
}

/// How a stream ended that cannot go on.
enum Broken {
    /// Nobody reads any more.
    Unread,
    /// It may be begun again.
    Off(String),
}

impl Following<'_> {
    async fn run(&mut self) -> Result<Exit, Failure> {
        let mut pause = AGAIN;
        let mut said = String::new();
        loop {
            self.progressed = false;
            let reason = match self.stream().await {
                Ok(Broken::Unread) => return Ok(Exit::Success),
                Ok(Broken::Off(reason)) => reason,
                // A service that is not there any more may be there again.
                Err(Failure::Connect(error)) if self.has_begun => error.to_string(),
                Err(failure) => return Err(failure),
            };
            if self.progressed {
                pause = AGAIN;
                said.clear();
            }
            if said != reason {
                say(&format!(
                    "warning: the watch broke off and is begun again: {reason}"
                ));
                said = reason;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(AGAIN_AT_MOST);
        }
    }

    /// Reads one stream to its end.
    async fn stream(&mut self) -> Result<Broken, Failure> {
        // Each time anew: a credential may have ended with the stream before.
        let service = Service::remote(self.context, WHAT).await?;
        let opened = service.watch_postures(self.filter, &self.cursor).await;
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) if error.is_final() || !self.has_begun => return Err(error.into()),
            Err(error) => return Ok(self.broken(&error)),
        };
        self.told.clear();
        loop {
            let event = match tokio::time::timeout(SILENCE, stream.message()).await {
                Ok(Ok(Some(event))) => event,
                Ok(Ok(None)) => return Ok(Broken::Off("it ended".to_owned())),
                Ok(Err(status)) => {
                    let error = ServiceError::from(status);
                    if error.is_final() && !self.progressed {
                        return Err(error.into());
                    }
                    return Ok(self.broken(&error));
                }
                Err(_) => return Ok(Broken::Off("nothing was heard for a minute".to_owned())),
            };
            self.progressed = true;
            let out = self.hear(event)?;
            if !out.is_empty() && !output::is_read(&out)? {
                return Ok(Broken::Unread);
            }
        }
    }

    fn broken(&mut self, error: &ServiceError) -> Broken {
        if error.is_expired_cursor() {
            self.cursor.clear();
        }
        Broken::Off(error.to_string())
    }

    /// What an event makes known; what is to be printed of it.
    fn hear(&mut self, event: v1::WatchPostureResponse) -> Result<Vec<u8>, Failure> {
        let mut out = Vec::new();
        let kind = event.kind();
        match (kind, event.posture) {
            (PostureEventKind::Current, Some(posture)) => {
                self.told
                    .insert(posture.name.clone(), decode_posture(posture)?);
            }
            (PostureEventKind::Synced, _) => self.synced(&mut out)?,
            (PostureEventKind::Changed, Some(posture)) => {
                self.changed(decode_posture(posture)?, &mut out)?;
            }
            (PostureEventKind::Gone, Some(posture)) => self.gone(posture, &mut out)?,
            // What a newer service tells besides changes nothing that is known here.
            _ => {}
        }
        // Only what was printed need not be told again.
        if !event.cursor.is_empty() {
            self.cursor = event.cursor;
        }
        Ok(out)
    }

    /// All that is there was told: the first time it is printed, later what differs.
    fn synced(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let told = std::mem::take(&mut self.told);
        if !self.has_begun {
            self.has_begun = true;
            if told.is_empty() {
                say("nothing is recorded yet of what is asked for; what comes is printed");
            } else if matches!(self.format, FleetFormat::Table | FleetFormat::Wide) {
                let postures = told.values().cloned().collect();
                print(self.format, postures, self.context, out)?;
                self.known = told;
                return Ok(());
            }
        }
        let names: Vec<String> = self.known.keys().cloned().collect();
        for name in names.into_iter().filter(|name| !told.contains_key(name)) {
            self.removed(&name, None, out)?;
        }
        for (name, posture) in told {
            if self.known.get(&name) != Some(&posture) {
                self.changed(posture, out)?;
            }
        }
        Ok(())
    }

    fn changed(&mut self, posture: Posture, out: &mut Vec<u8>) -> Result<(), Failure> {
        let before = self.known.get(&posture.name);
        let event = match before {
            None => Event::Added,
            Some(_) => Event::Modified,
        };
        match self.format {
            FleetFormat::Json => json_line(event, &posture, out)?,
            FleetFormat::Yaml => yaml_document(event, &posture, out)?,
            FleetFormat::Name => name_line(&posture.name, out),
            FleetFormat::Table | FleetFormat::Wide => {
                // That the same was found again is nothing that a person wants to read.
                if before.is_none_or(|before| !before.says_the_same_as(&posture)) {
                    let change = PostureChange {
                        before,
                        after: Some(&posture),
                        is_gone: false,
                    };
                    line(change, self.context, out)?;
                }
            }
        }
        self.known.insert(posture.name.clone(), posture);
        Ok(())
    }

    fn gone(&mut self, posture: v1::Posture, out: &mut Vec<u8>) -> Result<(), Failure> {
        let name = posture.name.clone();
        decode_posture_name("name", &name)?;
        // It may be told by its name alone.
        let now = decode_posture(posture).ok();
        self.removed(&name, now, out)
    }

    fn removed(
        &mut self,
        name: &str,
        now: Option<Posture>,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let Some(before) = self.known.remove(name) else {
            return Ok(());
        };
        let last = now.as_ref().unwrap_or(&before);
        match self.format {
            FleetFormat::Json => json_line(Event::Deleted, last, out),
            FleetFormat::Yaml => yaml_document(Event::Deleted, last, out),
            FleetFormat::Name => Ok(()),
            FleetFormat::Table | FleetFormat::Wide => {
                let change = PostureChange {
                    before: Some(&before),
                    after: now.as_ref(),
                    is_gone: true,
                };
                line(change, self.context, out)
            }
        }
    }
}

fn line(change: PostureChange<'_>, context: &Context, out: &mut Vec<u8>) -> Result<(), Failure> {
    opsec_render::posture_change(change, &context.layout, out).map_err(Failure::Output)
}
