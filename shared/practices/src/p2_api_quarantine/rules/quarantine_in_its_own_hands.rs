//! OPSEC208: the quarantine can be lifted by the quarantined.

use std::collections::BTreeSet;

use opsec_model::objects::Workload;
use opsec_model::{Half, ServiceAccountRef, Severity};
use opsec_network::{AllowedPeer, Direction, Peer, RestsOn};
use opsec_rbac::{EffectiveRights, Held, Names, Request};
use opsec_rights::row::Needs;
use opsec_rights::rows;

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::finding::one;
use crate::p1_separation::openings::onto_workloads;
use crate::p1_separation::rules::operator_reachable::is_held;
use crate::shell::quote;

/// OPSEC208.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC208",
    slug: "quarantine-in-its-own-hands",
    summary: "the operator can lift its own quarantine",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether the NetworkPolicies that make OPSEC102, OPSEC201 or OPSEC202 pass can be undone by the operator itself: it may write NetworkPolicies in their namespace (policies add up, so creating one is enough); or they select its pods by labels, and it may change or create pods or the workloads that make them; or they let peers in by labels of pods or namespaces that it may change.",
        why: "A quarantine that the quarantined can lift holds only against mistakes; a chain of attack treats it as absent.",
        severity: "low; the chain treats such a cut as absent",
        bad: "kind: Role\nmetadata: {namespace: operator}\nrules:\n- {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [create]}",
        good: "kind: Role\nmetadata: {namespace: shop}\nrules:\n- {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [create]}",
        fix: "Hold the operator's namespace by a policy with an empty podSelector, and grant it NetworkPolicies and pods in the payload's namespaces only.",
        references: &["https://kubernetes.io/docs/concepts/services-networking/network-policies/"],
    },
    needs: &[("networkpolicies", "networking.k8s.io")],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let mut quarantines: Vec<Quarantine<'_>> = Vec::new();
    for component in context.components() {
        for unknown in context.network.unknowns(component) {
            if !judgement.unknown.contains(&unknown.reason) {
                judgement.unknown.push(unknown.reason);
            }
        }
        let (rests, labelled) = rests_on(context, component);
        if rests.policies.is_empty() {
            continue;
        }
        judgement.subjects += 1;
        let namespace = component.namespace();
        if let Some(known) = quarantines
            .iter_mut()
            .find(|known| known.namespace == namespace)
        {
            known.add(component, rests, labelled);
        } else {
            let mut new = Quarantine {
                namespace,
                ..Quarantine::default()
            };
            new.add(component, rests, labelled);
            quarantines.push(new);
        }
    }
    if judgement.subjects == 0 {
        judgement.nothing = Some("no NetworkPolicy holds its pods");
        return judgement;
    }
    judgement.unknown.extend(context.invalid_rbac());
    for quarantine in &quarantines {
        for account in &context.operator.accounts {
            let Some(rights) = context.effective(&account.account) else {
                continue;
            };
            for lever in Lever::ALL {
                judgement
                    .findings
                    .extend(quarantine.finding(context, rights, lever));
            }
        }
    }
    judgement
}

/// What the rules that pass for a component rest on, and the peers that labels of pods let in.
fn rests_on(context: &Context<'_>, component: &Workload) -> (RestsOn, Vec<AllowedPeer>) {
    let (mut whole, mut labelled) = (RestsOn::default(), Vec::new());
    let egress = context
        .network
        .isolation(component, Direction::Egress)
        .is_isolated();
    for (direction, holds) in [
        (Direction::Ingress, is_held(context, component)),
        (Direction::Egress, egress),
    ] {
        if holds {
            merge(&mut whole, context.network.rests_on(component, direction));
            let allowed = context.network.allowed(component, direction);
            labelled.extend(allowed.into_iter().filter(
                |allowed| matches!(&allowed.peer, Peer::Pods { pods, .. } if !pods.is_empty()),
            ));
        }
    }
    (whole, labelled)
}

