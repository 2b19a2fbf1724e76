//! Workloads: every kind becomes one shape, with the template of its pods.

use opsec_model::objects::{Metadata, PodTemplate, Workload, WorkloadKind};

use super::{LAST_APPLIED, Source, pod};
use crate::invalid::{Invalid, decode, part};
use crate::node::Node;
use crate::typed::Typed;

/// Annotations that make a workload a hook of a package manager.
const HOOKS: [&str; 2] = ["helm.sh/hook", "argocd.argoproj.io/hook"];

/// The kind of workload that a group and kind name.
pub(super) fn kind(group: &str, kind: &str) -> Option<WorkloadKind> {
    WorkloadKind::ALL
        .into_iter()
        .find(|candidate| candidate.as_str() == kind && candidate.resource().1 == group)
}

/// A workload.
pub(super) fn object(
    raw: Source<'_>,
    kind: WorkloadKind,
    metadata: &Metadata,
) -> Result<Typed, Invalid> {
    let spec_path = kind.pod_spec_path();
    let nothing = Node::empty(0);
    let given = part(&raw.value, spec_path);
    if given.is_none_or(|spec| spec.get("containers").is_none()) {
        let field = format!("{spec_path}.containers");
        return Err(Invalid::new(field, "a pod needs at least one container"));
    }
    let given = given.unwrap_or(&nothing);
    let mut template = PodTemplate {
        metadata: template_metadata(raw, kind, metadata)?,
        spec: decode(given, spec_path, raw.memory)?,
    };
    pod::fill_in(&mut template.spec, given);
    let annotations = template.metadata.annotations.clone();
    let replicas =
        part(&raw.value, "spec.replicas").map(|value| decode(value, "spec.replicas", raw.memory));
    Ok(Typed::Workload(Box::new(Workload {
        kind,
        metadata: Metadata::default(),
        template,
        replicas: replicas.transpose()?,
        watch_settings: pod::watch_settings(given, &annotations),
        hook: HOOKS
            .iter()
            .find_map(|hook| metadata.annotation(hook))
            .map(ToOwned::to_owned),
        alike: Vec::new(),
    })))
}

fn template_metadata(
    raw: Source<'_>,
    kind: WorkloadKind,
    own: &Metadata,
) -> Result<Metadata, Invalid> {
    if kind == WorkloadKind::Pod {
        return Ok(Metadata {
            input_file: None,
            ..own.clone()
        });
    }
    let path = match kind.pod_spec_path().strip_suffix(".spec") {
        Some(template) => format!("{template}.metadata"),
        None => return Ok(Metadata::default()),
    };
    let Some(given) = part(&raw.value, &path) else {
        return Ok(Metadata::default());
    };
    let mut metadata: Metadata = decode(given, &path, raw.memory)?;
    metadata.annotations.remove(LAST_APPLIED);
    metadata.input_file = None;
    Ok(metadata)
}
