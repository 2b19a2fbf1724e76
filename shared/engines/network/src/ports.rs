//! Sets of ports of the three protocols that NetworkPolicies speak of. For every other protocol
//! the specification leaves the effect of a policy undefined, so none is part of any set.

use std::collections::BTreeSet;
use std::fmt;

use opsec_model::objects::{NetworkPolicyPort, PodSpec};

use crate::ranges::RangeSet;

/// A protocol of layer 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// The protocol as Kubernetes spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }

    /// Reads Kubernetes' spelling; the empty string is TCP, the default.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Tcp);
        }
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.as_str() == text)
    }
}

/// A port by the name that containers of the destination give it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamedPort {
    /// Its protocol.
    pub protocol: Protocol,
    /// Its name.
    pub name: String,
}

impl NamedPort {
    /// The numbers that a pod's containers give the name. Sidecars count, other init containers
    /// have ended before anyone connects.
    pub fn resolve(&self, spec: &PodSpec) -> PortSet {
        let sidecars = spec
            .init_containers
            .iter()
            .filter(|container| container.restart_policy.as_deref() == Some("Always"));
        let mut ports = PortSet::default();
        for port in spec
            .containers
            .iter()
            .chain(sidecars)
            .flat_map(|container| &container.ports)
        {
            if port.name == self.name && Protocol::parse(&port.protocol) == Some(self.protocol) {
                ports = ports.union(&PortSet::port(self.protocol, port.container_port));
            }
        }
        ports
    }
}

const FIRST: u128 = 1;
const LAST: u128 = 65535;

/// A set of ports, 1 to 65535, of TCP, UDP and SCTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortSet {
    tcp: RangeSet,
    udp: RangeSet,
    sctp: RangeSet,
}

impl PortSet {
    /// Every port of every protocol.
    pub fn all() -> Self {
        let every = RangeSet::range(FIRST, LAST);
        Self {
            tcp: every.clone(),
            udp: every.clone(),
            sctp: every,
        }
    }

    /// Every port of a protocol.
    pub fn protocol(protocol: Protocol) -> Self {
        Self::of(protocol, RangeSet::range(FIRST, LAST))
    }

    /// One port; none when the number is not a port.
    pub fn port(protocol: Protocol, port: i32) -> Self {
        Self::range(protocol, port, port)
    }

    /// The ports from `first` to `last`, as far as these are ports.
    pub fn range(protocol: Protocol, first: i32, last: i32) -> Self {
        let bound = |port: i32| u128::try_from(port).unwrap_or_default();
        let range = RangeSet::range(bound(first), bound(last));
        Self::of(protocol, range.intersection(&RangeSet::range(FIRST, LAST)))
    }

    fn of(protocol: Protocol, ports: RangeSet) -> Self {
        let mut set = Self::default();
        match protocol {
            Protocol::Tcp => set.tcp = ports,
            Protocol::Udp => set.udp = ports,
            Protocol::Sctp => set.sctp = ports,
        }
        set
    }

    /// Reads ports as a baseline writes them, `443/TCP` or `443`; an empty list is every port.
    /// What is no port is left out.
    pub fn from_baseline(ports: &[String]) -> Self {
        if ports.is_empty() {
            return Self::all();
        }
        ports.iter().fold(Self::default(), |set, text| {
            let (number, protocol) = text.split_once('/').unwrap_or((text, ""));
            match (number.parse(), Protocol::parse(protocol)) {
                (Ok(number), Some(protocol)) => set.union(&Self::port(protocol, number)),
                _ => set,
            }
        })
    }

    /// Whether no port is in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether every port of every protocol is in it.
    pub fn is_all(&self) -> bool {
        *self == Self::all()
    }

    /// The ranges of a protocol's ports, in order.
    pub fn ranges(&self, protocol: Protocol) -> Vec<(u16, u16)> {
        let narrow = |port: u128| u16::try_from(port).unwrap_or(u16::MAX);
        self.numbers(protocol)
            .ranges()
            .iter()
            .map(|&(first, last)| (narrow(first), narrow(last)))
            .collect()
    }

    fn numbers(&self, protocol: Protocol) -> &RangeSet {
        match protocol {
            Protocol::Tcp => &self.tcp,
            Protocol::Udp => &self.udp,
            Protocol::Sctp => &self.sctp,
        }
    }

    /// Whether every port of the other is in it.
    pub fn includes(&self, other: &Self) -> bool {
        other.difference(self).is_empty()
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.combine(other, RangeSet::union)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.combine(other, RangeSet::intersection)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.combine(other, RangeSet::difference)
    }

    fn combine(&self, other: &Self, by: impl Fn(&RangeSet, &RangeSet) -> RangeSet) -> Self {
        Self {
            tcp: by(&self.tcp, &other.tcp),
            udp: by(&self.udp, &other.udp),
            sctp: by(&self.sctp, &other.sctp),
        }
    }
}