fn merge(whole: &mut RestsOn, part: RestsOn) {
    whole.policies.extend(part.policies);
    whole.own_labels.extend(part.own_labels);
    whole.peer_labels.extend(part.peer_labels);
    whole.namespace_labels.extend(part.namespace_labels);
}

/// By which the quarantine is lifted.
#[derive(Debug, Clone, Copy)]
enum Lever {
    /// Writing the policies.
    Policies,
    /// Making pods that they do not select.
    OwnLabels,
    /// Labelling pods that they let through.
    PeerLabels,
    /// Labelling namespaces that they let through.
    NamespaceLabels,
}

impl Lever {
    const ALL: [Self; 4] = [
        Self::Policies,
        Self::OwnLabels,
        Self::PeerLabels,
        Self::NamespaceLabels,
    ];

    /// The rows of the table of rights that move it.
    fn rows(self) -> &'static [&'static str] {
        match self {
            Self::Policies => &["GRD-NP"],
            Self::OwnLabels => &["RUN-POD", "RUN-WORKLOAD", "RUN-PATCH-POD"],
            Self::PeerLabels => &["RUN-PATCH-POD"],
            Self::NamespaceLabels => &["GRD-NS-PATCH", "GRD-NS-SUB"],
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Policies => {
                "grant networkpolicies in the payload's namespaces only, by RoleBindings there"
            }
            Self::OwnLabels => {
                "hold the whole namespace by a policy with an empty podSelector, or grant pods and workloads elsewhere"
            }
            Self::PeerLabels | Self::NamespaceLabels => {
                "let peers through by kubernetes.io/metadata.name, which nobody can change, or take that right away"
            }
        }
    }
}

/// The components of a namespace that policies hold, and what that rests on.
#[derive(Default)]
struct Quarantine<'a> {
    namespace: &'a str,
    components: Vec<&'a Workload>,
    rests: RestsOn,
    /// Peers that are told by their pods' labels.
    labelled: Vec<AllowedPeer>,
}

/// A right that moves a lever.
struct Moves {
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    held: Held,
}

impl<'a> Quarantine<'a> {
    fn add(&mut self, component: &'a Workload, rests: RestsOn, labelled: Vec<AllowedPeer>) {
        self.components.push(component);
        self.labelled.extend(labelled);
        merge(&mut self.rests, rests);
    }

    fn finding(
        &self,
        context: &Context<'_>,
        rights: &EffectiveRights,
        lever: Lever,
    ) -> Option<Draft> {
        let labels = match lever {
            Lever::Policies => None,
            Lever::OwnLabels => Some(&self.rests.own_labels),
            Lever::PeerLabels => Some(&self.rests.peer_labels),
            Lever::NamespaceLabels => Some(&self.rests.namespace_labels),
        };
        if labels.is_some_and(BTreeSet::is_empty) {
            return None;
        }
        let moves = self.moves(context, rights, lever);
        let first = moves.first()?;
        let account = &rights.account;
        let draft = Draft::new(
            Severity::Low,
            self.title(lever, labels),
            "a taken operator lifts its own quarantine before it uses the network",
            lever.remedy(),
        );
        let mut draft = onto_workloads(context, &self.components, draft);
        draft.service_accounts = vec![account.clone()];
        for policy in &self.rests.policies {
            draft = draft.evidence(policy.clone(), "spec.podSelector");
        }
        for held in &moves {
            let Some(grant) = rights.grant(&held.held) else {
                continue;
            };
            let entry = one(grant, &format!("{} {}", held.verb, held.resource));
            let known = draft.granted_by.iter().any(|known| {
                known.binding == entry.binding
                    && known.role == entry.role
                    && known.rule == entry.rule
            });
            if !known {
                draft.granted_by.push(entry);
            }
        }
        Some(draft.confirm(self.confirm(account, first)))
    }

