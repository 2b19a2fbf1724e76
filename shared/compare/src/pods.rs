//! What only one state sets of its pods that the Pod Security Standards forbid.

use opsec_model::comparison::{PodDifference, PodSetting};
use opsec_model::objects::{PodTemplate, Workload};
use opsec_operators::Component;
use opsec_pod_security::{Violation, strictest, violations};

use crate::known::Known;
use crate::pairs::Pairs;

pub(crate) fn beyond(this: &Known<'_>, other: &Known<'_>, pairs: &Pairs) -> Vec<PodDifference> {
    let components = this.operator.components.iter();
    components
        .filter_map(|component| {
            let workload = component.workload_of(this.prepared.facts())?;
            let counterpart = pairs.components.get(&component.object);
            let theirs = counterpart.and_then(|object| {
                let mut all = other.operator.components.iter();
                let found = all.find(|component| component.object == *object)?;
                found.workload_of(other.prepared.facts())
            });
            one(component, workload, theirs)
        })
        .collect()
}

fn one(
    component: &Component,
    workload: &Workload,
    theirs: Option<&Workload>,
) -> Option<PodDifference> {
    let known = theirs.map_or_else(Vec::new, |theirs| violations(&theirs.template));
    let settings: Vec<PodSetting> = only(violations(&workload.template), &known)
        .into_iter()
        .map(|violation| PodSetting {
            level: violation.level,
            field: violation.path(workload.kind),
            message: violation.message,
        })
        .collect();
    let level = |template: &PodTemplate| strictest(template);
    (!settings.is_empty()).then(|| PodDifference {
        component: component.object.clone(),
        level: level(&workload.template),
        other_level: theirs.map(|theirs| level(&theirs.template)),
        settings,
    })
}

/// Violations of which the other has fewer: a container's place in the list is no difference.
fn only(mine: Vec<Violation>, theirs: &[Violation]) -> Vec<Violation> {
    let mut left: Vec<&Violation> = theirs.iter().collect();
    let is_known = |mine: &Violation, left: &mut Vec<&Violation>| {
        let mut places = left.iter();
        let place = places.position(|it| it.check == mine.check && it.message == mine.message);
        place.map(|place| left.swap_remove(place)).is_some()
    };
    mine.into_iter()
        .filter(|violation| !is_known(violation, &mut left))
        .collect()
}
