//! Escalation chains of operators as they ship.
#![cfg(test)]

use std::collections::BTreeSet;

use opsec_e2e::{corpus, demo, files, snapshot};
use opsec_model::objects::Object as _;
use opsec_model::{Hop, ObjectRef, Path, PathEnd, ServiceAccountRef, Snapshot};
use opsec_practices::find_paths;
use opsec_rbac::{Attributes, Policy, User};
use opsec_rights::row::{Needs, Part, Special};
use opsec_rights::rows;

fn chains(folder: &std::path::Path, name: &str) -> Vec<Path> {
    let files = files(folder).unwrap();
    let input = files.iter().find(|input| input.name == name).unwrap();
    let snapshot = snapshot(std::slice::from_ref(input)).unwrap();
    find_paths(&snapshot, None).unwrap().items
}

/// Tried on a running API server: the token Secret of the controller that aggregates ClusterRoles,
/// and with it that controller's own role.
#[test]
fn cert_manager_is_cluster_admin_in_two_hops() {
    let Some(folder) = corpus("cert_manager_is_cluster_admin_in_two_hops") else {
        return;
    };
    let paths = chains(&folder.join("operators"), "cert-manager.yaml");
    let worst = paths.first().unwrap();
    assert!(!worst.cut);
    assert_eq!(worst.end, PathEnd::ClusterAdmin);
    let hops: Vec<(String, Option<&str>, String)> = worst
        .hops
        .iter()
        .map(|hop| {
            (
                hop.from.to_string(),
                hop.right.as_deref(),
                hop.to.to_string(),
            )
        })
        .collect();
    let controller = "ServiceAccount/kube-system/clusterrole-aggregation-controller".to_owned();
    assert_eq!(
        hops,
        [
            (
                "Deployment/cert-manager/cert-manager".to_owned(),
                Some("ESC-SECRET-WRITE"),
                controller.clone()
            ),
            (
                controller,
                Some("ESC-ESCALATE"),
                "ClusterRole/cluster-admin".to_owned()
            ),
        ]
    );
}

/// `cluster-admin critical: Deployment/a/b -ESC-BIND-> ClusterRole/cluster-admin`.
fn line(path: &Path) -> String {
    let mut line = format!("{} {}:", path.end.as_str(), path.severity);
    if path.cut {
        line.push_str(" (cut)");
    }
    let mut at = String::new();
    for hop in &path.hops {
        let from = hop.from.to_string();
        if from != at {
            line = format!("{line} {from}");
        }
        at = hop.to.to_string();
        let right = hop.right.as_deref().unwrap_or("");
        let cut = hop
            .reason
            .as_ref()
            .filter(|_| hop.cut)
            .map_or(String::new(), |reason| format!(" | {reason} |"));
        line = format!("{line} -{right}{cut}-> {at}");
    }
    line
}

