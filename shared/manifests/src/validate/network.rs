//! NetworkPolicies. <https://kubernetes.io/docs/concepts/services-networking/network-policies/>

use ipnet::IpNet;
use opsec_model::objects::{IpBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec};
use serde_json::Value;

use super::selector::{optional, selector};
use crate::invalid::{Check, Invalid};

/// Checks a NetworkPolicy's spec.
pub(crate) fn policy(spec: &NetworkPolicySpec) -> Check {
    selector("spec.podSelector", &spec.pod_selector)?;
    for (index, rule) in spec.ingress.iter().enumerate() {
        let field = format!("spec.ingress[{index}]");
        ports(&field, &rule.ports)?;
        peers(&format!("{field}.from"), &rule.from)?;
    }
    for (index, rule) in spec.egress.iter().enumerate() {
        let field = format!("spec.egress[{index}]");
        ports(&field, &rule.ports)?;
        peers(&format!("{field}.to"), &rule.to)?;
    }
    if spec.policy_types.len() > 2 {
        return Err(Invalid::new(
            "spec.policyTypes",
            "there are two policy types at most",
        ));
    }
    for (index, kind) in spec.policy_types.iter().enumerate() {
        if !matches!(kind.as_str(), "Ingress" | "Egress") {
            let reason = format!("`{kind}` is not a policy type (Ingress, Egress)");
            return Err(Invalid::new(format!("spec.policyTypes[{index}]"), reason));
        }
    }
    Ok(())
}

fn ports(field: &str, ports: &[NetworkPolicyPort]) -> Check {
    ports
        .iter()
        .enumerate()
        .try_for_each(|(index, given)| port(&format!("{field}.ports[{index}]"), given))
}

fn port(field: &str, given: &NetworkPolicyPort) -> Check {
    if let Some(protocol) = &given.protocol
        && !matches!(protocol.as_str(), "TCP" | "UDP" | "SCTP")
    {
        let reason = format!("`{protocol}` is not a protocol (TCP, UDP, SCTP)");
        return Err(Invalid::new(format!("{field}.protocol"), reason));
    }
    let end = |reason: &str| Err(Invalid::new(format!("{field}.endPort"), reason));
    match &given.port {
        Value::Null if given.end_port.is_some() => end("it needs a `port`"),
        Value::Null => Ok(()),
        Value::String(name) => {
            if given.end_port.is_some() {
                return end("it cannot follow a port that is a name");
            }
            if is_port_name(name) {
                return Ok(());
            }
            Err(Invalid::new(
                format!("{field}.port"),
                format!("`{name}` is not a port's name"),
            ))
        }
        number => {
            let Some(first) = number.as_i64().filter(|&first| is_port(first)) else {
                return Err(Invalid::new(
                    format!("{field}.port"),
                    format!("`{number}` is not a port"),
                ));
            };
            match given.end_port.map(i64::from) {
                Some(last) if last < first => end("it is less than `port`"),
                Some(last) if !is_port(last) => end("it is not a port"),
                _ => Ok(()),
            }
        }
    }
}

fn is_port(number: i64) -> bool {
    (1..=65_535).contains(&number)
}

/// RFC 6335: at most 15 of a-z, 0-9 and `-`, a letter among them, no `-` at the ends or twice.
fn is_port_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=15).contains(&name.len())
        && name.bytes().all(allowed)
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
        && !name.contains("--")
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn peers(field: &str, peers: &[NetworkPolicyPeer]) -> Check {
    peers
        .iter()
        .enumerate()
        .try_for_each(|(index, given)| peer(&format!("{field}[{index}]"), given))
}

fn peer(field: &str, given: &NetworkPolicyPeer) -> Check {
    let by_labels = given.pod_selector.is_some() || given.namespace_selector.is_some();
    match &given.ip_block {
        Some(_) if by_labels => {
            return Err(Invalid::new(
                field,
                "a peer is an ipBlock or selectors, not both",
            ));
        }
        Some(block) => return ip_block(&format!("{field}.ipBlock"), block),
        None if !by_labels => {
            return Err(Invalid::new(
                field,
                "a peer needs a podSelector, namespaceSelector or ipBlock",
            ));
        }
        None => {}
    }
    optional(&format!("{field}.podSelector"), given.pod_selector.as_ref())?;
    optional(
        &format!("{field}.namespaceSelector"),
        given.namespace_selector.as_ref(),
    )
}

fn ip_block(field: &str, block: &IpBlock) -> Check {
    let not_a_block = |field: String, text: &str| {
        Invalid::new(
            field,
            format!("`{text}` is not a block of addresses, as in 10.0.0.0/8"),
        )
    };
    let cidr: IpNet = block
        .cidr
        .parse()
        .map_err(|_| not_a_block(format!("{field}.cidr"), &block.cidr))?;
    for (index, text) in block.except.iter().enumerate() {
        let field = format!("{field}.except[{index}]");
        let except: IpNet = text.parse().map_err(|_| not_a_block(field.clone(), text))?;
        if !cidr.contains(&except.addr()) || cidr.prefix_len() >= except.prefix_len() {
            let reason = format!("`{text}` is not a part of `{}`", block.cidr);
            return Err(Invalid::new(field, reason));
        }
    }
    Ok(())
}
