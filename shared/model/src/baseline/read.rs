//! From a parsed document to a baseline: strict, with the path of what is wrong.

use serde_json::Value;

use super::{Baseline, KIND};

/// A field of a baseline that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct FieldError {
    /// Its path, as in `spec.exemptions[0].expires`.
    pub path: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

/// Why a document is no baseline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// A field is wrong.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl Baseline {
    /// Reads a baseline from a parsed document.
    ///
    /// # Errors
    /// On the first field that is unknown, of the wrong type or of no meaning, with its path.
    pub fn from_value(value: Value) -> Result<Self, BaselineError> {
        let baseline: Self = serde_path_to_error::deserialize(&value).map_err(|error| {
            let path = error.path().to_string();
            let message = error.into_inner().to_string();
            field(&path, plain(&value, &path, &message))
        })?;
        baseline.validate()?;
        Ok(baseline)
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// On the first field of no meaning, with its path.
    pub fn validate(&self) -> Result<(), FieldError> {
        if self.api_version != crate::API_VERSION {
            return Err(field_error(
                "apiVersion",
                format!("`{}` is not `{}`", self.api_version, crate::API_VERSION),
            ));
        }
        if self.kind != KIND {
            return Err(field_error(
                "kind",
                format!("`{}` is not `{KIND}`", self.kind),
            ));
        }
        validate_name(&self.metadata.name)?;
        self.validate_extends()?;
        self.validate_applies_to()?;
        self.validate_network()?;
        self.validate_exemptions()
    }

    fn validate_extends(&self) -> Result<(), FieldError> {
        match self.spec.extends.as_deref() {
            None => Ok(()),
            Some("default") if self.metadata.name != "default" => Ok(()),
            Some("default") => Err(field_error(
                "spec.extends",
                "`default` cannot extend itself; leave it out",
            )),
            Some(other) => Err(field_error(
                "spec.extends",
                format!("`{other}` cannot be extended; only `default` can"),
            )),
        }
    }

    fn validate_applies_to(&self) -> Result<(), FieldError> {
        let Some(applies_to) = &self.spec.applies_to else {
            return Ok(());
        };
        let lists = [
            ("operators", &applies_to.operators),
            ("clusters", &applies_to.clusters),
        ];
        for (list, patterns) in lists {
            for (index, pattern) in patterns.iter().enumerate() {
                let stem = pattern.strip_suffix('*').unwrap_or(pattern);
                if pattern.is_empty() || stem.contains('*') {
                    return Err(field_error(
                        &format!("spec.appliesTo.{list}[{index}]"),
                        format!("`{pattern}` is neither a name nor a prefix ending in one `*`"),
                    ));
                }
            }
        }
        Ok(())
    }

    fn validate_network(&self) -> Result<(), FieldError> {
        let Some(network) = &self.spec.network else {
            return Ok(());
        };
        for (index, address) in network.api_server.iter().enumerate() {
            validate_cidr(
                &format!("spec.network.apiServer[{index}].cidr"),
                &address.cidr,
            )?;
            validate_ports(
                &format!("spec.network.apiServer[{index}].ports"),
                &address.ports,
            )?;
        }
        for (index, egress) in network.egress.iter().enumerate() {
            if let Some(cidr) = &egress.to.cidr {
                validate_cidr(&format!("spec.network.egress[{index}].to.cidr"), cidr)?;
            }
            validate_ports(
                &format!("spec.network.egress[{index}].ports"),
                &egress.ports,
            )?;
        }
        for (index, ingress) in network.ingress.iter().enumerate() {
            if let Some(cidr) = &ingress.from.cidr {
                validate_cidr(&format!("spec.network.ingress[{index}].from.cidr"), cidr)?;
            }
            validate_ports(
                &format!("spec.network.ingress[{index}].ports"),
                &ingress.ports,
            )?;
        }
        Ok(())
    }

    fn validate_exemptions(&self) -> Result<(), FieldError> {
        for (index, exemption) in self.spec.exemptions.iter().flatten().enumerate() {
            let path = format!("spec.exemptions[{index}]");
            let is_rule = exemption.rule.strip_prefix("OPSEC").is_some_and(|digits| {
                digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit())
            });
            if !is_rule {
                return Err(field_error(
                    &format!("{path}.rule"),
                    format!("`{}` is not a rule (as in `OPSEC306`)", exemption.rule),
                ));
            }
            if exemption.reason.trim().is_empty() {
                return Err(field_error(
                    &format!("{path}.reason"),
                    "an exemption needs a reason; nobody accepts a risk without having read it",
                ));
            }
        }
        Ok(())
    }
}

/// Checks a baseline's name: `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`, `builtin` and `-` reserved.
///
/// # Errors
/// When it is not one.
pub fn validate_name(name: &str) -> Result<(), FieldError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let well_formed = (1..=63).contains(&bytes.len())
        && bytes.iter().all(|&byte| plain(byte) || byte == b'-')
        && bytes.first().is_some_and(|&byte| plain(byte))
        && bytes.last().is_some_and(|&byte| plain(byte));
    if !well_formed {
        return Err(field_error(
            "metadata.name",
            format!("`{name}` is not a name (lower-case letters, digits and `-`, at most 63)"),
        ));
    }
    if name == "builtin" {
        return Err(field_error("metadata.name", "`builtin` is reserved"));
    }
    Ok(())
}

fn validate_cidr(path: &str, cidr: &str) -> Result<(), FieldError> {
    let well_formed = cidr.split_once('/').is_some_and(|(address, length)| {
        let most = match address.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V4(_)) => 32,
            Ok(std::net::IpAddr::V6(_)) => 128,
            Err(_) => return false,
        };
        length.parse::<u8>().is_ok_and(|length| length <= most)
    });
    if well_formed {
        Ok(())
    } else {
        Err(field_error(
            path,
            format!("`{cidr}` is not a block (as in `10.0.0.0/8`)"),
        ))
    }
}

