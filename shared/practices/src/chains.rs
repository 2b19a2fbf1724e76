//! The escalation chains of the operator that is judged.

use std::collections::BTreeMap;

use opsec_model::objects::{Object as _, Secret, Workload};
use opsec_model::{ObjectRef, Path};
use opsec_paths::Chains;

use crate::context::Context;

/// The chains of the operator's components, sorted. What a baseline accepts is still held, so
/// that no exemption cuts a chain.
pub(crate) fn chains(context: &Context<'_>) -> Vec<Path> {
    Chains::new(
        context.ground,
        context.operator,
        &context.grading,
        severed(context),
    )
    .all()
}

/// The components that cannot use the API, each with the reason.
fn severed(context: &Context<'_>) -> BTreeMap<ObjectRef, String> {
    let components = context.components().into_iter();
    components
        .filter_map(|component| Some((component.object_ref(), no_token(context, component)?)))
        .collect()
}

/// Pods without a token for the API server have no rights there: none is mounted, and no Secret
/// with one.
fn no_token(context: &Context<'_>, component: &Workload) -> Option<String> {
    let facts = context.facts;
    if !facts.mounted_tokens(component).is_empty() || facts.missing("secrets", "").is_some() {
        return None;
    }
    let is_token = |secret: &&Secret| {
        secret.kind.as_deref() == Some("kubernetes.io/service-account-token")
            && secret.metadata.namespace() == component.namespace()
    };
    let mut tokens = facts.snapshot().secrets.iter().filter(is_token);
    let mounts_one = tokens.any(|token| {
        component.template.spec.volumes.iter().any(|volume| {
            let mut mounted = volume.secret.iter();
            // What else is projected is not known.
            let projects_others = volume.projected.iter().any(|projected| {
                let mut sources = projected.sources.iter();
                sources.any(|source| source.service_account_token.is_none())
            });
            projects_others || mounted.any(|mounted| mounted.secret_name == token.metadata.name)
        })
    });
    (!mounts_one).then(|| "its pods mount no API token".to_owned())
}
