//! Chance that can be repeated: everything that is generated follows from one number.

/// A stream of numbers that a seed decides (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of its own for a numbered part of the work, whatever the other parts take.
    pub(crate) fn fork(&self, number: u64) -> Self {
        let mut mixed = Self(self.0 ^ number.wrapping_mul(0xD1B5_4A32_D192_ED03));
        Self(mixed.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below another; 0 below 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    /// Whether one of a hundred equal chances is among the first so many.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of a list.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let place = self.below(list.len());
        list.get(place)
    }

    /// One word of a list, the empty one of none.
    pub(crate) fn word(&mut self, list: &[&'static str]) -> &'static str {
        self.pick(list).copied().unwrap_or_default()
    }

    /// Between one and `most` words of a list, without repetition.
    pub(crate) fn words(&mut self, list: &[&'static str], most: usize) -> Vec<&'static str> {
        let mut words = Vec::new();
        for _ in 0..=self.below(most) {
            let word = self.word(list);
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything_and_another_decides_otherwise() {
        let stream = |seed| {
            let mut chance = Chance::new(seed).fork(3);
            (0..20).map(|_| chance.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(stream(1), stream(1));
        assert_ne!(stream(1), stream(2));
    }

    #[test]
    fn every_word_is_picked_and_none_of_none() {
        let mut chance = Chance::new(7);
        let list = ["a", "b", "c"];
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            seen.extend(chance.words(&list, 2));
        }
        assert_eq!(seen.len(), 3);
        assert_eq!(chance.word(&[]), "");
    }
}
