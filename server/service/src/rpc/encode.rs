//! Results of the use cases as messages.

use opsec_model::Baseline;
use opsec_model::canonical::{CanonicalError, to_canonical_json};
use opsec_practices::contract::{Practice, Rule};
use opsec_proto::v1;
use opsec_store::StoredBaseline;

use crate::clock;
use crate::use_case::check::Judged;
use crate::use_case::select::Selected;

pub(crate) fn judged(judged: Judged) -> v1::CheckResult {
    v1::CheckResult {
        report: Some(opsec_wire::encode_report(&judged.report)),
        baseline: Some(resolved(judged.baseline)),
    }
}

fn resolved(selected: Selected) -> v1::ResolvedBaseline {
    let (parent, parent_revision, parent_digest) =
        selected.parent.map_or_else(Default::default, |parent| {
            (resource("default"), parent.revision, parent.digest)
        });
    v1::ResolvedBaseline {
        name: resource(&selected.name),
        revision: selected.revision,
        digest: selected.digest,
        parent,
        parent_revision,
        parent_digest,
        effective_digest: selected.effective_digest,
        r#match: selected.matched.into(),
        selected: selected.matched == v1::BaselineMatch::Selected,
    }
}

pub(crate) fn topic(topic: opsec_model::Topic) -> v1::Topic {
    v1::Topic {
        kind: opsec_wire::encode_explained(topic.explains),
        id: topic.id,
        title: topic.title,
    }
}

pub(crate) fn rule((practice, rule): (&Practice, &Rule)) -> v1::Rule {
    v1::Rule {
        id: rule.id.to_owned(),
        practice: practice.number.into(),
        practice_name: practice.name.to_owned(),
        half: opsec_wire::encode_half(rule.half),
        summary: rule.summary.to_owned(),
        slug: rule.slug.to_owned(),
    }
}

pub(crate) fn stored(stored: &StoredBaseline) -> v1::Baseline {
    let time = jiff::Timestamp::from_millisecond(stored.created_at).ok();
    v1::Baseline {
        name: resource(stored.name()),
        document: stored.document.clone().into(),
        canonical_json: stored.canonical.clone().into(),
        revision: stored.revision,
        digest: stored.digest.clone(),
        etag: stored.etag.clone(),
        revision_create_time: time.map(clock::encode),
    }
}

/// The built-in baseline: revision 0 of `default`, without an etag.
pub(crate) fn builtin() -> Result<v1::Baseline, CanonicalError> {
    let baseline = Baseline::builtin();
    let name = &baseline.metadata.name;
    let canonical = to_canonical_json(&serde_json::json!({"name": name, "spec": baseline.spec}))?;
    Ok(v1::Baseline {
        name: resource(name),
        document: opsec_wire::encode_baseline(&baseline)?.into(),
        canonical_json: canonical.into(),
        revision: 0,
        digest: baseline.digest()?,
        etag: String::new(),
        revision_create_time: None,
    })
}

fn resource(name: &str) -> String {
    format!("baselines/{name}")
}
