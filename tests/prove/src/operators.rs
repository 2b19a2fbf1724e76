//! The operators half: every operator of the corpus. Its roles, bindings and accounts go into the
//! API server; each right that a finding rests on is asked of it by a SubjectAccessReview, and what
//! `rights` lists of each account is held against the account's own SelfSubjectRulesReview.

use std::collections::BTreeSet;
use std::time::Instant;

use opsec_manifests::{Input, Options, read};
use opsec_model::objects::{Metadata, PolicyRule};
use opsec_model::{
    AccessQuestion, EffectiveBaseline, Right, RightList, ServiceAccountRef, Snapshot,
};
use opsec_practices::{CheckOptions, Prepared, SelectedBaseline, list_operators, list_rights};
use opsec_rbac::{Attributes, User};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::ProveError;
use crate::replay::write;
use crate::rights::{Force, Review, Universe, is_allowed};
use crate::run::Run;
use crate::server::{Ask, Server};
use crate::table::{Row, Tally};

const RULES_REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

/// A right that is nothing but itself: verb, group, resource and name, or verb and path.
type Atom = (String, String, String, String);

/// Holds every operator of the corpus, or the first so many, against the API server.
///
/// # Errors
/// When there is no control plane, or the corpus cannot be read.
pub(crate) fn prove(run: &Run, most: usize) -> Result<Vec<Row>, ProveError> {
    let start = Instant::now();
    let Some(corpus) = opsec_corpus::corpus("prove operators") else {
        return Ok(Vec::new());
    };
    let mut force = Force::prepare(run.server()?)?;
    let (mut reviews, mut rules) = (Tally::default(), Tally::default());
    for input in files(&corpus.join("operators"))?.into_iter().take(most) {
        let before = (reviews.disagreements.len(), rules.disagreements.len());
        compare(&mut force, &input, &mut reviews, &mut rules)?;
        if before != (reviews.disagreements.len(), rules.disagreements.len()) {
            let name = &input.name;
            let text = String::from_utf8_lossy(&input.bytes);
            let document = json!({"part": "operators", "file": name, "text": text});
            write(run.replays(), &format!("operators-{name}.json"), &document)?;
        }
    }
    force.clear()?;
    let row = |what, tally| Row {
        what,
        tally,
        took: start.elapsed(),
        broken: Vec::new(),
    };
    Ok(vec![
        row("operators: rights behind findings", reviews),
        row("operators: rights of accounts", rules),
    ])
}

/// Asks again of the file that a document says.
pub(crate) fn replay(run: &Run, document: &Value) -> Result<(bool, String), ProveError> {
    let field = |name: &str| {
        let text = document.get(name).and_then(Value::as_str);
        text.ok_or_else(|| ProveError::Read(format!("the document has no `{name}`")))
    };
    let input = Input {
        name: field("file")?.to_owned(),
        bytes: field("text")?.as_bytes().to_vec(),
    };
    let mut force = Force::prepare(run.server()?)?;
    let (mut reviews, mut rules) = (Tally::default(), Tally::default());
    compare(&mut force, &input, &mut reviews, &mut rules)?;
    force.clear()?;
    let differ = [reviews.disagreements, rules.disagreements].concat();
    let said = match &differ[..] {
        [] => format!("{}: nothing differs", input.name),
        lines => lines.join("\n"),
    };
    Ok((differ.is_empty(), said))
}

/// Loads the rights of one file's operators, and holds them against the API server.
fn compare(
    force: &mut Force<'_>,
    input: &Input,
    reviews: &mut Tally,
    rules: &mut Tally,
) -> Result<(), ProveError> {
    let name = &input.name;
    let snapshot = read(std::slice::from_ref(input), &Options::default());
    let snapshot = snapshot
        .map_err(|error| ProveError::Read(error.to_string()))?
        .snapshot;
    let objects = rbac_objects(&snapshot)?;
    namespaces(force.server(), &objects)?;
    force.load(&Universe { objects })?;
    findings(force.server(), &snapshot, name, reviews)?;
    accounts(force.server(), &snapshot, name, rules)
}