fn validate_ports(path: &str, ports: &[String]) -> Result<(), FieldError> {
    for (index, text) in ports.iter().enumerate() {
        let well_formed = text.split_once('/').is_some_and(|(port, protocol)| {
            port.parse::<u16>().is_ok_and(|port| port > 0)
                && ["TCP", "UDP", "SCTP"].contains(&protocol)
        });
        if !well_formed {
            return Err(field_error(
                &format!("{path}[{index}]"),
                format!("`{text}` is not a port (as in `443/TCP`)"),
            ));
        }
    }
    Ok(())
}

fn field_error(path: &str, message: impl Into<String>) -> FieldError {
    FieldError {
        path: path.to_owned(),
        message: message.into(),
    }
}

fn field(path: &str, message: String) -> BaselineError {
    BaselineError::Field(FieldError {
        path: path.to_owned(),
        message,
    })
}

/// What a person reads instead of a parser's words.
fn plain(document: &Value, path: &str, message: &str) -> String {
    if path.ends_with(".expires") {
        let pointer = format!("/{path}").replace(['.', '['], "/").replace(']', "");
        return match document.pointer(&pointer).and_then(Value::as_str) {
            Some(text) => format!("`{text}` is not a date (YYYY-MM-DD)"),
            None => "it is not a date (YYYY-MM-DD)".to_owned(),
        };
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(spec: Value) -> Result<Baseline, String> {
        Baseline::from_value(json!({
            "apiVersion": crate::API_VERSION,
            "kind": KIND,
            "metadata": {"name": "cert-manager"},
            "spec": spec,
        }))
        .map_err(|error| error.to_string())
    }

    #[test]
    fn every_error_names_the_path_of_the_field() {
        for (spec, path) in [
            (json!({"failsOn": "high"}), "spec.failsOn"),
            (json!({"failOn": "severe"}), "spec.failOn"),
            (json!({"extends": "fleet"}), "spec.extends"),
            (
                json!({"appliesTo": {"operators": ["a*b"]}}),
                "spec.appliesTo.operators[0]",
            ),
            (
                json!({"network": {"egress": [{"to": {"cidr": "10.0.0.0"}}]}}),
                "spec.network.egress[0].to.cidr",
            ),
            (
                json!({"network": {"apiServer": [{"cidr": "10.0.0.1/32", "ports": ["6443"]}]}}),
                "spec.network.apiServer[0].ports[0]",
            ),
            (
                json!({"rights": [{"serviceAccount": "x", "scope": "own", "rules": []}]}),
                "spec.rights[0].serviceAccount",
            ),
            (
                json!({"exemptions": [{"rule": "OPSEC403", "reason": "r", "expires": "soon"}]}),
                "spec.exemptions[0].expires",
            ),
            (
                json!({"exemptions": [{"rule": "OPSEC403", "reason": " ", "expires": "2027-03-31"}]}),
                "spec.exemptions[0].reason",
            ),
            (
                json!({"exemptions": [{"rule": "403", "reason": "r", "expires": "2027-03-31"}]}),
                "spec.exemptions[0].rule",
            ),
            (
                json!({"exemptions": [{"rule": "OPSEC403", "where": {"sa": "x"}, "reason": "r", "expires": "2027-03-31"}]}),
                "spec.exemptions[0].where.sa",
            ),
        ] {
            let error = read(spec.clone()).expect_err(&spec.to_string());
            assert!(error.starts_with(&format!("{path}: ")), "{spec}: {error}");
        }
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let spec = json!({
            "extends": "default",
            "appliesTo": {"operators": ["cert-manager"], "clusters": ["prod-*"]},
            "failOn": "medium",
            "operatorNamespaces": ["cert-manager"],
            "intendedNamespaces": {"matchLabels": {"certificates": "allowed"}},
            "ownedKinds": ["certificates.cert-manager.io"],
            "rights": [{"serviceAccount": "cert-manager/cert-manager", "scope": "intended",
                "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]},
                {"serviceAccount": "cert-manager/cert-manager", "scope": {"namespaces": ["a"]}, "rules": []}],
            "network": {"apiServer": [{"cidr": "10.0.0.10/32", "ports": ["6443/TCP"]}],
                "egress": [{"to": {"cidr": "0.0.0.0/0"}, "ports": ["443/TCP"], "reason": "ACME servers"}],
                "ingress": [{"from": {"namespaceSelector": {"matchLabels": {"monitoring": "true"}}}, "ports": ["9402/TCP"], "reason": "metrics"}]},
            "podSecurity": {"operator": "restricted", "payload": "baseline"},
            "crdCreation": {"allowedGroups": []},
            "exemptions": [{"rule": "OPSEC403", "where": {"serviceAccount": "cert-manager/cert-manager-cainjector"},
                "reason": "injects CA bundles", "owner": "platform-security@example.com", "expires": "2027-03-31"}],
            "attestation": {"minimumCollection": "SERVER_COLLECTED", "maxSnapshotAge": "10m", "validFor": "24h"},
        });
        read(spec).unwrap();
    }

    #[test]
    fn names_are_lower_case_and_short() {
        for name in ["", "-", "a-", "A", "a_b", "builtin", &"a".repeat(64)] {
            assert!(validate_name(name).is_err(), "{name}");
        }
        for name in ["a", "default", "cert-manager", &"a".repeat(63)] {
            assert!(validate_name(name).is_ok(), "{name}");
        }
    }
}
