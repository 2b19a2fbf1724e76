//! Which versions of the input are expanded, and into what.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::{InstallMode, Kind, Notice, NoticeCode, ObjectRef, OlmInstallation};
use serde_json::json;

use super::bundle::{Bundles, folder};
use super::fields::Part;
use super::install::installation;
use super::made::{Maker, component_label, made, member, object};
use super::version::{Version, is_version};
use super::{Expanded, InstallOptions, rbac, served, webhooks, workloads};
use crate::document::too_much;
use crate::error::ManifestError;
use crate::input::Options;
use crate::memory::{Memory, TooMuch};
use crate::node::Node;
use crate::object::RawObject;

/// Adds to the objects what OLM would create of the versions among them.
///
/// # Errors
/// When a version does not support the mode that is asked for, or there is no version.
pub(crate) fn expand(
    raws: &mut Vec<RawObject>,
    bundles: &Bundles,
    options: &Options,
    memory: &Memory,
) -> Result<Expanded, ManifestError> {
    let mut expanded = Expanded::default();
    let chosen = chosen(raws, bundles, &mut expanded.notices);
    if chosen.is_empty() {
        return if options.install.is_default() {
            Ok(expanded)
        } else {
            Err(ManifestError::NoClusterServiceVersion)
        };
    }
    let mut required: Vec<Kind> = Vec::new();
    let asked = asked(raws, options);
    for index in chosen {
        let Some(raw) = raws.get(index).cloned() else {
            continue;
        };
        // It is copied, and so is each part that something is made of.
        memory
            .take_tree(&raw.value)
            .map_err(|TooMuch| too_much(&raw.start.file, &options.limits))?;
        let Some(version) = Version::of(&raw, bundles) else {
            continue;
        };
        let installation = installation(&version, asked.namespace.as_deref(), &asked.install)?;
        expanded.notices.extend(remarks(&version, &installation));
        required.extend(version.required());
        required.extend(installation.owned_kinds.iter().cloned());
        add(raws, bundles, &version, &installation, &mut expanded);
        settle(raws, index, &installation);
        expanded.installations.push(installation);
    }
    expanded.served = served::kinds(required);
    expanded.namespaces = namespaces(raws, &expanded.installations);
    expanded.installations.sort();
    Ok(expanded)
}

/// Where and how to install: what the options say, else what the one OperatorGroup of the input
/// says.
fn asked(raws: &[RawObject], options: &Options) -> Asked {
    let mut asked = Asked {
        namespace: options.namespace.clone().filter(|name| !name.is_empty()),
        install: options.install.clone(),
    };
    let mut groups = raws.iter().filter(|raw| is_group(raw));
    let (Some(group), None, true) = (groups.next(), groups.next(), options.install.is_default())
    else {
        return asked;
    };
    asked.namespace = asked.namespace.or_else(|| group.namespace.clone());
    let spec = Part::whole(&group.value).get("spec");
    let targets = spec
        .as_ref()
        .map_or_else(Vec::new, |spec| spec.list("targetNamespaces"));
    let by_labels = spec.is_some_and(|spec| spec.get("selector").is_some());
    if targets.is_empty() && !by_labels {
        asked.install.mode = Some(InstallMode::AllNamespaces);
    }
    let names = targets.iter().filter_map(|name| name.value.as_str());
    asked.install.target_namespaces = names.map(str::to_owned).collect();
    asked
}

struct Asked {
    namespace: Option<String>,
    install: InstallOptions,
}

fn is_group(raw: &RawObject) -> bool {
    raw.kind.is("operators.coreos.com", "OperatorGroup")
}

/// The versions that are expanded: those that install something, which OLM has not done yet, and
/// which no other of the input takes the place of.
fn chosen(raws: &[RawObject], bundles: &Bundles, notices: &mut Vec<Notice>) -> Vec<usize> {
    let installed: BTreeSet<&str> = raws.iter().filter_map(owner).collect();
    let mut candidates = Vec::new();
    for (index, raw) in raws.iter().enumerate().filter(|(_, raw)| is_version(raw)) {
        let copied = raw.value.pointer("/metadata/labels/olm.copiedFrom");
        let Some(version) = Version::of(raw, bundles).filter(|_| copied.is_none()) else {
            continue;
        };
        if version.strategy() != Some("deployment") {
            notices.push(no_strategy(&version));
        } else if installed.contains(version.name) {
            let message = format!(
                "{}: what OLM made of it is in these files, so that is judged",
                named(version.name)
            );
            notices.push(notice(raw, NoticeCode::ClusterServiceVersion, message, ""));
        } else {
            candidates.push((index, version));
        }
    }
    let replacing: Vec<(&str, &str)> = candidates
        .iter()
        .flat_map(|(_, version)| {
            version
                .replaces()
                .into_iter()
                .map(|old| (old, version.name))
        })
        .filter(|(old, new)| old != new)
        .collect();
    let newest: Vec<usize> = candidates
        .iter()
        .filter(|(_, version)| !replacing.iter().any(|(old, _)| *old == version.name))
        .map(|(index, _)| *index)
        .collect();
    // Where each replaces another none is the newest.
    if newest.is_empty() {
        return candidates.into_iter().map(|(index, _)| index).collect();
    }
    for (_, version) in &candidates {
        if let Some((_, new)) = replacing.iter().find(|(old, _)| *old == version.name) {
            let message = format!(
                "{}: {new} replaces it, so OLM would remove it and it is not judged; name its file alone to judge it",
                named(version.name)
            );
            notices.push(notice(version.raw, NoticeCode::Input, message, ""));
        }
    }
    newest
}

