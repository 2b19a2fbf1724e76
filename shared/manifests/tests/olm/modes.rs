//! In which mode, where and for which namespaces.

use opsec_manifests::{Options, read};
use opsec_model::InstallMode;

use super::{HEAD, input, options};

/// A version that supports these modes.
fn supporting(modes: &[InstallMode]) -> String {
    let mut text = HEAD.to_owned();
    for mode in InstallMode::ALL.iter().filter(|mode| !modes.contains(mode)) {
        let entry = |supported| format!("{{type: {mode}, supported: {supported}}}");
        text = text.replace(&entry(true), &entry(false));
    }
    text
}

/// Mode, namespace and targets of the installation, or the error.
fn installed(text: &str, options: &Options) -> String {
    match read(&[input("csv.yaml", text)], options) {
        Ok(manifests) => {
            let installations = &manifests.snapshot.source.olm_installations;
            assert_eq!(installations.len(), 1, "{installations:?}");
            let installation = installations.first().unwrap();
            let targets = installation.target_namespaces.join(",");
            let mode = installation.install_mode;
            format!("{mode} in {} for {targets}", installation.namespace)
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_widest_mode_that_is_supported_is_judged() {
    use InstallMode::{AllNamespaces, MultiNamespace, OwnNamespace, SingleNamespace};
    for (modes, expected) in [
        (&InstallMode::ALL[..], "AllNamespaces in operators for "),
        (
            &[MultiNamespace, SingleNamespace],
            "MultiNamespace in shop-operator for tenant-a,tenant-b",
        ),
        (
            &[SingleNamespace, OwnNamespace],
            "SingleNamespace in shop-operator for tenant",
        ),
        (
            &[OwnNamespace],
            "OwnNamespace in shop-operator for shop-operator",
        ),
        (&[AllNamespaces], "AllNamespaces in operators for "),
        // OLM refuses it; what it asks for is judged at its widest.
        (&[], "AllNamespaces in operators for "),
    ] {
        let text = supporting(modes);
        assert_eq!(installed(&text, &Options::default()), expected, "{modes:?}");
    }
}

#[test]
fn a_mode_and_targets_may_be_asked_for() {
    use InstallMode::{AllNamespaces, MultiNamespace, OwnNamespace, SingleNamespace};
    for (mode, targets, expected) in [
        (
            Some(OwnNamespace),
            &[][..],
            "OwnNamespace in shop-operator for shop-operator",
        ),
        (
            Some(SingleNamespace),
            &["blog"],
            "SingleNamespace in shop-operator for blog",
        ),
        (
            Some(MultiNamespace),
            &["blog", "wiki"],
            "MultiNamespace in shop-operator for blog,wiki",
        ),
        // Targets alone say the mode.
        (None, &["blog"], "SingleNamespace in shop-operator for blog"),
        (
            None,
            &["shop-operator"],
            "OwnNamespace in shop-operator for shop-operator",
        ),
        (
            None,
            &["blog", "wiki"],
            "MultiNamespace in shop-operator for blog,wiki",
        ),
        (
            Some(AllNamespaces),
            &["blog"],
            "the install mode AllNamespaces takes none as --target-namespaces, not `blog`",
        ),
        (
            Some(SingleNamespace),
            &["blog", "wiki"],
            "the install mode SingleNamespace takes one, other than the namespace that it is installed in as --target-namespaces, not `blog, wiki`",
        ),
        (
            Some(MultiNamespace),
            &["blog"],
            "the install mode MultiNamespace takes two or more as --target-namespaces, not `blog`",
        ),
        (
            Some(OwnNamespace),
            &["blog"],
            "the install mode OwnNamespace takes none but the namespace that it is installed in as --target-namespaces, not `blog`",
        ),
    ] {
        assert_eq!(
            installed(HEAD, &options(mode, targets)),
            expected,
            "{mode:?} {targets:?}"
        );
    }
}

#[test]
fn a_mode_that_is_not_supported_is_an_error_that_names_those_that_are() {
    use InstallMode::{AllNamespaces, MultiNamespace, OwnNamespace, SingleNamespace};
    let text = supporting(&[AllNamespaces, MultiNamespace]);
    let refused = |mode| {
        format!(
            "csv.yaml: shop-operator.v1.2.3 does not support the install mode {mode}; it supports AllNamespaces, MultiNamespace"
        )
    };
    for (mode, targets) in [(Some(SingleNamespace), &[][..]), (None, &["blog"])] {
        assert_eq!(
            installed(&text, &options(mode, targets)),
            refused(SingleNamespace)
        );
    }
    // Several namespaces of which one is its own are OwnNamespace too.
    let among = options(None, &["blog", "shop-operator"]);
    assert_eq!(installed(&text, &among), refused(OwnNamespace));
}

#[test]
fn where_it_is_installed_is_asked_for_suggested_or_said() {
    let suggested = HEAD.replace(
        "  namespace: placeholder\n",
        "  namespace: placeholder\n  annotations: {operatorframework.io/suggested-namespace: market}\n",
    );
    let said = HEAD.replace("namespace: placeholder", "namespace: stalls");
    let nowhere = HEAD.replace("  namespace: placeholder\n", "");
    let asked = Options {
        namespace: Some("there".to_owned()),
        ..Options::default()
    };
    for (text, options, expected) in [
        (&suggested, &asked, "there"),
        (&suggested, &Options::default(), "market"),
        (&said, &Options::default(), "stalls"),
        (&nowhere, &Options::default(), "operators"),
    ] {
        let expected = format!("AllNamespaces in {expected} for ");
        assert_eq!(installed(text, options), expected);
    }
}

#[test]
fn a_mode_without_a_version_is_an_error() {
    let plain = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: x}\n";
    let error = installed(plain, &options(Some(InstallMode::AllNamespaces), &[]));
    assert!(
        error.starts_with("--install-mode and --target-namespaces say how OLM"),
        "{error}"
    );
}
