//! Combinations: two rights together are graver than each. They raise the grade of a part in its
//! own rule; they make no finding and remove none. What only the chain of a whole attack decides
//! is not decided here.

use std::collections::BTreeSet;
use std::sync::Arc;

use opsec_model::{Reach, ServiceAccountRef, Severity};
use opsec_rbac::{Names, Reaching};

use crate::GradedHit;
use crate::grading::Grading;
use crate::hit::Hit;
use crate::rows;

/// A graded hit with what raised it.
#[derive(Debug, Clone)]
pub(crate) struct Combined {
    pub(crate) graded: GradedHit,
    pub(crate) raised_by: Option<String>,
}

/// Applies every combination.
pub(crate) fn combine(
    grading: &Grading<'_>,
    account: &ServiceAccountRef,
    hits: Vec<GradedHit>,
) -> Vec<Combined> {
    let minted = mint_by_free_name(grading, account, &hits);
    let mut combined: Vec<Combined> = hits
        .into_iter()
        .map(|graded| Combined {
            graded,
            raised_by: None,
        })
        .collect();
    let all: Vec<GradedHit> = combined.iter().map(|entry| entry.graded.clone()).collect();
    let held = Held {
        all: &all,
        claims: creates_claims(grading, account),
    };
    for entry in &mut combined {
        held.raise(entry);
    }
    handing(&mut combined);
    combined.extend(minted);
    combined
}

struct Held<'a> {
    all: &'a [GradedHit],
    /// Where it may create PersistentVolumeClaims.
    claims: Vec<Reaching>,
}

const PODS: [&str; 2] = ["RUN-POD", "RUN-WORKLOAD"];

impl Held<'_> {
    fn at_cluster(&self, ids: &[&str]) -> bool {
        self.all.iter().any(|graded| {
            ids.contains(&graded.hit.row.id) && graded.reach == Reach::Cluster && !graded.hit.alone
        })
    }

    fn anywhere(&self, ids: &[&str]) -> Option<&GradedHit> {
        self.all
            .iter()
            .find(|graded| ids.contains(&graded.hit.row.id) && !graded.hit.alone)
    }

    /// A pod right where PersistentVolumeClaims can be created too.
    fn pods_with_claims(&self) -> Option<&GradedHit> {
        self.all.iter().find(|graded| {
            PODS.contains(&graded.hit.row.id)
                && self.claims.iter().any(|claims| {
                    *claims == Reaching::Cluster
                        || graded.hit.scope == Reaching::Cluster
                        || *claims == graded.hit.scope
                })
        })
    }

    fn raise(&self, entry: &mut Combined) {
        let id = entry.graded.hit.row.id;
        let reach = entry.graded.reach;
        match id {
            "ESC-SECRET-READ" | "ESC-SECRET-REVEAL"
                if reach == Reach::Cluster
                    && matches!(entry.graded.hit.names, Names::All)
                    && self.at_cluster(&PODS) =>
            {
                raise(
                    entry,
                    Severity::Critical,
                    "it may also create pods in every namespace",
                );
            }
            "RUN-PV" => {
                if let Some(pods) = self.pods_with_claims() {
                    let right = describe(pods);
                    raise(
                        entry,
                        Severity::Critical,
                        &format!("it may also claim it and {right}"),
                    );
                }
            }
            "GRD-NS-CREATE" if self.at_cluster(&PODS) => {
                raise(
                    entry,
                    Severity::Critical,
                    "it may also create pods in every namespace",
                );
            }
            "GRD-NS-PATCH" | "GRD-NS-SUB" => self.namespace_and_pods(entry),
            "RUN-DELETE-POD" if self.at_cluster(&["RUN-NODE", "RUN-NODE-STATUS"]) => {
                raise(entry, Severity::High, "it may also write nodes");
            }
            "RUN-NODE" | "RUN-NODE-STATUS" if self.anywhere(&["RUN-DELETE-POD"]).is_some() => {
                raise(entry, Severity::High, "it may also delete or evict pods");
            }
            _ => {}
        }
    }

    /// Changing a namespace and starting pods in it: the node.
    fn namespace_and_pods(&self, entry: &mut Combined) {
        let here = Arc::clone(&entry.graded.hit);
        let meeting = self.all.iter().find(|graded| {
            let pods = PODS.contains(&graded.hit.row.id) || graded.hit.row.id == "RUN-EPHEMERAL";
            pods && !graded.hit.alone && meets(&here, graded)
        });
        let Some(pods) = meeting else { return };
        let reach = entry.graded.reach.min(pods.reach);
        let severity = if matches!(reach, Reach::Cluster | Reach::Protected) {
            Severity::Critical
        } else {
            Severity::High
        };
        let right = describe(pods);
        raise(entry, severity, &format!("it may also {right} there"));
    }
}

