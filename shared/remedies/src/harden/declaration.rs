//! What is left of the operator's rights, declared.

use opsec_model::{ObjectRef, Snapshot};
use opsec_practices::{CheckError, Prepared};
use serde_json::json;

use super::Work;
use super::edit::Edits;
use crate::declare::{Declaring, declare};

const DECLARED: [&str; 2] = ["OPSEC601", "OPSEC602"];
/// The definition of declarations, without which the API server takes none.
const DEFINITION: &str = "operatorrights.kubectl-opsec.dev";

/// Declares what the operator holds in these facts.
///
/// # Errors
/// When the operator is not there.
pub(crate) fn write(
    work: &Work<'_>,
    snapshot: &Snapshot,
    edits: &mut Edits,
) -> Result<(), CheckError> {
    if !work.answers(&DECLARED) {
        return Ok(());
    }
    let prepared = Prepared::new(snapshot);
    let intended: Vec<String> = work.intended.iter().cloned().collect();
    let asked = Declaring {
        operator: Some(&work.name),
        intended: &intended,
        enforce: false,
    };
    let declared = declare(&prepared, &asked)?;
    let is_there = snapshot
        .custom_resource_definitions
        .iter()
        .any(|definition| definition.metadata.name == DEFINITION);
    if !is_there {
        let definition = json!(opsec_crd::custom_resource_definition());
        let object = ObjectRef::cluster("CustomResourceDefinition", DEFINITION);
        edits.create(object, definition, &DECLARED);
    }
    let mut object = ObjectRef::cluster("OperatorRights", declared.rights.metadata.name);
    "kubectl-opsec.dev".clone_into(&mut object.group);
    let spec = json!({"spec": declared.rights.spec});
    let mut known = snapshot.operator_rights.iter();
    if known.any(|known| known.metadata.name == object.name) {
        edits.patch(object, &spec, &DECLARED);
    } else {
        edits.create(object, spec, &DECLARED);
    }
    Ok(())
}