/// `every port`, `no port`, or as in `TCP 80,443,8000-8080, UDP 53`.
impl fmt::Display for PortSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return formatter.write_str("every port");
        }
        let mut protocols = Vec::new();
        for protocol in Protocol::ALL {
            let ranges = self.ranges(protocol);
            let text: Vec<String> = ranges
                .into_iter()
                .map(|(first, last)| {
                    if first == last {
                        first.to_string()
                    } else {
                        format!("{first}-{last}")
                    }
                })
                .collect();
            if !text.is_empty() {
                protocols.push(format!("{} {}", protocol.as_str(), text.join(",")));
            }
        }
        if protocols.is_empty() {
            return formatter.write_str("no port");
        }
        formatter.write_str(&protocols.join(", "))
    }
}

/// Ports of a rule: the numbers, and the names that only the destination's pods can resolve. A
/// rule without ports is about every port.
pub(crate) fn of_rule(ports: &[NetworkPolicyPort]) -> (PortSet, BTreeSet<NamedPort>) {
    if ports.is_empty() {
        return (PortSet::all(), BTreeSet::new());
    }
    let mut numbers = PortSet::default();
    let mut names = BTreeSet::new();
    for port in ports {
        // The API server refuses any other protocol; such a port lets nothing through.
        let Some(protocol) = Protocol::parse(port.protocol.as_deref().unwrap_or_default()) else {
            continue;
        };
        if port.port.is_null() {
            numbers = numbers.union(&PortSet::protocol(protocol));
        } else if let Some(first) = port.port.as_i64().and_then(|port| i32::try_from(port).ok()) {
            let last = port.end_port.unwrap_or(first);
            numbers = numbers.union(&PortSet::range(protocol, first, last));
        } else if let Some(name) = port.port.as_str() {
            names.insert(NamedPort {
                protocol,
                name: name.to_owned(),
            });
        }
    }
    (numbers, names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn rule(ports: Value) -> Vec<NetworkPolicyPort> {
        serde_json::from_value(ports).unwrap()
    }

    #[test]
    fn ports_of_a_rule_mean_what_the_specification_says() {
        for (ports, expected) in [
            (json!([]), "every port"),
            (json!([{"port": 80}]), "TCP 80"),
            (
                json!([{"protocol": "UDP", "port": 53}, {"port": 53}]),
                "TCP 53, UDP 53",
            ),
            (json!([{"protocol": "UDP"}]), "UDP 1-65535"),
            (json!([{}]), "TCP 1-65535"),
            (
                json!([{"protocol": "SCTP", "port": 80, "endPort": 90}]),
                "SCTP 80-90",
            ),
            (
                json!([{"port": 80}, {"port": 81, "endPort": 81}]),
                "TCP 80-81",
            ),
            (json!([{"port": 80, "endPort": 70}]), "no port"),
            (
                json!([{"port": 0}, {"port": 70000}, {"protocol": "ICMP"}]),
                "no port",
            ),
            (
                json!([{"protocol": "TCP"}, {"protocol": "UDP"}, {"protocol": "SCTP"}]),
                "every port",
            ),
        ] {
            let (numbers, names) = of_rule(&rule(ports.clone()));
            assert_eq!(numbers.to_string(), expected, "{ports}");
            assert!(names.is_empty());
        }
    }

    #[test]
    fn a_named_port_is_that_of_the_destinations_containers() {
        let spec: PodSpec = serde_json::from_value(json!({
            "containers": [
                {"name": "a", "ports": [
                    {"name": "web", "containerPort": 8080},
                    {"name": "dns", "containerPort": 53, "protocol": "UDP"}]},
                {"name": "b", "ports": [{"name": "web", "containerPort": 9090, "protocol": "TCP"}]}],
            "initContainers": [
                {"name": "c", "ports": [{"name": "web", "containerPort": 1}]},
                {"name": "d", "restartPolicy": "Always",
                 "ports": [{"name": "web", "containerPort": 2}]}],
        }))
        .unwrap();
        for (ports, expected) in [
            (json!([{"port": "web"}]), "TCP 2,8080,9090"),
            (json!([{"port": "web", "protocol": "UDP"}]), "no port"),
            (json!([{"port": "dns", "protocol": "UDP"}]), "UDP 53"),
            (json!([{"port": "other"}]), "no port"),
        ] {
            let (numbers, names) = of_rule(&rule(ports.clone()));
            assert!(numbers.is_empty());
            let name = names.first().unwrap();
            assert_eq!(name.resolve(&spec).to_string(), expected, "{ports}");
        }
    }

    #[test]
    fn a_baselines_ports_are_read() {
        let ports = |list: &[&str]| {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            PortSet::from_baseline(&list).to_string()
        };
        assert_eq!(ports(&[]), "every port");
        assert_eq!(ports(&["443/TCP", "53/UDP", "80"]), "TCP 80,443, UDP 53");
        assert_eq!(ports(&["x/TCP", "1/X"]), "no port");
    }
}
