//! Sets of numbers as sorted, disjoint, inclusive ranges: what addresses and ports are made of.

/// A set of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RangeSet(Vec<(u128, u128)>);

impl RangeSet {
    /// The numbers from `first` to `last`; none when they are the wrong way round.
    pub(crate) fn range(first: u128, last: u128) -> Self {
        Self::from_ranges(vec![(first, last)])
    }

    /// The union of ranges in any order.
    pub(crate) fn from_ranges(mut ranges: Vec<(u128, u128)>) -> Self {
        ranges.retain(|(first, last)| first <= last);
        ranges.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = (*end).max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    pub(crate) fn ranges(&self) -> &[(u128, u128)] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, number: u128) -> bool {
        let after = self.0.partition_point(|&(first, _)| first <= number);
        after
            .checked_sub(1)
            .and_then(|index| self.0.get(index))
            .is_some_and(|&(_, last)| number <= last)
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        Self::from_ranges([self.0.as_slice(), other.0.as_slice()].concat())
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let mut common = Vec::new();
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(&&a), Some(&&b)) = (left.peek(), right.peek()) {
            let (first, last) = (a.0.max(b.0), a.1.min(b.1));
            if first <= last {
                common.push((first, last));
            }
            if a.1 <= b.1 {
                left.next();
            } else {
                right.next();
            }
        }
        Self(common)
    }

    pub(crate) fn difference(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        for &(first, last) in &self.0 {
            // None once everything up to the largest number is taken.
            let mut start = Some(first);
            let from = other.0.partition_point(|&(_, end)| end < first);
            for &(cut_first, cut_last) in other.0.iter().skip(from) {
                if cut_first > last {
                    break;
                }
                if let (Some(begin), Some(before)) = (start, cut_first.checked_sub(1))
                    && begin <= before
                {
                    rest.push((begin, before));
                }
                start = cut_last.checked_add(1);
            }
            if let Some(begin) = start.filter(|&begin| begin <= last) {
                rest.push((begin, last));
            }
        }
        Self(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set() -> impl Strategy<Value = RangeSet> {
        let ranges = proptest::collection::vec((0u128..40, 0u128..40), 0..6);
        ranges.prop_map(RangeSet::from_ranges)
    }

    proptest! {
        #[test]
        fn operations_agree_with_membership(a in set(), b in set(), number in 0u128..42) {
            let (in_a, in_b) = (a.contains(number), b.contains(number));
            prop_assert_eq!(a.union(&b).contains(number), in_a || in_b);
            prop_assert_eq!(a.intersection(&b).contains(number), in_a && in_b);
            prop_assert_eq!(a.difference(&b).contains(number), in_a && !in_b);
        }

        #[test]
        fn results_are_in_normal_form(a in set(), b in set()) {
            for result in [a.union(&b), a.intersection(&b), a.difference(&b)] {
                prop_assert_eq!(RangeSet::from_ranges(result.0.clone()), result);
            }
        }
    }

    #[test]
    fn the_largest_number_is_no_exception() {
        let all = RangeSet::range(0, u128::MAX);
        assert!(all.difference(&all).is_empty());
        assert!(all.contains(u128::MAX));
        let last = RangeSet::range(u128::MAX, u128::MAX);
        assert_eq!(all.difference(&last), RangeSet::range(0, u128::MAX - 1));
    }
}
