//! Sets of IPv4 and IPv6 addresses, and the sets that rules ask about.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::IpNet;

use crate::ranges::RangeSet;

/// The addresses from `first` to `last`, both of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    /// The first.
    pub first: IpAddr,
    /// The last.
    pub last: IpAddr,
}

/// `10.0.0.0-10.255.255.255`.
impl fmt::Display for AddressRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.first, self.last)
    }
}

/// A set of IPv4 and IPv6 addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressSet {
    v4: RangeSet,
    v6: RangeSet,
}

impl AddressSet {
    /// Every address.
    pub fn all() -> Self {
        Self::all_v4().union(&Self::all_v6())
    }

    /// Every IPv4 address.
    pub fn all_v4() -> Self {
        Self {
            v4: RangeSet::range(0, u128::from(u32::MAX)),
            v6: RangeSet::default(),
        }
    }

    /// Every IPv6 address.
    pub fn all_v6() -> Self {
        Self {
            v4: RangeSet::default(),
            v6: RangeSet::range(0, u128::MAX),
        }
    }

    /// The addresses of a block as in `10.0.0.0/8`; bits behind the mask do not count. None when
    /// it is not a block.
    pub fn from_cidr(cidr: &str) -> Option<Self> {
        let block: IpNet = without_leading_zeros(cidr).parse().ok()?;
        Some(Self::from_range(block.network(), block.broadcast()))
    }

    /// One address as text; none when it is not an address.
    pub fn from_address(address: &str) -> Option<Self> {
        let address: IpAddr = address.parse().ok()?;
        Some(Self::from_range(address, address))
    }

    fn from_range(first: IpAddr, last: IpAddr) -> Self {
        let numbers = RangeSet::range(number(first), number(last));
        match first {
            IpAddr::V4(_) => Self {
                v4: numbers,
                v6: RangeSet::default(),
            },
            IpAddr::V6(_) => Self {
                v4: RangeSet::default(),
                v6: numbers,
            },
        }
    }

    /// The union of blocks and addresses given as text; what is neither is left out.
    pub fn from_blocks<'a>(blocks: impl IntoIterator<Item = &'a str>) -> Self {
        let mut set = Self::default();
        for block in blocks {
            let part = Self::from_cidr(block).or_else(|| Self::from_address(block));
            if let Some(part) = part {
                set = set.union(&part);
            }
        }
        set
    }

    /// Whether it holds no address.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether it holds an address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(_) => self.v4.contains(number(address)),
            IpAddr::V6(_) => self.v6.contains(number(address)),
        }
    }

    /// Whether it holds every address of the other.
    pub fn includes(&self, other: &Self) -> bool {
        other.difference(self).is_empty()
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.union(&other.v4),
            v6: self.v6.union(&other.v6),
        }
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.intersection(&other.v4),
            v6: self.v6.intersection(&other.v6),
        }
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.difference(&other.v4),
            v6: self.v6.difference(&other.v6),
        }
    }

    /// Its ranges in order, IPv4 first; no two touch.
    pub fn ranges(&self) -> Vec<AddressRange> {
        let v4 = self.v4.ranges().iter().map(|&(first, last)| AddressRange {
            first: v4_address(first),
            last: v4_address(last),
        });
        let v6 = self.v6.ranges().iter().map(|&(first, last)| AddressRange {
            first: IpAddr::V6(Ipv6Addr::from_bits(first)),
            last: IpAddr::V6(Ipv6Addr::from_bits(last)),
        });
        v4.chain(v6).collect()
    }
}

impl From<AddressRange> for AddressSet {
    fn from(range: AddressRange) -> Self {
        Self::from_range(range.first, range.last)
    }
}

/// The ranges, with a comma between; `none` for the empty set.
impl fmt::Display for AddressSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return formatter.write_str("none");
        }
        for (index, range) in self.ranges().into_iter().enumerate() {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            if range.first == range.last {
                write!(formatter, "{}", range.first)?;
            } else {
                write!(formatter, "{range}")?;
            }
        }
        Ok(())
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn v4_address(number: u128) -> IpAddr {
    // Numbers of the IPv4 half are never larger.
    let bits = u32::try_from(number).unwrap_or(u32::MAX);
    IpAddr::V4(Ipv4Addr::from_bits(bits))
}

