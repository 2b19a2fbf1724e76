//! Questions about real operators: each answer is the authoriser's own, each listed right one
//! that it grants, and what is called useless is granted to no request.
#![cfg(test)]

use std::collections::BTreeSet;

use opsec_e2e::{corpus, files, snapshot};
use opsec_manifests::Input;
use opsec_model::{Allowed, Connection, Peer, ServiceAccountRef, Severity, Snapshot};
use opsec_practices::analysis::{AccessRequest, Asked, Attributes};
use opsec_practices::{can_i, list_connections, list_operators, list_rights};
use opsec_rbac::{EffectiveRights, Kinds, Policy, Request, User};

/// Verbs that are asked of everything that a rule names, beside its own.
const VERBS: [&str; 4] = ["get", "create", "deletecollection", "escalate"];

/// Every operator of the corpus, with the snapshot that it is in.
fn operators(test: &str) -> Option<Vec<(Snapshot, String)>> {
    let folder = corpus(test)?.join("operators");
    let inputs: Vec<Input> = files(&folder).unwrap();
    let mut operators = Vec::new();
    for input in inputs {
        let snapshot = snapshot(std::slice::from_ref(&input)).unwrap();
        let found = list_operators(&snapshot);
        for operator in &found {
            // Of several of one name, the namespace tells.
            let same = found.iter().filter(|other| other.name == operator.name);
            let name = match operator.namespaces.first() {
                Some(namespace) if same.count() > 1 => namespace.clone(),
                _ => operator.name.clone(),
            };
            operators.push((snapshot.clone(), name));
        }
    }
    Some(operators)
}

/// Questions about all that reaches an account, some of them never asked by a request.
fn questions(policy: &Policy, account: &ServiceAccountRef) -> Vec<Attributes> {
    let mut asked = BTreeSet::new();
    for grant in policy.grants(account) {
        let rule = &grant.rule;
        let verbs = rule.verbs.iter().map(String::as_str).chain(VERBS);
        for verb in verbs {
            for path in &rule.non_resource_urls {
                let (verb, path) = (verb.to_owned(), path.clone());
                asked.insert(Attributes::Path { verb, path });
            }
            for (group, resource) in rule
                .api_groups
                .iter()
                .flat_map(|group| rule.resources.iter().map(move |resource| (group, resource)))
            {
                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                for namespace in ["", "kube-system", account.namespace.as_str()] {
                    for name in ["", rule.resource_names.first().map_or("x", String::as_str)] {
                        asked.insert(Attributes::Resource {
                            verb: verb.to_owned(),
                            group: group.clone(),
                            resource: resource.to_owned(),
                            subresource: subresource.to_owned(),
                            name: name.to_owned(),
                            namespace: namespace.to_owned(),
                        });
                    }
                }
            }
        }
    }
    asked.into_iter().collect()
}

#[test]
fn answers_about_real_operators_are_the_authorisers_own() {
    let test = "answers_about_real_operators_are_the_authorisers_own";
    let Some(operators) = operators(test) else {
        return;
    };
    let mut number = 0;
    for (snapshot, name) in operators {
        let policy = Policy::from_snapshot(&snapshot);
        let list = list_rights(&snapshot, Some(&name)).unwrap();
        for account in &list.operator.service_accounts {
            let account = ServiceAccountRef::new(&account.namespace, &account.name);
            let user = User::service_account(&account);
            let questions = questions(&policy, &account);
            number += questions.len();
            let request = AccessRequest {
                questions: questions
                    .iter()
                    .map(|asked| (Some(account.clone()), Asked::Attributes(asked.clone())))
                    .collect(),
                ..AccessRequest::default()
            };
            let answers = can_i(&snapshot, &request).unwrap();
            for (asked, answer) in questions.iter().zip(answers.results) {
                let decision = policy.authorize(&user, asked);
                let answer = answer.unwrap();
                let allowed = answer.allowed == Allowed::Yes;
                assert_eq!(allowed, decision.allowed, "{name} {account}: {asked:?}");
                let grant = answer.accounts[0].granted_by.clone();
                assert_eq!(
                    grant.map(|grant| grant.binding),
                    decision.grant.map(|grant| (*grant.binding).clone()),
                    "{name} {account}: {asked:?}"
                );
            }
        }
    }
    assert!(number > 10_000, "{number} questions");
}

