//! Pages of lists. A token is authenticated and bound to what is listed, so a forged one or one of
//! another list is refused instead of skipping something.

use std::fmt::Write as _;
use std::ops::Range;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

const VALID_SECONDS: i64 = 3_600;

/// Issues and reads page tokens, under a key of this process.
#[derive(Debug)]
pub(crate) struct Pages {
    key: [u8; 32],
}

/// Which page of which list is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// `page_size` of the request.
    pub(crate) size: i32,
    /// `page_token` of the request.
    pub(crate) token: &'a str,
    /// What is listed: the method, and a digest of its input when it has one.
    pub(crate) list: &'a str,
    /// The time.
    pub(crate) now: Timestamp,
}

/// How many items a page holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// When nothing is said.
    pub(crate) default: usize,
    /// At most.
    pub(crate) largest: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            default: 100,
            largest: 1_000,
        }
    }
}

impl Sizes {
    fn of(self, asked: i32) -> Result<usize, Failure> {
        match usize::try_from(asked) {
            Ok(0) => Ok(self.default),
            Ok(size) => Ok(size.min(self.largest)),
            Err(_) => Err(Failure::PageSize(asked)),
        }
    }
}

impl Pages {
    /// Pages under a fresh key.
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        let (left, right) = key.split_at_mut(16);
        left.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        right.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        Self { key }
    }

    /// The page of `items`, which are in the order of their keys, and the token of the next one;
    /// empty at the end.
    pub(crate) fn cut<T>(
        &self,
        asked: Asked<'_>,
        mut items: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, String), Failure> {
        let size = Sizes::default().of(asked.size)?;
        if !asked.token.is_empty() {
            let last = self.open(asked).ok_or(Failure::PageToken)?;
            items.retain(|item| key(item) > last);
        }
        let more = items.len() > size;
        items.truncate(size);
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| self.seal(asked, &key(last)));
        Ok((items, next.unwrap_or_default()))
    }

    /// The places of the page in a list of that length which is the same whenever it is asked for,
    /// and the token of the next page; empty at the end.
    pub(crate) fn places(
        &self,
        asked: Asked<'_>,
        sizes: Sizes,
        length: usize,
    ) -> Result<(Range<usize>, String), Failure> {
        let size = sizes.of(asked.size)?;
        let start: usize = if asked.token.is_empty() {
            0
        } else {
            let start = self.open(asked).and_then(|start| start.parse().ok());
            start.ok_or(Failure::PageToken)?
        };
        let end = length.min(start.saturating_add(size));
        let next = if end < length {
            self.seal(asked, &end.to_string())
        } else {
            String::new()
        };
        Ok((start.min(end)..end, next))
    }

    /// The token of a page that begins at a place.
    pub(crate) fn seal_place(&self, asked: Asked<'_>, place: usize) -> String {
        self.seal(asked, &place.to_string())
    }

    fn seal(&self, asked: Asked<'_>, last: &str) -> String {
        let until = asked
            .now
            .as_second()
            .saturating_add(VALID_SECONDS)
            .to_be_bytes();
        let mac = self.mac(asked.list, until, last);
        let mut token = String::new();
        for byte in until.iter().chain(&mac).chain(last.as_bytes()) {
            // Writing to a String cannot fail.
            let _ = write!(token, "{byte:02x}");
        }
        token
    }

    fn open(&self, asked: Asked<'_>) -> Option<String> {
        let bytes = unhex(asked.token)?;
        let (until, rest) = bytes.split_first_chunk::<8>()?;
        let (mac, last) = rest.split_first_chunk::<32>()?;
        let last = std::str::from_utf8(last).ok()?;
        let expected = self.mac(asked.list, *until, last);
        // Every byte is compared, so that the time taken says nothing of where they differ.
        let differing = expected
            .iter()
            .zip(mac)
            .fold(0, |all, (one, other)| all | (one ^ other));
        let valid = differing == 0 && i64::from_be_bytes(*until) >= asked.now.as_second();
        valid.then(|| last.to_owned())
    }

    /// HMAC-SHA-256 (RFC 2104) of what a token says and what it is bound to.
    fn mac(&self, list: &str, until: [u8; 8], after: &str) -> [u8; 32] {
        let padded = |pad: u8| {
            let mut block = [pad; 64];
            for (byte, key) in block.iter_mut().zip(self.key) {
                *byte ^= key;
            }
            block
        };
        let inner = Sha256::new()
            .chain_update(padded(0x36))
            .chain_update(u64::try_from(list.len()).unwrap_or(u64::MAX).to_be_bytes())
            .chain_update(list)
            .chain_update(until)
            .chain_update(after)
            .finalize();
        Sha256::new()
            .chain_update(padded(0x5c))
            .chain_update(inner)
            .finalize()
            .into()
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'a>(size: i32, token: &'a str, list: &'a str, second: i64) -> Asked<'a> {
        Asked {
            size,
            token,
            list,
            now: Timestamp::from_second(second).unwrap(),
        }
    }

    fn items() -> Vec<String> {
        (0..7).map(|index| format!("item{index}")).collect()
    }

    #[test]
    fn pages_hold_everything_once_in_order() {
        let pages = Pages::new();
        let (mut all, mut token) = (Vec::new(), String::new());
        loop {
            let (page, next) = pages
                .cut(asked(3, &token, "l", 0), items(), Clone::clone)
                .unwrap();
            assert!(page.len() <= 3);
            all.extend(page);
            if next.is_empty() {
                break;
            }
            token = next;
        }
        assert_eq!(all, items());
    }

    #[test]
    fn places_hold_everything_once_in_order() {
        let (pages, sizes) = (
            Pages::new(),
            Sizes {
                default: 2,
                largest: 4,
            },
        );
        let (mut all, mut token) = (Vec::new(), String::new());
        loop {
            let asked = asked(9, &token, "l", 0);
            let (places, next) = pages.places(asked, sizes, 10).unwrap();
            assert!(places.len() <= 4);
            all.extend(places);
            if next.is_empty() {
                break;
            }
            token = next;
        }
        assert_eq!(all, (0..10).collect::<Vec<_>>());
        let (_, token) = pages.places(asked(0, "", "l", 0), sizes, 10).unwrap();
        assert!(
            pages
                .places(asked(0, &token, "other", 0), sizes, 10)
                .is_err()
        );
        // A token of a list that is cut by keys is none of this one.
        let (_, token) = pages
            .cut(asked(3, "", "l", 0), items(), Clone::clone)
            .unwrap();
        assert!(pages.places(asked(0, &token, "l", 0), sizes, 10).is_err());
        assert_eq!(
            pages.places(asked(0, "", "l", 0), sizes, 0).unwrap(),
            (0..0, String::new())
        );
    }

    fn cut(pages: &Pages, asked: Asked<'_>) -> bool {
        pages.cut(asked, items(), Clone::clone).is_ok()
    }

    #[test]
    fn a_token_is_good_for_its_list_its_hour_and_its_process() {
        let pages = Pages::new();
        let (_, token) = pages
            .cut(asked(3, "", "l", 0), items(), Clone::clone)
            .unwrap();
        assert!(cut(&pages, asked(3, &token, "l", 3_600)));
        assert!(!cut(&pages, asked(3, &token, "l", 3_601)));
        assert!(!cut(&pages, asked(3, &token, "other", 0)));
        assert!(!cut(&Pages::new(), asked(3, &token, "l", 0)));
        assert!(!cut(&pages, asked(3, "zz", "l", 0)));
        assert!(!cut(&pages, asked(-1, "", "l", 0)));
        for index in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[index] = if forged[index] == b'0' { b'1' } else { b'0' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(!cut(&pages, asked(3, &forged, "l", 0)), "{index}");
        }
    }
}