/// The version that OLM made an object of.
fn owner(raw: &RawObject) -> Option<&str> {
    let labels = raw.value.get("metadata")?.get("labels")?;
    let is_made = labels.text("olm.owner.kind") == Some("ClusterServiceVersion");
    labels.text("olm.owner").filter(|_| is_made)
}

fn no_strategy(version: &Version<'_>) -> Notice {
    let reason = match version.strategy() {
        Some(word) => format!("`{word}` is no strategy that OLM knows (deployment)"),
        None => "it is required".to_owned(),
    };
    let message = format!(
        "{}: spec.install.strategy: {reason}; OLM refuses it, so it counts for nothing",
        named(version.name)
    );
    let code = NoticeCode::InvalidObject;
    notice(version.raw, code, message, "spec.install.strategy")
}

fn remarks(version: &Version<'_>, installation: &OlmInstallation) -> Vec<Notice> {
    let name = named(version.name);
    let mode = installation.install_mode;
    let modes = version.modes();
    let mut said = vec![(
        NoticeCode::ClusterServiceVersion,
        format!(
            "{name}: judged as OLM would install it; OLM ends the names of roles, bindings and webhook configurations in a hash, which stands neither here nor in the commands that confirm a finding"
        ),
        "",
    )];
    if modes.is_empty() {
        let message = format!(
            "{name}: spec.installModes: it supports no install mode, so OLM refuses it; judged as {mode}"
        );
        said.push((NoticeCode::Input, message, "spec.installModes"));
    }
    let mut notices: Vec<Notice> = said
        .into_iter()
        .map(|(code, message, field)| notice(version.raw, code, message, field))
        .collect();
    for (path, known) in version.spelled_otherwise() {
        let message = format!(
            "{name}: {path} is read as `{known}`: OLM minds no case of letters where it reads a version from a catalog"
        );
        notices.push(notice(version.raw, NoticeCode::Input, message, &path));
    }
    notices.extend(malformed(version));
    notices
}

/// Lists of the install strategy that are none: nothing of them is known.
fn malformed(version: &Version<'_>) -> Vec<Notice> {
    let Some(spec) = version.install_spec() else {
        let message = format!(
            "{}: spec.install.spec: it is required; OLM refuses it",
            named(version.name)
        );
        let code = NoticeCode::InvalidObject;
        return vec![notice(version.raw, code, message, "spec.install.spec")];
    };
    let lists = ["deployments", "permissions", "clusterPermissions"];
    let given = lists.iter().filter_map(|list| spec.get(list));
    let wrong = given.filter(|list| list.value.as_list().is_none());
    wrong
        .map(|list| {
            let message = format!(
                "{}: {}: it must be a list; OLM refuses it, so it counts for nothing",
                named(version.name),
                list.path
            );
            notice(version.raw, NoticeCode::InvalidObject, message, &list.path)
        })
        .collect()
}

/// Deployments that run as an account which neither OLM nor the files bring.
fn missing_accounts(version: &Version<'_>, shipped: &BTreeSet<String>) -> Vec<Notice> {
    let made = rbac::accounts(version);
    let runs_as = |entry| (workloads::account(&entry), entry);
    let deployments = version.install("deployments").into_iter().map(runs_as);
    deployments
        .filter(|(account, _)| *account != "default" && !made.contains(account))
        .filter(|(account, _)| !shipped.contains(*account))
        .map(|(account, entry)| {
            let message = format!(
                "{}: {} runs as ServiceAccount {account}, which OLM makes only for who is granted something",
                named(version.name),
                entry.path
            );
            let code = NoticeCode::ClusterServiceVersion;
            notice(version.raw, code, message, &entry.path)
        })
        .collect()
}