#[test]
fn the_heads_of_every_operator() {
    let Some(folder) = corpus("the_heads_of_every_operator") else {
        return;
    };
    let mut lines = Vec::new();
    for input in files(&folder.join("operators")).unwrap() {
        let snapshot = snapshot(std::slice::from_ref(&input)).unwrap();
        lines.push(input.name.clone());
        for path in opsec_e2e::judge_snapshot(&snapshot, None).unwrap().paths {
            lines.push(format!("  {}", line(&path)));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// The demo operator hardened: what it still may do is held by its namespaces, or meant.
#[test]
fn nothing_is_reached_from_the_hardened_demo() {
    for input in demo().unwrap() {
        let snapshot = snapshot(std::slice::from_ref(&input)).unwrap();
        let paths = find_paths(&snapshot, None).unwrap().items;
        let open: Vec<String> = paths.iter().filter(|path| !path.cut).map(line).collect();
        let as_shipped = input.name.starts_with("as-shipped");
        assert_eq!(open.is_empty(), !as_shipped, "{}: {open:#?}", input.name);
        assert!(!paths.is_empty(), "{}", input.name);
    }
}

/// Every operator and every attack, with what was read of them.
fn everything(test: &str) -> Option<Vec<(String, Snapshot, Vec<Path>)>> {
    let folder = corpus(test)?;
    let inputs = ["operators", "attacks"]
        .into_iter()
        .flat_map(|name| files(&folder.join(name)).unwrap())
        .chain(demo().unwrap());
    let all = inputs.filter_map(|input| {
        let snapshot = snapshot(std::slice::from_ref(&input)).unwrap();
        let paths = find_paths(&snapshot, None).ok()?.items;
        Some((input.name, snapshot, paths))
    });
    Some(all.collect())
}

/// Whoever is reached acts next; who changes a namespace goes on as who he is.
#[test]
fn chains_are_contiguous_sorted_and_told() {
    let Some(all) = everything("chains_are_contiguous_sorted_and_told") else {
        return;
    };
    for (name, snapshot, paths) in all {
        for path in &paths {
            let told = line(path);
            assert!(!path.hops.is_empty(), "{name}: {told}");
            let first = path.hops[0].from.clone();
            let is_there = snapshot.workloads.iter().any(|w| w.object_ref() == first);
            assert!(is_there, "{name}: {told}");
            for pair in path.hops.windows(2) {
                let goes_on = if pair[0].to.kind == "Namespace" {
                    &pair[0].from
                } else {
                    &pair[0].to
                };
                assert_eq!(*goes_on, pair[1].from, "{name}: {told}");
            }
            assert_eq!(
                path.cut,
                path.hops.iter().any(|hop| hop.cut),
                "{name}: {told}"
            );
            for hop in &path.hops {
                assert!(hop.action.starts_with(char::is_lowercase), "{}", hop.action);
                assert!(!hop.evidence.is_empty(), "{name}: {told}");
                assert!(!hop.cut || hop.reason.is_some(), "{name}: {told}");
                assert!(hop.practice.is_none_or(|number| (1..=6).contains(&number)));
            }
        }
        let mut sorted = paths.clone();
        opsec_paths::sort(&mut sorted);
        assert_eq!(paths, sorted, "{name}");
    }
}

/// A second look at each hop: the authoriser, which knows nothing of rows, grants what the row of
/// the hop's right needs.
#[test]
fn what_a_hop_needs_is_really_granted() {
    let Some(all) = everything("what_a_hop_needs_is_really_granted") else {
        return;
    };
    let mut asked = 0;
    for (name, snapshot, paths) in all {
        let policy = Policy::from_snapshot(&snapshot);
        let names = names_of_rules(&snapshot);
        for hop in paths.iter().flat_map(|path| &path.hops) {
            let Some(right) = hop.right.as_deref().filter(|id| !id.starts_with("OPSEC")) else {
                continue;
            };
            let account = account_of(&snapshot, &hop.from);
            let asking = Asking {
                policy: &policy,
                user: User::service_account(&account),
                namespaces: namespaces(&snapshot, &account, hop),
                names: &names,
            };
            let held = rows::find(right).any(|row| asking.holds(&row.needs));
            assert!(held, "{name}: {account} {right} -> {}", hop.to);
            asked += 1;
        }
    }
    assert!(asked > 150, "{asked}");
}

/// Whether a user is granted something in one of these namespaces, for one of these names.
struct Asking<'a> {
    policy: &'a Policy,
    user: User,
    namespaces: BTreeSet<String>,
    names: &'a BTreeSet<String>,
}

impl Asking<'_> {
    fn holds(&self, needs: &Needs) -> bool {
        let part = |part: &Part| {
            part.verbs.iter().any(|verb| {
                let mut resources = part.resources.iter();
                resources.any(|resource| self.is_granted(verb, part.group, resource))
            })
        };
        match needs {
            Needs::Any(parts) => parts.iter().any(part),
            Needs::Together(combinations) => combinations
                .iter()
                .any(|groups| groups.iter().all(|parts| parts.iter().any(part))),
            Needs::Special(Special::Wildcard) => self.is_granted("*", "*", "*"),
            Needs::Special(Special::AdminBound) => self.is_granted("delete", "", "secrets"),
            Needs::Special(Special::ImpersonateServiceAccount) => {
                self.is_granted("impersonate", "", "serviceaccounts")
            }
            Needs::Special(Special::SecretReveal) => ["patch", "delete", "deletecollection"]
                .into_iter()
                .any(|verb| self.is_granted(verb, "", "secrets")),
            Needs::Special(other) => panic!("how to ask for {other:?}"),
        }
    }

    fn is_granted(&self, verb: &str, group: &str, resource: &str) -> bool {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        self.namespaces.iter().any(|namespace| {
            self.names.iter().any(|name| {
                let attributes = Attributes::Resource {
                    verb: verb.to_owned(),
                    group: group.to_owned(),
                    resource: resource.to_owned(),
                    subresource: subresource.to_owned(),
                    name: name.clone(),
                    namespace: namespace.clone(),
                };
                self.policy.authorize(&self.user, &attributes).allowed
            })
        })
    }
}

fn namespaces(snapshot: &Snapshot, account: &ServiceAccountRef, hop: &Hop) -> BTreeSet<String> {
    let bindings = snapshot.role_bindings.iter();
    ["", "kube-system", "default", &account.namespace]
        .into_iter()
        .chain(hop.to.namespace.as_deref())
        .chain(bindings.map(|binding| binding.metadata.namespace()))
        .map(str::to_owned)
        .collect()
}

fn names_of_rules(snapshot: &Snapshot) -> BTreeSet<String> {
    let roles = snapshot.roles.iter().flat_map(|role| &role.rules);
    let cluster = snapshot.cluster_roles.iter().flat_map(|role| &role.rules);
    let names = roles.chain(cluster).flat_map(|rule| &rule.resource_names);
    names.cloned().chain([String::new()]).collect()
}

/// The account that acts: itself, or that of the workload.
fn account_of(snapshot: &Snapshot, actor: &ObjectRef) -> ServiceAccountRef {
    let namespace = actor.namespace.as_deref().unwrap_or_default();
    if actor.kind == "ServiceAccount" {
        return ServiceAccountRef::new(namespace, &actor.name);
    }
    let mut workloads = snapshot.workloads.iter();
    let workload = workloads.find(|w| w.object_ref() == *actor).unwrap();
    ServiceAccountRef::new(namespace, workload.template.spec.service_account())
}

#[test]
fn the_same_input_has_the_same_chains() {
    let Some(folder) = corpus("the_same_input_has_the_same_chains") else {
        return;
    };
    let mut inputs = files(&folder.join("operators")).unwrap();
    inputs.truncate(6);
    let forwards = snapshot(&inputs).unwrap();
    inputs.reverse();
    let backwards = snapshot(&inputs).unwrap();
    for operator in opsec_practices::list_operators(&forwards) {
        let name = Some(operator.name.as_str());
        let Ok(one) = find_paths(&forwards, name) else {
            continue;
        };
        assert_eq!(one.items, find_paths(&backwards, name).unwrap().items);
    }
}