fn files(folder: &std::path::Path) -> Result<Vec<Input>, ProveError> {
    let unusable = |error: std::io::Error| ProveError::File {
        path: folder.to_owned(),
        why: error.to_string(),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unusable)? {
        let path = entry.map_err(unusable)?.path();
        files.push(Input {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            bytes: std::fs::read(&path).map_err(unusable)?,
        });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// The roles and bindings as the API server takes them.
fn rbac_objects(snapshot: &Snapshot) -> Result<Vec<Value>, ProveError> {
    let mut objects = Vec::new();
    for role in &snapshot.cluster_roles {
        objects.push(object("ClusterRole", role, &role.metadata)?);
    }
    for role in &snapshot.roles {
        objects.push(object("Role", role, &role.metadata)?);
    }
    for binding in &snapshot.cluster_role_bindings {
        objects.push(object("ClusterRoleBinding", binding, &binding.metadata)?);
    }
    for binding in &snapshot.role_bindings {
        objects.push(object("RoleBinding", binding, &binding.metadata)?);
    }
    Ok(objects)
}

fn object(kind: &str, said: &impl Serialize, metadata: &Metadata) -> Result<Value, ProveError> {
    let value = serde_json::to_value(said);
    let mut value = value.map_err(|error| ProveError::Read(error.to_string()))?;
    if let Some(fields) = value.as_object_mut() {
        let Metadata {
            name,
            namespace,
            labels,
            ..
        } = metadata;
        let mut metadata = json!({"name": name, "labels": labels});
        if let (Some(namespace), Some(metadata)) = (namespace, metadata.as_object_mut()) {
            metadata.insert("namespace".to_owned(), json!(namespace));
        }
        fields.insert("metadata".to_owned(), metadata);
        fields.insert(
            "apiVersion".to_owned(),
            json!("rbac.authorization.k8s.io/v1"),
        );
        fields.insert("kind".to_owned(), json!(kind));
    }
    Ok(value)
}

/// Creates the namespaces of objects that are not there.
fn namespaces(server: &Server, objects: &[Value]) -> Result<(), ProveError> {
    let named = objects.iter().filter_map(|object| {
        let namespace = object.pointer("/metadata/namespace");
        namespace.and_then(Value::as_str)
    });
    for name in named.collect::<BTreeSet<_>>() {
        let path = format!("/api/v1/namespaces/{name}");
        if server.one(&Ask::new("GET", path, Value::Null))?.code == 404 {
            let object = json!({"metadata": {"name": name}});
            server.must(&[Ask::new("POST", "/api/v1/namespaces", object)])?;
        }
    }
    Ok(())
}

/// Asks of each right that a finding rests on whether the API server grants it.
fn findings(
    server: &Server,
    snapshot: &Snapshot,
    file: &str,
    tally: &mut Tally,
) -> Result<(), ProveError> {
    let unread = |error: &dyn std::fmt::Display| ProveError::Read(format!("{file}: {error}"));
    let baseline = EffectiveBaseline::builtin().map_err(|error| unread(&error))?;
    let options = CheckOptions {
        operator: None,
        all: true,
        half: None,
        fail_on: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let select = |_: &_| SelectedBaseline {
        baseline: baseline.clone(),
        notices: Vec::new(),
    };
    let probes = Prepared::new(snapshot).probes(&options, &select);
    let asked = probes.map_err(|error| unread(&error))?.reviews;
    let reviews: Vec<Review> = asked
        .iter()
        .map(|(account, question)| Review {
            user: User::service_account(account),
            asked: attributes(question, account),
        })
        .collect();
    let asks: Vec<Ask> = reviews.iter().map(Review::ask).collect();
    for (review, reply) in reviews.iter().zip(server.all(&asks)?) {
        if is_allowed(&reply) == Some(true) {
            tally.agreed(true);
        } else {
            let line = format!("{file}: {} is not granted: {}", review.spec(), reply.body);
            tally.disagreements.push(line);
        }
    }
    Ok(())
}

fn attributes(question: &AccessQuestion, account: &ServiceAccountRef) -> Attributes {
    if !question.path.is_empty() {
        return Attributes::Path {
            verb: question.verb.clone(),
            path: question.path.clone(),
        };
    }
    Attributes::Resource {
        verb: question.verb.clone(),
        group: question.group.clone(),
        resource: question.resource.clone(),
        subresource: question.subresource.clone(),
        name: question.name.clone(),
        // Without one it is asked in the account's own.
        namespace: question
            .namespace
            .clone()
            .unwrap_or_else(|| account.namespace.clone()),
    }
}

/// Compares what `rights` lists of each account with what the API server tells the account, in the
/// account's namespace and in every other that a right of it is in.
fn accounts(
    server: &Server,
    snapshot: &Snapshot,
    file: &str,
    tally: &mut Tally,
) -> Result<(), ProveError> {
    for list in lists(snapshot, file)? {
        for own in &list.operator.service_accounts {
            let account = ServiceAccountRef::new(&own.namespace, &own.name);
            let rights: Vec<&Right> = list
                .items
                .iter()
                .filter(|right| right.service_account == account)
                .collect();
            let mut places: BTreeSet<&str> = rights
                .iter()
                .filter_map(|right| right.namespace.as_deref())
                .collect();
            places.extend([account.namespace.as_str(), "default"]);
            for place in places {
                let theirs = told(server, &account, place)?;
                let ours = listed(&rights, place);
                if ours == theirs {
                    tally.agreed(!ours.is_empty());
                } else {
                    let more: Vec<_> = ours.difference(&theirs).collect();
                    let less: Vec<_> = theirs.difference(&ours).collect();
                    tally.disagreements.push(format!(
                        "{file}: {account} in {place}: only ours {more:?}, only the API server's {less:?}"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// What `rights` prints of each operator of a file.
fn lists(snapshot: &Snapshot, file: &str) -> Result<Vec<RightList>, ProveError> {
    let found = list_operators(snapshot);
    let mut lists = Vec::new();
    for operator in &found {
        // Of several of one name, the namespace tells.
        let same = found.iter().filter(|other| other.name == operator.name);
        let name = match operator.namespaces.first() {
            Some(namespace) if same.count() > 1 => namespace,
            _ => &operator.name,
        };
        let list = list_rights(snapshot, Some(name));
        lists.push(list.map_err(|error| ProveError::Read(format!("{file}: {error}")))?);
    }
    Ok(lists)
}

fn listed(rights: &[&Right], place: &str) -> BTreeSet<Atom> {
    let there = rights.iter().filter(|right| {
        right
            .namespace
            .as_deref()
            .is_none_or(|namespace| namespace == place)
    });
    let rules = there.map(|right| PolicyRule {
        verbs: right.verbs.clone(),
        api_groups: right.api_groups.clone(),
        resources: right.resources.clone(),
        resource_names: right.resource_names.clone(),
        // A path is granted by ClusterRoleBindings alone.
        non_resource_urls: match right.namespace {
            None => right.non_resource_urls.clone(),
            Some(_) => Vec::new(),
        },
    });
    rules.flat_map(|rule| atoms(&rule)).collect()
}

/// What the API server tells an account about a namespace.
fn told(
    server: &Server,
    account: &ServiceAccountRef,
    place: &str,
) -> Result<BTreeSet<Atom>, ProveError> {
    let body = json!({"spec": {"namespace": place}});
    let ask = Ask::new("POST", RULES_REVIEWS, body).of(&account.user_name());
    let reply = server.one(&ask)?;
    let mut all = BTreeSet::new();
    for list in ["resourceRules", "nonResourceRules"] {
        let rules = reply
            .body
            .pointer(&format!("/status/{list}"))
            .cloned()
            .unwrap_or_default();
        let rules: Vec<PolicyRule> = serde_json::from_value(rules)
            .map_err(|error| ProveError::Read(format!("{}: {error}", reply.body)))?;
        all.extend(rules.iter().flat_map(atoms));
    }
    Ok(all)
}

/// A rule, taken apart: however rules are cut and joined, their atoms are the same.
fn atoms(rule: &PolicyRule) -> BTreeSet<Atom> {
    let mut atoms = BTreeSet::new();
    // A name that is empty is a name; no names are all, written with a character no name has.
    let all = ["\n".to_owned()];
    let names = if rule.resource_names.is_empty() {
        &all[..]
    } else {
        &rule.resource_names
    };
    for verb in &rule.verbs {
        for path in &rule.non_resource_urls {
            atoms.insert((verb.clone(), "path".to_owned(), path.clone(), String::new()));
        }
        for group in &rule.api_groups {
            for resource in &rule.resources {
                for name in names {
                    let group = format!("/{group}");
                    atoms.insert((verb.clone(), group, resource.clone(), name.clone()));
                }
            }
        }
    }
    atoms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_are_cut_otherwise_have_the_same_atoms() {
        let rule = |text: &str| -> PolicyRule { serde_json::from_str(text).unwrap() };
        let whole =
            rule(r#"{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["a", "b"]}"#);
        let parts = [
            rule(r#"{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["a"]}"#),
            rule(r#"{"verbs": ["list"], "apiGroups": [""], "resources": ["b"]}"#),
            rule(r#"{"verbs": ["get"], "apiGroups": [""], "resources": ["b", "a"]}"#),
        ];
        let together: BTreeSet<Atom> = parts.iter().flat_map(atoms).collect();
        assert_eq!(atoms(&whole), together);
        let named = rule(
            r#"{"verbs": ["get"], "apiGroups": [""], "resources": ["a"], "resourceNames": [""]}"#,
        );
        assert!(atoms(&named).is_disjoint(&together));
    }
}