/// Adds what is made of a version, and marks what came with it.
fn add(
    raws: &mut Vec<RawObject>,
    bundles: &Bundles,
    version: &Version<'_>,
    installation: &OlmInstallation,
    expanded: &mut Expanded,
) {
    let file = &version.raw.start.file;
    let together = |raw: &RawObject| {
        raw.input == version.raw.input
            || folder(&raw.start.file) == folder(file)
            || bundles.are_of_one(&raw.start.file, file)
    };
    let shipped: BTreeSet<String> = raws
        .iter()
        .filter(|raw| raw.kind.is("", "ServiceAccount") && together(raw))
        .filter_map(|raw| raw.name().map(str::to_owned))
        .collect();
    expanded.notices.extend(missing_accounts(version, &shipped));
    let has_group = raws.iter().any(|raw| {
        let here = raw
            .namespace
            .as_ref()
            .is_none_or(|n| *n == installation.namespace);
        is_group(raw) && here
    });
    for raw in raws.iter_mut().filter(|raw| !is_version(raw)) {
        if bundles.are_of_one(&raw.start.file, file) {
            expanded.notices.extend(move_into(raw, installation));
        }
        let owned = raw.metadata("name").is_some_and(|name| {
            let owned = installation.owned_kinds.iter();
            owned.into_iter().any(|kind| kind.to_string() == name)
        });
        let definition = raw
            .kind
            .is("apiextensions.k8s.io", "CustomResourceDefinition");
        if definition && owned && together(raw) {
            mark(raw, installation);
        }
    }
    let mut maker = Maker::new(version, installation);
    if !has_group {
        workloads::operator_group(&mut maker);
    }
    workloads::deployments(&mut maker);
    rbac::service_accounts(&mut maker, &shipped);
    rbac::permissions(&mut maker);
    rbac::cluster_permissions(&mut maker);
    rbac::operator_condition(&mut maker);
    expanded.notices.extend(webhooks::serve(&mut maker));
    expanded.notices.extend(webhooks::convert(&maker, raws));
    raws.append(&mut maker.objects);
}

/// OLM creates what a bundle holds in the namespace that it is installed in.
fn move_into(raw: &mut RawObject, installation: &OlmInstallation) -> Option<Notice> {
    let namespace = &installation.namespace;
    let named = raw.namespace.take_if(|named| named != namespace)?;
    raw.namespace = Some(namespace.clone());
    let kind = &raw.kind.kind;
    let name = raw.name().unwrap_or_default();
    let message = format!(
        "{kind}/{name} names namespace {named}, but OLM creates what a bundle holds where it is installed; judged in {namespace}"
    );
    Some(Notice::new(NoticeCode::Input, message).at(raw.start.clone()))
}

/// Puts OLM's label on an object that belongs to an installation.
fn mark(raw: &mut RawObject, installation: &OlmInstallation) {
    let Some(metadata) = raw.value.get_mut("metadata").and_then(Node::members_mut) else {
        return;
    };
    let labels = metadata.get_or_insert("labels", member(object([])));
    let key = component_label(installation);
    if let Some(labels) = labels.and_then(Node::members_mut)
        && crate::validate::names::is_qualified_name(&key)
    {
        labels.insert(&key, member(made(json!(""))));
    }
}

/// The version itself is in the namespace too. Its annotations, examples of custom resources
/// above all, are nothing that is judged.
fn settle(raws: &mut [RawObject], index: usize, installation: &OlmInstallation) {
    if let Some(raw) = raws.get_mut(index) {
        raw.namespace = Some(installation.namespace.clone());
        if let Some(metadata) = raw.value.get_mut("metadata").and_then(Node::members_mut) {
            metadata.remove("annotations");
        }
    }
}

/// Where objects go that name no namespace: to the installation of their file, else to that of
/// their folder when there is one.
fn namespaces(raws: &[RawObject], installations: &[OlmInstallation]) -> BTreeMap<usize, String> {
    let is_installed = |raw: &&RawObject| {
        let name = raw.name().unwrap_or_default();
        let mut versions = installations.iter().map(|i| &i.cluster_service_version);
        is_version(raw) && versions.any(|version| version == name)
    };
    let versions: Vec<&RawObject> = raws.iter().filter(is_installed).collect();
    let only = |wanted: &dyn Fn(&RawObject) -> bool| {
        let found = versions.iter().filter(|version| wanted(version));
        let found: BTreeSet<&String> = found.filter_map(|v| v.namespace.as_ref()).collect();
        (found.len() == 1).then(|| found.first().map(|name| (*name).clone()))?
    };
    let mut namespaces = BTreeMap::new();
    for raw in raws {
        let place = only(&|version| version.input == raw.input)
            .or_else(|| only(&|version| folder(&version.start.file) == folder(&raw.start.file)));
        namespaces.extend(place.map(|namespace| (raw.input, namespace)));
    }
    namespaces
}

fn named(version: &str) -> String {
    format!("ClusterServiceVersion {version}")
}

/// A notice about a version, at a field of it.
pub(super) fn notice(raw: &RawObject, code: NoticeCode, message: String, field: &str) -> Notice {
    let object = ObjectRef {
        kind: raw.kind.kind.clone(),
        namespace: raw.namespace.clone(),
        name: raw.name().unwrap_or_default().to_owned(),
        group: raw.kind.group.clone(),
    };
    Notice::new(code, message)
        .about(object)
        .at(raw.line_of(field))
}
