//! IP addresses and ranges of them, as Go's `net/netip` reads them; IPv4 addresses in IPv6 form
//! and zones are refused.
//! <https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-ip-address-library>

use std::fmt;
use std::net::IpAddr;

use super::super::evaluate::{Evaluated, Failure};
use super::super::value::Value;
use super::{Opaque, opaque};

/// A range: an address and how many of its bits count. The other bits are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cidr {
    address: IpAddr,
    bits: u8,
}

impl fmt::Display for Cidr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.bits)
    }
}

/// Reads an address.
pub(super) fn parse(text: &str) -> Result<IpAddr, Failure> {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => {
            Failure::error("IPv4-mapped IPv6 address is not allowed")
        }
        Ok(address) => Ok(address),
        Err(_) => Failure::error("IP address parse error during conversion from string"),
    }
}

/// Reads a range.
pub(super) fn parse_range(text: &str) -> Result<Cidr, Failure> {
    let refused = || Failure::error("network address parse error during conversion from string");
    let Some((address, bits)) = text.rsplit_once('/') else {
        return refused();
    };
    let address = parse(address)?;
    let plain = bits.bytes().all(|byte| byte.is_ascii_digit())
        && (bits.len() == 1 || !bits.starts_with('0'));
    match bits.parse::<u8>() {
        Ok(bits) if plain && u32::from(bits) <= length(address) => Ok(Cidr { address, bits }),
        _ => refused(),
    }
}

/// How many bits an address has.
fn length(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// A member function of an address.
pub(super) fn member(name: &str, address: IpAddr, rest: &[Value]) -> Option<Evaluated> {
    let [] = rest else {
        return None;
    };
    Some(Ok(match name {
        "family" => Value::Int(if address.is_ipv4() { 4 } else { 6 }),
        "isUnspecified" => Value::Bool(address.is_unspecified()),
        "isLoopback" => Value::Bool(address.is_loopback()),
        "isLinkLocalMulticast" => Value::Bool(is_link_local_multicast(address)),
        "isLinkLocalUnicast" => Value::Bool(is_link_local_unicast(address)),
        "isGlobalUnicast" => Value::Bool(is_global_unicast(address)),
        _ => return None,
    }))
}

fn is_link_local_multicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => address
            .segments()
            .first()
            .is_some_and(|first| first & 0xff0f == 0xff02),
    }
}

fn is_link_local_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// Global in Go's sense: private addresses too.
fn is_global_unicast(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !(broadcast
        || address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || is_link_local_unicast(address))
}

/// A member function of a range.
pub(super) fn range_member(name: &str, range: Cidr, rest: &[Value]) -> Option<Evaluated> {
    Some(match (name, rest) {
        ("ip", []) => Ok(opaque(Opaque::Ip(range.address))),
        ("prefixLength", []) => Ok(Value::Int(i64::from(range.bits))),
        ("masked", []) => Ok(opaque(Opaque::Cidr(range.masked()))),
        ("containsIP", [Value::String(text)]) => {
            parse(text).map(|address| Value::Bool(range.contains(address)))
        }
        ("containsCIDR", [Value::String(text)]) => {
            parse_range(text).map(|other| Value::Bool(range.contains_range(other)))
        }
        ("containsIP" | "containsCIDR", [Value::Opaque(other)]) => match (name, other.as_ref()) {
            ("containsIP", Opaque::Ip(address)) => Ok(Value::Bool(range.contains(*address))),
            ("containsCIDR", Opaque::Cidr(other)) => Ok(Value::Bool(range.contains_range(*other))),
            _ => return None,
        },
        _ => return None,
    })
}

impl Cidr {
    /// The range with the bits cleared that do not count.
    fn masked(self) -> Self {
        let address = match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::from((u32::from(address) & mask).to_be_bytes())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.bits))
                    .unwrap_or(0);
                IpAddr::from((u128::from(address) & mask).to_be_bytes())
            }
        };
        Self { address, ..self }
    }

    fn contains(self, address: IpAddr) -> bool {
        let other = Self {
            address,
            bits: self.bits,
        };
        address.is_ipv4() == self.address.is_ipv4() && other.masked() == self.masked()
    }

    fn contains_range(self, other: Self) -> bool {
        self.bits <= other.bits && self.contains(other.address)
    }
}
