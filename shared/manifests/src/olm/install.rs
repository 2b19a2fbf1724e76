//! In which mode, where and for which namespaces a version is installed.

use opsec_model::{InstallMode, OlmInstallation};

use super::InstallOptions;
use super::version::Version;
use crate::error::ManifestError;

/// Where OLM's own group for every namespace is.
const GLOBAL: &str = "operators";
/// What stands for the namespaces of others, where nothing says which.
const TENANTS: [&str; 3] = ["tenant", "tenant-a", "tenant-b"];

/// The installation of a version.
pub(super) fn installation(
    version: &Version<'_>,
    namespace: Option<&str>,
    options: &InstallOptions,
) -> Result<OlmInstallation, ManifestError> {
    let supported = version.modes();
    let asked = namespace.or_else(|| version.namespace());
    let package = label(&version.package);
    let own = asked.unwrap_or(&package);
    let install_mode = mode(version, own, &supported, options)?;
    let namespace = match (asked, install_mode) {
        (Some(asked), _) => asked.to_owned(),
        (None, InstallMode::AllNamespaces) => GLOBAL.to_owned(),
        (None, _) => package.clone(),
    };
    let target_namespaces = targets(version, install_mode, &namespace, &supported, options)?;
    Ok(OlmInstallation {
        cluster_service_version: version.name.to_owned(),
        package: version.package.clone(),
        install_mode,
        namespace,
        target_namespaces,
        owned_kinds: version.owned_kinds(),
    })
}

/// What was asked for, what the targets mean, or the widest that is supported. A version that
/// supports none is refused by OLM; what it asks for is judged at its widest.
fn mode(
    version: &Version<'_>,
    own: &str,
    supported: &[InstallMode],
    options: &InstallOptions,
) -> Result<InstallMode, ManifestError> {
    let meant = match options.target_namespaces.as_slice() {
        [] => None,
        [only] if only == own => Some(InstallMode::OwnNamespace),
        [_] => Some(InstallMode::SingleNamespace),
        _ => Some(InstallMode::MultiNamespace),
    };
    let widest = supported.first().copied();
    let Some(mode) = options.mode.or(meant) else {
        return Ok(widest.unwrap_or(InstallMode::AllNamespaces));
    };
    if supported.is_empty() || supported.contains(&mode) {
        return Ok(mode);
    }
    Err(unsupported(version, mode, supported))
}

fn targets(
    version: &Version<'_>,
    mode: InstallMode,
    own: &str,
    supported: &[InstallMode],
    options: &InstallOptions,
) -> Result<Vec<String>, ManifestError> {
    let given = options.target_namespaces.as_slice();
    let wrong = |needs: &'static str| {
        Err(ManifestError::TargetNamespaces {
            mode,
            needs,
            given: given.join(", "),
        })
    };
    let [tenant, tenant_a, tenant_b] = TENANTS.map(str::to_owned);
    match (mode, given) {
        (InstallMode::AllNamespaces, []) => Ok(Vec::new()),
        (InstallMode::AllNamespaces, _) => wrong("none"),
        (InstallMode::OwnNamespace, []) => Ok(vec![own.to_owned()]),
        (InstallMode::OwnNamespace, [only]) if only == own => Ok(vec![own.to_owned()]),
        (InstallMode::OwnNamespace, _) => wrong("none but the namespace that it is installed in"),
        (InstallMode::SingleNamespace, []) if own == tenant => Ok(vec![tenant_a]),
        (InstallMode::SingleNamespace, []) => Ok(vec![tenant]),
        (InstallMode::SingleNamespace, [only]) if only != own => Ok(vec![only.clone()]),
        (InstallMode::SingleNamespace, _) => {
            wrong("one, other than the namespace that it is installed in")
        }
        (InstallMode::MultiNamespace, []) => Ok(vec![tenant_a, tenant_b]),
        (InstallMode::MultiNamespace, [_]) => wrong("two or more"),
        (InstallMode::MultiNamespace, several) => {
            let includes_own = several.iter().any(|target| target == own);
            let own_mode = InstallMode::OwnNamespace;
            if includes_own && !supported.is_empty() && !supported.contains(&own_mode) {
                return Err(unsupported(version, own_mode, supported));
            }
            Ok(several.to_vec())
        }
    }
}

fn unsupported(
    version: &Version<'_>,
    mode: InstallMode,
    supported: &[InstallMode],
) -> ManifestError {
    let supported: Vec<&str> = supported.iter().map(|mode| mode.as_str()).collect();
    ManifestError::UnsupportedInstallMode {
        file: version.raw.start.file.clone(),
        version: version.name.to_owned(),
        mode,
        supported: supported.join(", "),
    }
}

/// A package's name as a namespace's: the letters that a label of DNS takes.
fn label(package: &str) -> String {
    let lower = package.to_ascii_lowercase();
    let plain: String = lower
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .take(63)
        .collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { GLOBAL } else { plain }.to_owned()
}
