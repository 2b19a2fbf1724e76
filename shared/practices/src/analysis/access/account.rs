//! The answer for each account.

use opsec_kubernetes::ResourceNames;
use opsec_model::{
    AccessQuestion, AccountAnswer, Allowed, Completeness, Kind, ServiceAccountRef, Snapshot,
};
use opsec_model::{NoticeCode, ObjectRef};
use opsec_rbac::{Attributes, Granted, Kinds, unreal};

use super::{Answered, Asked, attributes};
use crate::finding::one;
use crate::prepared::Prepared;

const RBAC: &str = "rbac.authorization.k8s.io";

/// What answers rest on.
pub(super) struct Answering<'a> {
    kinds: &'a Kinds,
    answer_only: bool,
    /// Why a denial in the cluster is not known.
    of_cluster: Option<String>,
    /// Why one in a namespace is not.
    of_namespace: Option<String>,
    /// An object that the API server would refuse, so that it grants nothing.
    refused: Option<ObjectRef>,
}

impl<'a> Answering<'a> {
    pub(super) fn new(prepared: &'a Prepared<'_>, answer_only: bool) -> Self {
        let snapshot = prepared.snapshot();
        let of_cluster = missing(snapshot, &["clusterroles", "clusterrolebindings"]);
        Self {
            kinds: prepared.kinds(),
            answer_only,
            of_namespace: of_cluster
                .clone()
                .or_else(|| missing(snapshot, &["roles", "rolebindings"])),
            of_cluster,
            refused: refused(snapshot),
        }
    }

    /// The answer to a question, asked by each of the accounts.
    pub(super) fn answer<'g>(
        &self,
        names: &ResourceNames<'_>,
        asked: &Asked,
        rules: impl Iterator<Item = (&'g ServiceAccountRef, &'g Granted)>,
    ) -> Result<Answered, String> {
        let question = asked.read(names, self.kinds)?;
        let mut accounts = Vec::new();
        let mut allowed = Allowed::No;
        for (account, granted) in rules {
            let answer = self.of_account(&question, account, granted);
            allowed = either(allowed, answer.allowed);
            if !self.answer_only || answer.allowed == Allowed::Unknown {
                accounts.push(answer);
            }
        }
        Ok(Answered {
            question,
            allowed,
            accounts,
        })
    }

    fn of_account(
        &self,
        question: &AccessQuestion,
        account: &ServiceAccountRef,
        granted: &Granted,
    ) -> AccountAnswer {
        let own = question
            .namespace
            .is_none()
            .then(|| account.namespace.clone());
        let attributes = attributes(question, &account.namespace);
        let grant = granted.authorize(&attributes);
        let (allowed, reason) = match (&grant, self.unknown(&attributes)) {
            (None, Some(reason)) => (Allowed::Unknown, Some(reason)),
            (None, None) if self.answer_only => (Allowed::No, None),
            (Some(_), _) if self.answer_only => (Allowed::Yes, None),
            (None, None) => (Allowed::No, self.why_not(&attributes, granted)),
            (Some(_), _) => (Allowed::Yes, unreal(self.kinds, &attributes)),
        };
        AccountAnswer {
            service_account: account.clone(),
            namespace: own,
            allowed,
            bootstrap: grant.is_some_and(|grant| grant.bootstrap) && !self.answer_only,
            granted_by: grant
                .filter(|_| !self.answer_only)
                .map(|grant| one(grant, &words(question))),
            reason,
        }
    }

    fn unknown(&self, attributes: &Attributes) -> Option<String> {
        match attributes {
            Attributes::Resource { namespace, .. } if !namespace.is_empty() => {
                self.of_namespace.clone()
            }
            _ => self.of_cluster.clone(),
        }
    }

    /// What is to be known about a denial.
    fn why_not(&self, attributes: &Attributes, granted: &Granted) -> Option<String> {
        let unreal = unreal(self.kinds, attributes);
        unreal
            .or_else(|| only_named(attributes, granted))
            .or_else(|| {
                let refused = self.refused.as_ref()?;
                Some(format!(
                    "the API server would refuse {refused}, so it grants nothing"
                ))
            })
    }
}

/// One yes suffices, and a no is certain only when all are.
fn either(one: Allowed, other: Allowed) -> Allowed {
    match (one, other) {
        (Allowed::Yes, _) | (_, Allowed::Yes) => Allowed::Yes,
        (Allowed::Unknown, _) | (_, Allowed::Unknown) => Allowed::Unknown,
        (Allowed::No, Allowed::No) => Allowed::No,
    }
}

/// Of a question without a name: the names for which the answer would be yes.
fn only_named(attributes: &Attributes, granted: &Granted) -> Option<String> {
    const SHOWN: usize = 3;
    let Attributes::Resource { name, .. } = attributes else {
        return None;
    };
    if !name.is_empty() {
        return None;
    }
    let names = granted
        .grants()
        .iter()
        .flat_map(|grant| &grant.rule.resource_names);
    let mut names: Vec<&String> = names.collect();
    names.sort();
    names.dedup();
    names.retain(|name| {
        let mut asked = attributes.clone();
        if let Attributes::Resource { name: asked, .. } = &mut asked {
            asked.clone_from(name);
        }
        granted.authorize(&asked).is_some()
    });
    let shown: Vec<&str> = names.iter().take(SHOWN).map(|name| name.as_str()).collect();
    match names.len().saturating_sub(SHOWN) {
        0 if shown.is_empty() => None,
        0 => Some(format!("only for the name {}", shown.join(", "))),
        more => Some(format!(
            "only for the name {} and {more} more",
            shown.join(", ")
        )),
    }
}

/// `create pods/exec`, `get deployments.apps`, `get /metrics`.
fn words(question: &AccessQuestion) -> String {
    if !question.path.is_empty() {
        return format!("{} {}", question.verb, question.path);
    }
    let kind = Kind::new(&question.resource, &question.group);
    match question.subresource.as_str() {
        "" => format!("{} {kind}", question.verb),
        subresource => format!("{} {kind}/{subresource}", question.verb),
    }
}

fn missing(snapshot: &Snapshot, resources: &[&str]) -> Option<String> {
    let kinds = resources.iter().map(|resource| Kind::new(*resource, RBAC));
    let mut states = kinds.map(|kind| (snapshot.completeness(&kind).clone(), kind));
    let (state, kind): (Completeness, Kind) = states.find(|(state, _)| !state.is_complete())?;
    Some(state.reason(&kind))
}

fn refused(snapshot: &Snapshot) -> Option<ObjectRef> {
    const KINDS: [&str; 4] = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];
    let invalid = snapshot
        .notices
        .iter()
        .filter(|notice| notice.code == NoticeCode::InvalidObject);
    let mut objects = invalid.filter_map(|notice| notice.object.clone());
    objects.find(|object| KINDS.contains(&object.kind.as_str()))
}