#[test]
fn every_grant_of_a_real_operator_is_listed_and_what_is_useless_is_held_by_no_request() {
    let test = "every_grant_of_a_real_operator_is_listed_and_what_is_useless_is_held_by_no_request";
    let Some(operators) = operators(test) else {
        return;
    };
    let mut useless = 0;
    for (snapshot, name) in operators {
        let policy = Policy::from_snapshot(&snapshot);
        let kinds = Kinds::from_snapshot(&snapshot);
        let list = list_rights(&snapshot, Some(&name)).unwrap();
        let mut grants = 0;
        for account in &list.operator.service_accounts {
            let account = ServiceAccountRef::new(&account.namespace, &account.name);
            grants += policy.grants(&account).len();
            let rights = EffectiveRights::of(&policy, &kinds, &account);
            let of_account = list
                .items
                .iter()
                .filter(|right| right.service_account == account);
            for right in of_account.filter(|right| right.unusable) {
                // What no discovery lists is told apart by name, and the authoriser knows none.
                let by_name = |reason: &String| reason.starts_with("Kubernetes has no");
                if right.ineffective.iter().any(by_name) {
                    continue;
                }
                useless += 1;
                assert!(!right.ineffective.is_empty(), "{name}: {right:?}");
                assert!(
                    right
                        .dangers
                        .iter()
                        .all(|danger| danger.severity <= Severity::Low)
                );
                for (verb, resource) in right
                    .verbs
                    .iter()
                    .flat_map(|verb| right.resources.iter().map(move |resource| (verb, resource)))
                {
                    for group in &right.api_groups {
                        let held = rights.held(&Request::new(verb, group, resource));
                        let by_this =
                            held.iter()
                                .filter_map(|held| rights.grant(held))
                                .any(|grant| {
                                    *grant.binding == right.granted_by.binding
                                        && format!("rules[{}]", grant.source_rule_index)
                                            == right.granted_by.rule
                                });
                        let is_served = kinds.served(group, resource);
                        assert!(!(by_this && is_served), "{name}: {verb} {resource}.{group}");
                    }
                }
            }
        }
        assert_eq!(list.items.len(), grants, "{name}");
    }
    assert!(useless > 10, "{useless} rules");
}

#[test]
fn connections_are_those_of_the_engine_and_an_operators_are_its_own() {
    let test = "connections_are_those_of_the_engine_and_an_operators_are_its_own";
    let Some(operators) = operators(test) else {
        return;
    };
    for (snapshot, name) in operators {
        let facts = opsec_facts::Facts::new(&snapshot);
        let whole = list_connections(&snapshot, None).unwrap();
        assert_eq!(
            whole.len(),
            opsec_network::connections(&facts).len(),
            "{name}"
        );
        let all: Vec<Connection> = whole.at(0..whole.len());
        let own = list_connections(&snapshot, Some(&name)).unwrap();
        let list = list_rights(&snapshot, Some(&name)).unwrap();
        let components: BTreeSet<Peer> = list
            .operator
            .components
            .iter()
            .map(|own| Peer::Workload(format!("{}/{}/{}", own.namespace, own.kind, own.name)))
            .collect();
        let concerns =
            |one: &&Connection| components.contains(&one.from) || components.contains(&one.to);
        let expected: Vec<&Connection> = all.iter().filter(concerns).collect();
        assert_eq!(
            own.at(0..own.len()).iter().collect::<Vec<_>>(),
            expected,
            "{name}"
        );
    }
}