    fn title(&self, lever: Lever, labels: Option<&BTreeSet<String>>) -> String {
        let namespace = self.namespace;
        let keys: Vec<&str> = labels.into_iter().flatten().map(String::as_str).collect();
        let keys = keys.join(", ");
        match lever {
            Lever::Policies => {
                format!("can write the NetworkPolicies of {namespace}, which hold its own pods")
            }
            Lever::OwnLabels => format!(
                "can run pods in {namespace} without the labels ({keys}) by which its NetworkPolicies select"
            ),
            Lever::PeerLabels => format!(
                "can give pods the labels ({keys}) by which its NetworkPolicies let peers through"
            ),
            Lever::NamespaceLabels => format!(
                "can give namespaces the labels ({keys}) by which its NetworkPolicies let peers through"
            ),
        }
    }

    /// What of the account's rights moves a lever.
    fn moves(&self, context: &Context<'_>, rights: &EffectiveRights, lever: Lever) -> Vec<Moves> {
        let mut all = Vec::new();
        for row in lever.rows().iter().copied().flat_map(rows::find) {
            let Needs::Any(parts) = row.needs else {
                continue;
            };
            for part in parts {
                for &verb in part.verbs {
                    for &resource in part.resources {
                        let request = Request::new(verb, part.group, resource);
                        let held = rights.held(&request).into_iter().filter(|held| {
                            self.reaches(context, lever, held) && self.names(lever, verb, held)
                        });
                        let group = part.group;
                        all.extend(held.map(|held| Moves {
                            verb,
                            group,
                            resource,
                            held,
                        }));
                    }
                }
            }
        }
        all
    }

    /// Peers' pods are where the policies say, all else must be where these are.
    fn reaches(&self, context: &Context<'_>, lever: Lever, held: &Held) -> bool {
        let Some(namespace) = held.scope.namespace() else {
            return true;
        };
        match lever {
            Lever::Policies | Lever::OwnLabels => namespace == self.namespace,
            Lever::PeerLabels => {
                let labels = context.facts.namespace_labels(namespace);
                self.labelled.iter().any(|allowed| match &allowed.peer {
                    Peer::Pods { namespaces, .. } => namespaces.matches(namespace, &labels),
                    _ => false,
                })
            }
            Lever::NamespaceLabels => true,
        }
    }

    /// What is created has any labels and, as policies add up, opens under any name.
    fn names(&self, lever: Lever, verb: &str, held: &Held) -> bool {
        let Names::Only(names) = &held.names else {
            return true;
        };
        verb == "create"
            || match lever {
                Lever::Policies => self
                    .rests
                    .policies
                    .iter()
                    .any(|policy| names.contains(&policy.name)),
                Lever::OwnLabels => self
                    .components
                    .iter()
                    .any(|own| names.contains(&own.metadata.name)),
                Lever::PeerLabels | Lever::NamespaceLabels => true,
            }
    }

    fn confirm(&self, account: &ServiceAccountRef, moves: &Moves) -> String {
        let (resource, subresource) = match moves.resource.split_once('/') {
            Some((resource, subresource)) => (resource, Some(subresource)),
            None => (moves.resource, None),
        };
        let mut what = if moves.group.is_empty() {
            resource.to_owned()
        } else {
            format!("{resource}.{}", moves.group)
        };
        let name = moves.held.names.only().and_then(|names| {
            let policies = self
                .rests
                .policies
                .iter()
                .map(|policy| policy.name.as_str());
            let components = self.components.iter().map(|own| own.metadata.name.as_str());
            let known = policies
                .chain(components)
                .find(|name| names.contains(*name));
            known.or_else(|| names.iter().next().map(String::as_str))
        });
        if let Some(name) = name {
            what = format!("{what}/{name}");
        }
        let part = subresource.map(|name| format!(" --subresource {}", quote(name)));
        let place = match moves.held.scope.namespace() {
            Some(namespace) => format!("-n {}", quote(namespace)),
            None => "--all-namespaces".to_owned(),
        };
        format!(
            "kubectl auth can-i {} {}{} {place} --as {}",
            moves.verb,
            quote(&what),
            part.unwrap_or_default(),
            quote(&account.user_name())
        )
    }
}
