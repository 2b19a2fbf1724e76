//! Ranges of addresses as a person writes them: joined where they touch, in blocks where few
//! suffice.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Most blocks that a range is written in; more, and its two ends say it better.
const BLOCKS: usize = 3;

/// Addresses of one family, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Addresses {
    is_v6: bool,
    first: u128,
    last: u128,
}

/// Ranges as `first-last` in words. What is no range is repeated as it is.
pub(crate) fn words<'r>(ranges: impl IntoIterator<Item = &'r str>) -> Vec<String> {
    let mut words = Vec::new();
    let mut read = Vec::new();
    for range in ranges {
        match Addresses::read(range) {
            Some(addresses) => read.push(addresses),
            None => words.push(range.to_owned()),
        }
    }
    let joined = join(read);
    let is_all = |is_v6: bool| joined.iter().any(|one| one.is_v6 == is_v6 && one.is_all());
    if is_all(false) && is_all(true) {
        words.push("any address outside".to_owned());
        return words;
    }
    words.extend(joined.iter().flat_map(|addresses| addresses.words()));
    words
}

/// Sorted, those that overlap or touch made one.
fn join(mut ranges: Vec<Addresses>) -> Vec<Addresses> {
    ranges.sort_unstable();
    let mut joined: Vec<Addresses> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last)
                if last.is_v6 == range.is_v6 && range.first <= last.last.saturating_add(1) =>
            {
                last.last = last.last.max(range.last);
            }
            _ => joined.push(range),
        }
    }
    joined
}

impl Addresses {
    fn read(range: &str) -> Option<Self> {
        let (first, last) = range.split_once('-')?;
        match (first.parse().ok()?, last.parse().ok()?) {
            (IpAddr::V4(first), IpAddr::V4(last)) => Some(Self {
                is_v6: false,
                first: u128::from(u32::from(first)),
                last: u128::from(u32::from(last)),
            }),
            (IpAddr::V6(first), IpAddr::V6(last)) => Some(Self {
                is_v6: true,
                first: u128::from(first),
                last: u128::from(last),
            }),
            _ => None,
        }
    }

    fn bits(self) -> u32 {
        if self.is_v6 { 128 } else { 32 }
    }

    fn is_all(self) -> bool {
        let highest = u128::MAX >> (128 - self.bits());
        self.first == 0 && self.last == highest
    }

    fn words(self) -> Vec<String> {
        if self.is_all() {
            let family = if self.is_v6 { "IPv6" } else { "IPv4" };
            return vec![format!("any {family} address outside")];
        }
        let blocks = self.blocks();
        match blocks.as_slice() {
            [] => vec![format!(
                "{}-{}",
                self.address(self.first),
                self.address(self.last)
            )],
            blocks => blocks
                .iter()
                .map(|&(first, prefix)| format!("{}/{prefix}", self.address(first)))
                .collect(),
        }
    }

    fn address(self, bits: u128) -> IpAddr {
        if self.is_v6 {
            return IpAddr::V6(Ipv6Addr::from_bits(bits));
        }
        let low = u32::try_from(bits).unwrap_or(u32::MAX);
        IpAddr::V4(Ipv4Addr::from_bits(low))
    }

    /// First addresses and lengths of prefixes; none when it would take too many.
    fn blocks(self) -> Vec<(u128, u32)> {
        let mut blocks = Vec::new();
        let mut next = Some(self.first);
        while let Some(first) = next.filter(|first| *first <= self.last) {
            if blocks.len() == BLOCKS {
                return Vec::new();
            }
            // The largest block that begins here and ends in time.
            let aligned = first.trailing_zeros().min(self.bits());
            let size = (0..=aligned)
                .rev()
                .find(|size| last_of(first, *size) <= self.last)
                .unwrap_or(0);
            blocks.push((first, self.bits() - size));
            next = last_of(first, size).checked_add(1);
        }
        blocks
    }
}

/// The last address of a block of so many free bits.
fn last_of(first: u128, size: u32) -> u128 {
    match size {
        128 => u128::MAX,
        _ => first | ((1 << size) - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_written_in_blocks() {
        for (ranges, expected) in [
            (vec!["10.0.0.0-10.255.255.255"], vec!["10.0.0.0/8"]),
            (
                vec!["10.0.0.0-10.0.0.127", "10.0.0.128-10.0.0.255"],
                vec!["10.0.0.0/24"],
            ),
            (vec!["10.0.0.1-10.0.0.1"], vec!["10.0.0.1/32"]),
            (
                vec!["0.0.0.0-9.255.255.255"],
                vec!["0.0.0.0/5", "8.0.0.0/7"],
            ),
            (vec!["0.0.0.1-9.255.255.254"], vec!["0.0.0.1-9.255.255.254"]),
            (
                vec!["0.0.0.0-127.255.255.255", "128.0.0.0-255.255.255.255"],
                vec!["any IPv4 address outside"],
            ),
            (
                vec![
                    "0.0.0.0-255.255.255.255",
                    "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                ],
                vec!["any address outside"],
            ),
            (vec!["fd00::-fd00::ffff"], vec!["fd00::/112"]),
            (vec!["elsewhere"], vec!["elsewhere"]),
        ] {
            assert_eq!(words(ranges), expected);
        }
    }
}
