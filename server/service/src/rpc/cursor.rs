//! Positions in the history of a store, as a caller holds them: opaque, and for watches only.

use opsec_store::store::Cursor;

use crate::failure::{Failure, StreamFailure};

/// A cursor as text.
pub(crate) fn encode(cursor: Cursor) -> String {
    format!("{:016x}{:016x}", cursor.epoch, cursor.commit)
}

/// A cursor of that text. One that no store gave is of no store's history.
pub(crate) fn decode(text: &str) -> Result<Cursor, Failure> {
    let number = |part: Option<&str>| u64::from_str_radix(part?, 16).ok();
    let parts = number(text.get(..16)).zip(number(text.get(16..32)));
    match parts {
        Some((epoch, commit)) if text.len() == 32 => Ok(Cursor { epoch, commit }),
        _ => Err(Failure::Stream(StreamFailure::CursorExpired)),
    }
}
