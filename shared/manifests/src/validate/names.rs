//! Names, labels and annotations. <https://kubernetes.io/docs/concepts/overview/working-with-objects/>

use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::Metadata;

use crate::invalid::{Check, Invalid};
use crate::object::KindRef;

/// Checks that an object has a name.
pub(crate) fn required(metadata: &Metadata) -> Check {
    if metadata.name.is_empty() {
        return Err(Invalid::new("metadata.name", "an object needs a name"));
    }
    Ok(())
}

/// Checks how name, namespace, labels and annotations are spelt.
pub(crate) fn spelling(kind: &KindRef, metadata: &Metadata) -> Check {
    let name_fits = match (kind.group.as_str(), kind.kind.as_str()) {
        ("rbac.authorization.k8s.io", _) => is_path_segment(&metadata.name),
        ("", "Namespace") => is_label_name(&metadata.name),
        // A name that the API server makes ends in characters of its own.
        _ => is_subdomain(metadata.name.trim_end_matches(['-', '.'])),
    };
    if !name_fits {
        return Err(Invalid::new(
            "metadata.name",
            format!("`{}` is not a name", metadata.name),
        ));
    }
    if let Some(namespace) = metadata
        .namespace
        .as_deref()
        .filter(|name| !is_label_name(name))
    {
        let reason = format!("`{namespace}` is not a namespace's name");
        return Err(Invalid::new("metadata.namespace", reason));
    }
    let is_namespace = kind.group.is_empty() && kind.kind == "Namespace";
    for (key, value) in &metadata.labels {
        label("metadata.labels", key, value)?;
        if is_namespace {
            pod_security(key, value)?;
        }
    }
    let bad = metadata
        .annotations
        .keys()
        .find(|key| !is_qualified_name(&key.to_lowercase()));
    bad.map_or(Ok(()), |key| {
        Err(Invalid::new(
            "metadata.annotations",
            format!("`{key}` is not an annotation's key"),
        ))
    })
}

/// Checks a label that Pod Security Admission reads; it refuses a Namespace with one that it does
/// not know. <https://kubernetes.io/docs/concepts/security/pod-security-admission/>
fn pod_security(key: &str, value: &str) -> Check {
    let Some(mode) = key.strip_prefix("pod-security.kubernetes.io/") else {
        return Ok(());
    };
    let (fits, expected) = match mode {
        "enforce" | "audit" | "warn" => (
            PodSecurityLevel::parse(value).is_some(),
            "level (privileged, baseline, restricted)",
        ),
        "enforce-version" | "audit-version" | "warn-version" => (
            is_standards_version(value),
            "version of the standards (latest, or as in v1.36)",
        ),
        _ => return Ok(()),
    };
    if fits {
        return Ok(());
    }
    Err(Invalid::new(
        format!("metadata.labels.{key}"),
        format!("`{value}` is not a {expected}"),
    ))
}

fn is_standards_version(text: &str) -> bool {
    let minor = text.strip_prefix("v1.").unwrap_or_default();
    let digits = !minor.is_empty() && minor.chars().all(|letter| letter.is_ascii_digit());
    text == "latest" || (digits && (minor == "0" || !minor.starts_with('0')))
}

/// Checks a label.
pub(crate) fn label(field: &str, key: &str, value: &str) -> Check {
    if !is_qualified_name(key) {
        return Err(Invalid::new(field, format!("`{key}` is not a label's key")));
    }
    if !is_label_value(value) {
        return Err(Invalid::new(
            field,
            format!("`{value}` is not a label's value"),
        ));
    }
    Ok(())
}

/// Whether a name can be part of a URL's path, which is all that RBAC asks of names.
pub(crate) fn is_path_segment(name: &str) -> bool {
    !matches!(name, "." | "..") && !name.contains(['/', '%'])
}

/// RFC 1123 label: what namespaces are named with.
pub(crate) fn is_label_name(name: &str) -> bool {
    name.len() <= 63 && is_lower_label(name)
}

/// RFC 1123 subdomain: what most objects are named with.
pub(crate) fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_lower_label)
}

fn is_lower_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.first().copied().is_some_and(inner)
        && bytes.last().copied().is_some_and(inner)
        && bytes.iter().all(|&byte| inner(byte) || byte == b'-')
}

/// Whether a key can be a label's: `name`, or `prefix/name` with a subdomain before the slash.
pub(crate) fn is_qualified_name(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    !name.is_empty() && is_label_value(name) && prefix.is_none_or(is_subdomain)
}

/// Whether a text can be a label's value.
pub(crate) fn is_label_value(value: &str) -> bool {
    let bytes = value.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    value.is_empty()
        || value.len() <= 63
            && ends(bytes.first())
            && ends(bytes.last())
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_as_the_api_server_has_them() {
        for (name, fits) in [
            ("a", true),
            ("a.b-c", true),
            ("A", false),
            ("-a", false),
            ("a..b", false),
            ("", false),
        ] {
            assert_eq!(is_subdomain(name), fits, "{name:?}");
        }
        for (name, fits) in [
            ("a:b", true),
            ("system:x", true),
            ("a/b", false),
            ("..", false),
            ("a%b", false),
        ] {
            assert_eq!(is_path_segment(name), fits, "{name:?}");
        }
        for (key, fits) in [
            ("a", true),
            ("A_b.c", true),
            ("x.io/a", true),
            ("X.io/a", false),
            ("x.io/", false),
            ("a/b/c", false),
        ] {
            assert_eq!(is_qualified_name(key), fits, "{key:?}");
        }
        for (value, fits) in [("", true), ("v1.2_3", true), ("-a", false), ("a b", false)] {
            assert_eq!(is_label_value(value), fits, "{value:?}");
        }
    }

    #[test]
    fn a_namespace_says_a_level_and_a_version_that_pod_security_knows() {
        for (mode, value, fits) in [
            ("enforce", "restricted", true),
            ("enforce", "Restricted", false),
            ("warn", "", false),
            ("enforce-version", "latest", true),
            ("enforce-version", "v1.36", true),
            ("enforce-version", "v1.036", false),
            ("audit-version", "1.36", false),
            ("else", "anything", true),
        ] {
            let key = format!("pod-security.kubernetes.io/{mode}");
            assert_eq!(pod_security(&key, value).is_ok(), fits, "{key}={value}");
        }
    }
}
