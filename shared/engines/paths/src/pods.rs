//! What a component's own pods reach by their settings, without any right.

use opsec_model::objects::{Object as _, Workload, WorkloadKind};
use opsec_model::{Evidence, PathEnd, Severity};
use opsec_pod_security::{allows_at, enforcement, latest, node_access};

use crate::ground::Ground;
use crate::search::{Cut, NodeIs};

/// A setting of pods that a chain begins with.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// The rule that is about it; none where there is none.
    pub(crate) rule: Option<&'static str>,
    /// What it reaches.
    pub(crate) end: PathEnd,
    /// How grave that is.
    pub(crate) severity: Severity,
    /// What is done.
    pub(crate) action: String,
    /// The fields.
    pub(crate) evidence: Vec<Evidence>,
    /// The practice that would cut it.
    pub(crate) practice: Option<u8>,
    /// By what it is cut.
    pub(crate) cut: Option<Cut>,
    /// What is to be said of it.
    pub(crate) note: Option<String>,
}

/// The settings of a component's pods.
pub(crate) fn settings(ground: &Ground<'_>, component: &Workload) -> Vec<Setting> {
    [
        reaches_node(component),
        on_the_network_of_the_node(component),
        shares_processes(component),
    ]
    .into_iter()
    .flatten()
    .map(|mut setting| {
        if setting.cut.is_none() {
            setting.cut = refused(ground, component);
        }
        setting
    })
    .collect()
}

/// The nodes that a workload's pods are on.
pub(crate) fn nodes<'a>(ground: &Ground<'a>, workload: &Workload) -> Vec<NodeIs<'a>> {
    if ground.has_one_node() {
        return vec![NodeIs::Any];
    }
    let names = ground.nodes_of(workload);
    if !names.is_empty() {
        return names.into_iter().map(NodeIs::Named).collect();
    }
    match workload.kind {
        WorkloadKind::DaemonSet => vec![NodeIs::Any],
        _ => vec![NodeIs::Unknown],
    }
}

/// From files the API server would refuse pods that their namespace does not allow; those that
/// run were admitted.
fn refused(ground: &Ground<'_>, component: &Workload) -> Option<Cut> {
    let namespace = component.namespace();
    let labels = ground.facts.namespace_labels(namespace);
    let enforced = enforcement(&labels, latest(ground.facts))?;
    let refused = ground.facts.from_files()
        && !allows_at(enforced.level, enforced.version, &component.template);
    refused.then(|| Cut {
        practice: Some(4),
        reason: format!(
            "namespace {namespace} enforces {} and refuses such pods",
            enforced.level.as_str()
        ),
    })
}

fn reaches_node(component: &Workload) -> Option<Setting> {
    let access = node_access(&component.template);
    let reasons: Vec<&str> = access.iter().map(|access| access.reason.as_str()).collect();
    let shown = reasons.first()?;
    let more = match reasons.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(Setting {
        rule: Some("OPSEC314"),
        end: PathEnd::Node,
        severity: Severity::Critical,
        action: format!("leaves its pod for the node: {shown}{more}"),
        evidence: access
            .iter()
            .map(|access| Evidence::new(component.object_ref(), access.path(component.kind)))
            .collect(),
        practice: Some(3),
        cut: None,
        note: None,
    })
}

/// Who is on its node's network and may forge packets stands between the node's other pods.
fn on_the_network_of_the_node(component: &Workload) -> Option<Setting> {
    let spec = &component.template.spec;
    if !spec.host_network {
        return None;
    }
    let path = component.kind.pod_spec_path();
    let forging = spec.all_containers().find(|(_, container)| {
        let context = container.security_context.as_ref();
        let added = context
            .and_then(|context| context.capabilities.as_ref())
            .map(|capabilities| capabilities.add.as_slice())
            .unwrap_or_default();
        added.iter().any(|name| {
            let upper = name.to_ascii_uppercase();
            let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
            ["ALL", "NET_ADMIN", "NET_RAW"].contains(&bare)
        })
    });
    let (container, _) = forging?;
    let component_ref = component.object_ref();
    Some(Setting {
        rule: Some("OPSEC207"),
        end: PathEnd::Workloads,
        severity: Severity::High,
        action: "stands in its node's network, between the pods of the node".to_owned(),
        evidence: vec![
            Evidence::new(component_ref.clone(), format!("{path}.hostNetwork")),
            Evidence::new(
                component_ref,
                format!("{path}.{container}.securityContext.capabilities.add"),
            ),
        ],
        practice: Some(2),
        cut: None,
        note: None,
    })
}

/// The containers of a pod that shares its processes are one; as they are one account, nothing
/// of others is reached.
fn shares_processes(component: &Workload) -> Option<Setting> {
    let spec = &component.template.spec;
    if spec.share_process_namespace != Some(true) || spec.all_containers().count() < 2 {
        return None;
    }
    let path = component.kind.pod_spec_path();
    Some(Setting {
        rule: None,
        end: PathEnd::Workloads,
        severity: Severity::Info,
        action: "enters the other containers of its pod, which share their processes".to_owned(),
        evidence: vec![Evidence::new(
            component.object_ref(),
            format!("{path}.shareProcessNamespace"),
        )],
        practice: None,
        cut: Some(Cut {
            practice: None,
            reason: "the containers of a pod are one ServiceAccount".to_owned(),
        }),
        note: None,
    })
}