/// The API server takes `010.0.0.0/8` for `10.0.0.0/8`; Rust's parser refuses it.
fn without_leading_zeros(cidr: &str) -> String {
    if cidr.contains(':') {
        return cidr.to_owned();
    }
    let octet = |text: &str| match text.trim_start_matches('0') {
        "" if !text.is_empty() => "0".to_owned(),
        rest => rest.to_owned(),
    };
    match cidr.split_once('/') {
        Some((address, length)) => {
            let octets: Vec<String> = address.split('.').map(octet).collect();
            format!("{}/{length}", octets.join("."))
        }
        None => cidr.to_owned(),
    }
}

/// What is not the internet among IPv4 addresses.
const NOT_THE_INTERNET: [&str; 14] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

static INTERNET: LazyLock<AddressSet> = LazyLock::new(|| {
    let v6 = AddressSet::from_blocks(["2000::/3"])
        .difference(&AddressSet::from_blocks(["2001:db8::/32"]));
    AddressSet::all_v4()
        .difference(&AddressSet::from_blocks(NOT_THE_INTERNET))
        .union(&v6)
});

static METADATA: LazyLock<AddressSet> = LazyLock::new(|| {
    AddressSet::from_blocks([
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "fd00:ec2::254",
        "fd00:ec2::23",
    ])
});

/// The internet: public unicast addresses, without those for documentation and benchmarks.
pub fn internet() -> &'static AddressSet {
    &INTERNET
}

/// Where clouds answer a node's pods with the node's credentials.
pub fn metadata_addresses() -> &'static AddressSet {
    &METADATA
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_internet_is_what_anyone_may_own() {
        for (text, expected) in [
            ("1.1.1.1", true),
            ("9.255.255.255", true),
            ("10.0.0.0", false),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.64.0.0", false),
            ("100.127.255.255", false),
            ("100.128.0.0", true),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("172.15.255.255", true),
            ("172.31.255.255", false),
            ("172.32.0.0", true),
            ("192.0.0.8", false),
            ("192.0.1.0", true),
            ("192.0.2.1", false),
            ("192.168.1.1", false),
            ("198.19.255.255", false),
            ("198.20.0.0", true),
            ("198.51.100.7", false),
            ("203.0.113.7", false),
            ("223.255.255.255", true),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("0.1.2.3", false),
            ("2606:4700::1111", true),
            ("2001:db8::1", false),
            ("3fff:ffff::1", true),
            ("4000::", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("::1", false),
        ] {
            assert_eq!(internet().contains(address(text)), expected, "{text}");
        }
    }

    #[test]
    fn five_metadata_addresses_are_known() {
        let ranges = metadata_addresses().ranges();
        assert_eq!(ranges.len(), 5);
        assert!(ranges.iter().all(|range| range.first == range.last));
        assert!(metadata_addresses().contains(address("fd00:ec2::254")));
        assert!(metadata_addresses().contains(address("169.254.170.23")));
    }

    #[test]
    fn blocks_are_read_as_the_api_server_reads_them() {
        for (cidr, expected) in [
            ("10.0.0.0/8", "10.0.0.0-10.255.255.255"),
            ("10.1.2.3/8", "10.0.0.0-10.255.255.255"),
            ("010.000.0.0/8", "10.0.0.0-10.255.255.255"),
            ("192.168.1.1/32", "192.168.1.1"),
            ("0.0.0.0/0", "0.0.0.0-255.255.255.255"),
            ("fd00::/8", "fd00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            assert_eq!(
                AddressSet::from_cidr(cidr).unwrap().to_string(),
                expected,
                "{cidr}"
            );
        }
        for wrong in [
            "",
            "10.0.0.0",
            "10.0.0/8",
            "10.0.0.0/33",
            "all",
            "..../8",
            "/",
        ] {
            assert_eq!(AddressSet::from_cidr(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn families_do_not_mix() {
        let all = AddressSet::all();
        assert!(!AddressSet::all_v4().includes(&all));
        assert!(all.includes(&AddressSet::all_v6()));
        assert!(!AddressSet::all_v4().contains(address("::1")));
    }
}
