//! The label by which a cluster knows what files tell by lying beside each other: which workloads are
//! one operator's, and which kinds are its own. It is written only where a cluster would not know.

use std::collections::BTreeSet;

use opsec_model::snapshot::SourceKind;
use opsec_model::{ObjectRef, Snapshot};
use opsec_operators::Operator;
use opsec_practices::Prepared;
use serde_json::json;

use super::Work;
use super::edit::Edits;

/// The label of Kubernetes' recommended ones that says what a part is a part of.
const PART_OF: &str = "app.kubernetes.io/part-of";
/// How long the value of a label may be, in bytes.
const LONGEST: usize = 63;

/// Rules that come to something else in a cluster that takes the parts for several operators, or the
/// operator's kinds for another's.
const OF_PARTS: &str = "OPSEC101";
const OF_KINDS: &str = "OPSEC304";

/// The labels that are missing. `after` is what the facts are once all else is done: a binding that
/// joined the parts may be gone.
pub(crate) fn missing(work: &mut Work<'_>, prepared: &Prepared<'_>, after: &Snapshot) -> Edits {
    let mut labels = Edits::default();
    if !prepared.facts().from_files() || !work.answers(&[OF_PARTS, OF_KINDS]) {
        return labels;
    }
    let of_a_cluster = as_of_a_cluster(after);
    let mut labelled = of_a_cluster.clone();
    // Whose the kinds are is only known once the parts are known to be one operator.
    for _ in 0..2 {
        let unknown = Unknown::new(&work.operator, prepared, &labelled);
        unknown.label(&work.operator, &mut labels);
        labelled = super::snapshot::with(&of_a_cluster, &labels);
    }
    let is_known = Unknown::new(&work.operator, prepared, &labelled).is_nothing();
    if is_known && (labels.iter().next().is_none() || fits(&work.operator)) {
        return labels;
    }
    work.notes.push(format!(
        "in a cluster nothing says that the parts of {} belong together: label its workloads and definitions alike with {PART_OF}",
        work.operator.name
    ));
    Edits::default()
}

/// The facts as a cluster has them: nothing lies in a file.
fn as_of_a_cluster(snapshot: &Snapshot) -> Snapshot {
    let mut of_a_cluster = snapshot.clone();
    of_a_cluster.source.kind = SourceKind::Cluster;
    of_a_cluster
}

/// Whether its name can be the label's value, and no part says otherwise.
fn fits(operator: &Operator) -> bool {
    let is_said = |said: &String| *said == operator.name;
    operator.name.len() <= LONGEST && operator.marks.part_of.iter().all(is_said)
}

/// What a cluster does not know of an operator.
struct Unknown {
    /// That its workloads are one operator.
    parts: bool,
    /// Names of its CustomResourceDefinitions that nothing says to be its own, once its workloads are
    /// known to be one operator.
    definitions: Vec<String>,
}

impl Unknown {
    fn new(operator: &Operator, prepared: &Prepared<'_>, of_a_cluster: &Snapshot) -> Self {
        let live = Prepared::new(of_a_cluster);
        let whole = live.operators().iter().find(|it| holds(it, operator));
        let others: BTreeSet<_> = prepared
            .operators()
            .iter()
            .filter(|it| it.components != operator.components)
            .flat_map(|it| &it.owned_kinds)
            .collect();
        let definitions = &prepared.snapshot().custom_resource_definitions;
        let definitions = definitions.iter().filter(|definition| {
            let names = &definition.spec.names;
            let kind = opsec_model::Kind::new(&names.plural, &definition.spec.group);
            operator.owned_kinds.contains(&kind)
                && !others.contains(&kind)
                && whole.is_some_and(|whole| !whole.owned_kinds.contains(&kind))
        });
        Self {
            parts: whole.is_none(),
            definitions: definitions.map(|it| it.metadata.name.clone()).collect(),
        }
    }

    fn is_nothing(&self) -> bool {
        !self.parts && self.definitions.is_empty()
    }

    /// Writes the labels that tell it.
    fn label(&self, operator: &Operator, labels: &mut Edits) {
        if self.is_nothing() {
            return;
        }
        let fields = json!({"metadata": {"labels": {PART_OF: operator.name}}});
        let answers = if self.parts { OF_PARTS } else { OF_KINDS };
        for component in &operator.components {
            labels.patch(component.object.clone(), &fields, &[answers]);
        }
        for name in &self.definitions {
            let object = ObjectRef::cluster("CustomResourceDefinition", name);
            labels.patch(object, &fields, &[OF_KINDS]);
        }
    }
}

/// Whether one has all workloads of the other.
fn holds(one: &Operator, other: &Operator) -> bool {
    let objects: BTreeSet<_> = one.components.iter().map(|it| &it.object).collect();
    other
        .components
        .iter()
        .all(|it| objects.contains(&it.object))
}
