//! Answers that are kept for a while, each asked for by one at a time: those who ask for the same
//! meanwhile wait for the first one's answer.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most answers that are kept.
const LIMIT: usize = 10_000;

type Slot<V> = Arc<tokio::sync::Mutex<Option<(V, Instant)>>>;

/// Answers by what was asked.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    slots: Mutex<BTreeMap<K, Slot<V>>>,
}

impl<K: Ord + Clone, V: Clone> Cache<K, V> {
    pub(super) fn new() -> Self {
        Self {
            slots: Mutex::new(BTreeMap::new()),
        }
    }

    /// The answer that is kept, or a new one with how long it is kept. An error is not kept.
    pub(super) async fn get<E>(
        &self,
        key: &K,
        ask: impl Future<Output = Result<(V, Duration), E>>,
    ) -> Result<V, E> {
        let slot = self.slot(key);
        let mut kept = slot.lock().await;
        if let Some((value, until)) = &*kept
            && *until > Instant::now()
        {
            return Ok(value.clone());
        }
        *kept = None;
        let (value, patience) = ask.await?;
        *kept = Instant::now()
            .checked_add(patience)
            .map(|until| (value.clone(), until));
        Ok(value)
    }

    fn slot(&self, key: &K) -> Slot<V> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= LIMIT && !slots.contains_key(key) {
            let now = Instant::now();
            // One that somebody has locked is being asked for.
            slots.retain(|_, slot| match slot.try_lock() {
                Ok(kept) => kept.as_ref().is_some_and(|(_, until)| *until > now),
                Err(_) => true,
            });
            if slots.len() >= LIMIT {
                // Answers are kept for speed alone: it is cheaper to ask again than to grow.
                slots.clear();
            }
        }
        Arc::clone(slots.entry(key.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn who_asks_for_the_same_meanwhile_waits_for_the_answer() {
        let (cache, asked) = (Cache::new(), AtomicUsize::new(0));
        let ask = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok::<_, ()>((7, Duration::from_mins(1)))
        };
        let (one, two, three) = tokio::join!(
            cache.get(&1, ask()),
            cache.get(&1, ask()),
            cache.get(&1, ask())
        );
        assert_eq!((one, two, three), (Ok(7), Ok(7), Ok(7)));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn an_error_and_what_is_too_old_are_asked_for_again() {
        let cache = Cache::new();
        let refused = cache
            .get(&1, async { Err::<(u8, Duration), _>("no") })
            .await;
        assert_eq!(refused, Err("no"));
        let at_once = Duration::ZERO;
        assert_eq!(
            cache.get(&1, async { Ok::<_, ()>((1, at_once)) }).await,
            Ok(1)
        );
        assert_eq!(
            cache.get(&1, async { Ok::<_, ()>((2, at_once)) }).await,
            Ok(2)
        );
    }
}
