//! A ClusterServiceVersion as it stands in a file.

use std::collections::BTreeSet;

use opsec_model::olm::package_of;
use opsec_model::{InstallMode, Kind};

use super::bundle::Bundles;
use super::fields::Part;
use crate::node::Data;
use crate::object::RawObject;

/// The namespace that stands for none in bundles.
const PLACEHOLDER: &str = "placeholder";

/// A ClusterServiceVersion.
pub(super) struct Version<'a> {
    pub raw: &'a RawObject,
    pub name: &'a str,
    /// The package that it is a version of.
    pub package: String,
    /// `spec`.
    spec: Part<'a>,
}

/// Whether an object is a ClusterServiceVersion.
pub(super) fn is_version(raw: &RawObject) -> bool {
    raw.kind.is("operators.coreos.com", "ClusterServiceVersion")
}

impl<'a> Version<'a> {
    /// The version that an object is.
    pub(super) fn of(raw: &'a RawObject, bundles: &Bundles) -> Option<Self> {
        let whole = Part::whole(&raw.value);
        let name = raw.metadata("name").filter(|name| !name.is_empty())?;
        let spec = whole.get("spec")?;
        let package = bundles.package_of(&raw.start.file);
        Some(Self {
            raw,
            name,
            package: package.unwrap_or_else(|| package_of(name)).to_owned(),
            spec,
        })
    }

    /// The strategy by which it is installed.
    pub(super) fn strategy(&self) -> Option<&'a str> {
        self.spec.at(&["install"])?.text("strategy")
    }

    /// A list of `spec.install.spec`.
    pub(super) fn install(&self, list: &str) -> Vec<Part<'a>> {
        self.spec
            .at(&["install", "spec", list])
            .map_or_else(Vec::new, |list| list.items())
    }

    /// `spec.install.spec`.
    pub(super) fn install_spec(&self) -> Option<Part<'a>> {
        self.spec.at(&["install", "spec"])
    }

    /// `spec.webhookdefinitions`.
    pub(super) fn webhooks(&self) -> Vec<Part<'a>> {
        self.spec.list("webhookdefinitions")
    }

    /// What it owns of `customresourcedefinitions` or `apiservicedefinitions`.
    pub(super) fn owned(&self, definitions: &str) -> Vec<Part<'a>> {
        self.spec
            .at(&[definitions])
            .map_or_else(Vec::new, |part| part.list("owned"))
    }

    /// What it needs of others' custom resources.
    pub(super) fn required(&self) -> Vec<Kind> {
        let definitions = self.spec.get("customresourcedefinitions");
        let required = definitions.map_or_else(Vec::new, |part| part.list("required"));
        required.iter().filter_map(kind_by_name).collect()
    }

    /// The kinds that it says it owns.
    pub(super) fn owned_kinds(&self) -> Vec<Kind> {
        let resources = self.owned("customresourcedefinitions");
        let apis = self.owned("apiservicedefinitions");
        let kinds: BTreeSet<Kind> = resources
            .iter()
            .filter_map(kind_by_name)
            .chain(apis.iter().filter_map(kind_by_group))
            .collect();
        kinds.into_iter().collect()
    }

    /// The modes that it supports, the widest first.
    pub(super) fn modes(&self) -> Vec<InstallMode> {
        let said = self.spec.list("installModes");
        let supports = |mode: &InstallMode| {
            // Of two entries for a mode the last counts.
            let of_mode = said
                .iter()
                .rfind(|entry| entry.text("type") == Some(mode.as_str()));
            of_mode
                .and_then(|entry| entry.get("supported"))
                .is_some_and(|flag| flag.value.data == Data::Bool(true))
        };
        InstallMode::ALL.into_iter().filter(supports).collect()
    }

    /// Where it asks to be installed.
    pub(super) fn namespace(&self) -> Option<&'a str> {
        let annotations = self.raw.value.get("metadata")?.get("annotations");
        let suggested = annotations
            .and_then(|all| all.text("operatorframework.io/suggested-namespace"))
            .filter(|namespace| !namespace.is_empty());
        let own = self.raw.metadata("namespace");
        suggested.or_else(|| own.filter(|own| !matches!(*own, "" | PLACEHOLDER)))
    }

    /// The versions that it takes the place of.
    pub(super) fn replaces(&self) -> BTreeSet<&'a str> {
        let skips = self.spec.list("skips");
        let skips = skips.iter().filter_map(|name| name.value.as_str());
        self.spec
            .text("replaces")
            .into_iter()
            .chain(skips)
            .collect()
    }

    /// Fields that are spelled otherwise and are read all the same: path and name.
    pub(super) fn spelled_otherwise(&self) -> Vec<(String, String)> {
        const LISTS: [&str; 3] = ["deployments", "permissions", "clusterPermissions"];
        const OF_SPEC: [&str; 5] = [
            "install",
            "installModes",
            "customresourcedefinitions",
            "apiservicedefinitions",
            "webhookdefinitions",
        ];
        let within = |part: &Part<'_>, names: &[&str]| -> Vec<(String, String)> {
            let found = part.spelled_otherwise(names).into_iter();
            let path = |(spelled, name)| (format!("{}.{spelled}", part.path), name);
            found.map(path).collect()
        };
        let mut found = within(&self.spec, &OF_SPEC);
        if let Some(install) = self.install_spec() {
            found.extend(within(&install, &LISTS));
        }
        for list in ["permissions", "clusterPermissions"] {
            for entry in self.install(list) {
                found.extend(within(&entry, &["serviceAccountName", "rules"]));
            }
        }
        found
    }
}

/// `plural.group` of a description of a custom resource.
fn kind_by_name(description: &Part<'_>) -> Option<Kind> {
    let (plural, group) = description.text("name")?.split_once('.')?;
    Some(Kind::new(plural, group))
}

/// Plural and group of a description of an aggregated API.
fn kind_by_group(description: &Part<'_>) -> Option<Kind> {
    Some(Kind::new(
        description.text("name")?,
        description.text("group")?,
    ))
}
