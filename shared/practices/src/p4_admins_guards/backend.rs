//! Who serves a webhook or an APIService: whether it is the judged operator.

use opsec_model::ObjectRef;
use opsec_model::objects::{Metadata, Object as _, ServiceReference, WebhookClientConfig};

use crate::context::Context;

/// Whether the operator serves a webhook. One at an address is the operator's when its
/// configuration is.
pub(crate) fn serves(
    context: &Context<'_>,
    client: &WebhookClientConfig,
    configuration: &Metadata,
) -> bool {
    match (&client.service, &client.url) {
        (Some(service), _) => serves_service(context, service),
        (None, Some(_)) => is_of_the_installation(context, configuration),
        (None, None) => false,
    }
}

/// Whether a Service leads to the operator's pods. One that leads to no known pod is the
/// operator's when it lies in a namespace of it.
pub(crate) fn serves_service(context: &Context<'_>, service: &ServiceReference) -> bool {
    let behind = context
        .facts
        .workloads_behind(&service.namespace, &service.name);
    if behind.is_empty() {
        return context.operator.namespaces.contains(&service.namespace);
    }
    behind
        .into_iter()
        .any(|workload| context.is_component(workload))
}

/// The operator's components behind a Service.
pub(crate) fn components_behind(
    context: &Context<'_>,
    service: Option<&ServiceReference>,
) -> Vec<ObjectRef> {
    let Some(service) = service else {
        return Vec::new();
    };
    context
        .facts
        .workloads_behind(&service.namespace, &service.name)
        .into_iter()
        .map(opsec_model::objects::Workload::object_ref)
        .filter(|object| context.operator.is_component(object))
        .collect()
}

/// Labels decide where both have them, else the file.
fn is_of_the_installation(context: &Context<'_>, metadata: &Metadata) -> bool {
    let marks = &context.operator.marks;
    for (key, known) in [
        ("app.kubernetes.io/instance", &marks.instance),
        ("app.kubernetes.io/part-of", &marks.part_of),
    ] {
        if let (Some(value), false) = (metadata.label(key), known.is_empty()) {
            return known.contains(value);
        }
    }
    metadata
        .input_file
        .as_ref()
        .is_some_and(|file| context.operator.files.contains(file))
}