fn creates_claims(grading: &Grading<'_>, account: &ServiceAccountRef) -> Vec<Reaching> {
    let request = opsec_rbac::Request {
        verb: "create",
        group: "",
        resource: "persistentvolumeclaims",
        subresource: None,
    };
    let Some(rights) = grading.effective(account) else {
        return Vec::new();
    };
    let held = rights.held(&request).into_iter();
    held.filter(|held| rights.grant(held).is_some_and(|grant| !grant.bootstrap))
        .map(|held| held.scope)
        .collect()
}

fn describe(graded: &GradedHit) -> String {
    graded
        .hit
        .atoms
        .iter()
        .next()
        .map_or_else(|| graded.hit.row.may.to_owned(), crate::hit::Atom::describe)
}

/// Whether a pod right holds in a namespace that the other right changes.
fn meets(namespaces: &crate::Hit, pods: &GradedHit) -> bool {
    let changed: Option<BTreeSet<&str>> = match (&namespaces.scope, &namespaces.names) {
        (_, Names::Only(names)) => Some(names.iter().map(String::as_str).collect()),
        (Reaching::Namespace(namespace), Names::All) => Some(BTreeSet::from([namespace.as_str()])),
        (Reaching::Cluster, Names::All) => None,
    };
    match (&changed, &pods.hit.scope) {
        (None, _) | (_, Reaching::Cluster) => true,
        (Some(changed), Reaching::Namespace(namespace)) => changed.contains(namespace.as_str()),
    }
}

fn raise(entry: &mut Combined, severity: Severity, why: &str) {
    if entry.graded.severity < severity {
        entry.graded.severity = severity;
        entry.raised_by = Some(why.to_owned());
    }
}

/// Creating Secrets without names and reading one free name mints a token under that name.
fn mint_by_free_name(
    grading: &Grading<'_>,
    account: &ServiceAccountRef,
    hits: &[GradedHit],
) -> Vec<Combined> {
    let Some(row) = rows::find("ESC-SECRET-WRITE").next() else {
        return Vec::new();
    };
    let mut minted = Vec::new();
    for create in hits
        .iter()
        .filter(|graded| graded.hit.row.id == "ESC-SECRET-CREATE")
    {
        if !matches!(create.hit.names, Names::All) {
            continue;
        }
        for read in hits
            .iter()
            .filter(|graded| ["ESC-SECRET-READ", "ESC-SECRET-REVEAL"].contains(&graded.hit.row.id))
        {
            let Names::Only(names) = &read.hit.names else {
                continue;
            };
            let scope = match (&create.hit.scope, &read.hit.scope) {
                (Reaching::Cluster, scope) | (scope, Reaching::Cluster) => scope.clone(),
                (a, b) if a == b => a.clone(),
                _ => continue,
            };
            let Some(free) = names
                .iter()
                .find(|name| grading.free_secret_name(&scope, name))
            else {
                continue;
            };
            let mut hit = Hit::clone(&create.hit);
            hit.row = row;
            hit.scope = scope;
            hit.atoms
                .extend(read.hit.atoms.iter().cloned().map(|mut atom| {
                    atom.name = Some(free.clone());
                    atom
                }));
            hit.grants.extend(read.hit.grants.iter().copied());
            if let Some(graded) = crate::grade::grade(grading, account, Arc::new(hit)) {
                let why = format!("the name {free}, which it may read, is free");
                minted.push(Combined {
                    graded,
                    raised_by: Some(why),
                });
            }
        }
    }
    minted
}

/// Handing on rights is low when there is nothing strong to hand on.
fn handing(combined: &mut [Combined]) {
    let strong = combined.iter().any(|entry| {
        entry.graded.severity >= Severity::High
            && entry.graded.hit.row.adjust != crate::row::Adjust::Handing
    });
    if strong {
        return;
    }
    for entry in combined {
        if entry.graded.hit.row.adjust == crate::row::Adjust::Handing {
            entry.graded.severity = entry.graded.severity.min(Severity::Low);
        }
    }
}
