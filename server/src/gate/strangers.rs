//! Calls that nobody vouches for: they are counted, and each minute one event of a peer says how many,
//! so that no stranger writes as fast as it calls.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a peer has one event.
const EVERY: Duration = Duration::from_mins(1);

/// Peers that are told apart; all others are one.
const PEERS: usize = 1_000;

/// Who others are.
const OTHERS: &str = "others";

/// Peers whose calls nobody vouched for.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    peers: Mutex<BTreeMap<String, Stranger>>,
}

#[derive(Debug)]
struct Stranger {
    /// When its last event was written.
    told: Instant,
    /// Calls since.
    calls: u64,
}

impl Strangers {
    /// Counts a call of an address; the peer and how many calls an event is to say, if one is due.
    pub(super) fn count(&self, address: &str, now: Instant) -> Option<(String, u64)> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        // The port is another for each connection.
        let peer = address.rsplit_once(':').map_or(address, |(host, _)| host);
        if peers.len() >= PEERS && !peers.contains_key(peer) {
            peers.retain(|_, known| known.calls > 0 || now.duration_since(known.told) < EVERY);
        }
        let full = peers.len() >= PEERS && !peers.contains_key(peer);
        let peer = if full { OTHERS } else { peer };
        let Some(known) = peers.get_mut(peer) else {
            let stranger = Stranger {
                told: now,
                calls: 0,
            };
            peers.insert(peer.to_owned(), stranger);
            return Some((peer.to_owned(), 1));
        };
        known.calls += 1;
        if now.duration_since(known.told) < EVERY {
            return None;
        }
        known.told = now;
        Some((peer.to_owned(), std::mem::take(&mut known.calls)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_one_event_a_minute_that_says_how_many() {
        let strangers = Strangers::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let peer = |calls| Some(("10.0.0.1".to_owned(), calls));
        assert_eq!(strangers.count("10.0.0.1:1", at(0)), peer(1));
        assert_eq!(strangers.count("10.0.0.1:2", at(1)), None);
        assert_eq!(strangers.count("10.0.0.1:3", at(59)), None);
        assert_eq!(strangers.count("10.0.0.1:4", at(60)), peer(3));
        assert_eq!(
            strangers.count("10.0.0.2:1", at(60)),
            Some(("10.0.0.2".to_owned(), 1))
        );
    }

    #[test]
    fn too_many_peers_are_one() {
        let strangers = Strangers::default();
        let now = Instant::now();
        for number in 0..PEERS {
            assert!(strangers.count(&format!("p{number}:1"), now).is_some());
        }
        assert_eq!(strangers.count("new:1", now), Some((OTHERS.to_owned(), 1)));
        assert_eq!(strangers.count("newer:1", now), None);
    }
}
