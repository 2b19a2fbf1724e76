//! The digest of a snapshot, taken object by object: a tree of the whole is ten times as large as
//! the snapshot, and a cluster's is large.

use serde::Serialize;
use serde_json::Value;

use super::Snapshot;
use crate::canonical::{CanonicalError, Digester};

/// A field that is written, or left out as its JSON leaves it out.
type Field<'a> = (
    String,
    Box<dyn Fn(&mut Digester) -> Result<(), CanonicalError> + 'a>,
);

macro_rules! fields {
    ($snapshot:ident; $($list:ident,)+) => {{
        // Exhaustive: what is new in the snapshot does not compile until it stands here.
        let Snapshot {
            $($list,)+
            source,
            kubernetes_version,
            gathered_at,
            cluster_uid,
            incomplete,
            notices,
        } = $snapshot;
        let mut fields: Vec<Field<'_>> = vec![("source".to_owned(), Box::new(|to| to.value(source)))];
        $(if !$list.is_empty() {
            fields.push((camel_case(stringify!($list)), Box::new(|to| list($list, to))));
        })+
        if !kubernetes_version.is_empty() {
            fields.push(("kubernetesVersion".to_owned(), Box::new(|to| to.value(kubernetes_version))));
        }
        if let Some(time) = gathered_at {
            fields.push(("gatheredAt".to_owned(), Box::new(|to| to.value(time))));
        }
        if let Some(uid) = cluster_uid {
            fields.push(("clusterUid".to_owned(), Box::new(|to| to.value(uid))));
        }
        if !incomplete.is_empty() {
            fields.push(("incomplete".to_owned(), Box::new(|to| to.value(incomplete))));
        }
        if !notices.is_empty() {
            fields.push(("notices".to_owned(), Box::new(|to| unordered(notices, to))));
        }
        fields
    }};
}

/// As the snapshot's JSON names its fields.
fn camel_case(field: &str) -> String {
    let mut name = String::new();
    for (place, word) in field.split('_').enumerate() {
        match word.split_at_checked(1) {
            Some((first, rest)) if place > 0 => name.extend([&first.to_uppercase(), rest]),
            _ => name.push_str(word),
        }
    }
    name
}

/// The digest of the facts: file names and lines excluded.
pub(super) fn of(snapshot: &Snapshot) -> Result<String, CanonicalError> {
    let mut fields = fields! { snapshot;
        served,
        placements,
        namespaces,
        service_accounts,
        secrets,
        config_maps,
        nodes,
        workloads,
        roles,
        cluster_roles,
        role_bindings,
        cluster_role_bindings,
        network_policies,
        other_network_policies,
        services,
        ingresses,
        gateway_routes,
        endpoint_slices,
        custom_resource_definitions,
        api_services,
        validating_admission_policies,
        validating_admission_policy_bindings,
        mutating_admission_policies,
        mutating_admission_policy_bindings,
        validating_webhook_configurations,
        mutating_webhook_configurations,
        operator_groups,
        operator_rights,
        custom_objects,
        crd_creation_answers,
        access_reviews,
    };
    // Canonical JSON sorts members; these names are ASCII.
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut digester = Digester::default();
    digester.raw(b"{");
    for (place, (name, write)) in fields.iter().enumerate() {
        if place > 0 {
            digester.raw(b",");
        }
        digester.value(name)?;
        digester.raw(b":");
        write(&mut digester)?;
    }
    digester.raw(b"}");
    Ok(digester.finish())
}

fn list<T: Serialize>(objects: &[T], to: &mut Digester) -> Result<(), CanonicalError> {
    to.raw(b"[");
    for (place, object) in objects.iter().enumerate() {
        if place > 0 {
            to.raw(b",");
        }
        to.tree(&without_places(object)?)?;
    }
    to.raw(b"]");
    Ok(())
}

/// What is to be known about the input, whatever order it was found in.
fn unordered<T: Serialize>(objects: &[T], to: &mut Digester) -> Result<(), CanonicalError> {
    let values = objects.iter().map(without_places);
    let mut values = values.collect::<Result<Vec<Value>, _>>()?;
    values.sort_by_cached_key(ToString::to_string);
    values.dedup();
    to.tree(&Value::Array(values))
}

fn without_places(object: &impl Serialize) -> Result<Value, CanonicalError> {
    let mut value = serde_json::to_value(object)?;
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("inputFile");
    }
    if let Some(notice) = value.as_object_mut().filter(|o| o.contains_key("code")) {
        notice.remove("source");
        // A sentence for people: it may name files and lines.
        notice.remove("message");
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::canonical;

    #[test]
    fn it_is_the_digest_of_the_whole_in_canonical_form() {
        let workload = json!({"kind": "Pod", "metadata": {"name": "p", "labels": {"b": "1", "a": "2"}},
            "template": {"metadata": {}, "spec": {}}});
        let named = json!([{"metadata": {"name": "n"}}, {"metadata": {"name": "m"}}]);
        let mut document = json!({
            "source": {"kind": "cluster"}, "kubernetesVersion": "1.36.3",
            "gatheredAt": "2026-01-01T00:00:00Z", "clusterUid": "u",
            "workloads": [workload.clone(), workload],
        });
        // Names are those of the snapshot's own JSON: each list changes the digest as it should.
        for list in [
            "namespaces",
            "serviceAccounts",
            "secrets",
            "configMaps",
            "nodes",
            "roles",
            "clusterRoles",
            "networkPolicies",
            "services",
            "customResourceDefinitions",
            "validatingAdmissionPolicyBindings",
        ] {
            document[list] = named.clone();
        }
        let snapshot: Snapshot = serde_json::from_value(document).unwrap();
        let whole = serde_json::to_value(&snapshot).unwrap();
        assert_eq!(of(&snapshot).unwrap(), canonical::digest(&whole).unwrap());
        let empty = Snapshot::default();
        assert_eq!(of(&empty).unwrap(), canonical::digest(&empty).unwrap());
    }
}
