//! Why no real request can use a granted rule, or a part of it: what is written in a role and
//! grants nothing. Each reason is a clause.

use std::collections::{BTreeMap, BTreeSet};

use opsec_kubernetes::{find, find_virtual};
use opsec_model::objects::PolicyRule;

use crate::effective::EffectiveRights;
use crate::grant::{Grant, GrantScope};
use crate::matching::ALL;
use crate::request::{Reaching, Request};

/// More atoms than this and nothing is said of a rule: nobody reads it, and it may be meant to
/// exhaust the reader.
const MOST_ATOMS: usize = 65_536;
/// How many objects of a reason are named before they are counted.
const NAMED: usize = 4;

/// What of a rule grants nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ineffective {
    /// Why no real request can use it, or a part of it, each a clause.
    pub reasons: Vec<String>,
    /// Whether no real request can use any of it.
    pub unusable: bool,
}

/// Why a part of a rule grants nothing. The order is the one that reasons are told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Problem {
    Empty,
    PathsInNamespace,
    NoPath,
    InnerStar,
    Literal,
    Unserved,
    NoSubresource,
    ClusterScoped,
    OwnNamespace,
    NamedCreation,
    NamedCollection,
    EmptyName,
    StarName,
    NotAsked,
}

/// What is said of each problem: the objects, and the verbs that are meant.
type Found = BTreeMap<Problem, BTreeMap<String, BTreeSet<String>>>;

impl EffectiveRights {
    /// What of a granted rule no real request can use; by its place in
    /// [`EffectiveRights::grants`].
    pub fn ineffective(&self, place: usize) -> Ineffective {
        let Some(grant) = self.grants().get(place) else {
            return Ineffective::default();
        };
        let rule = &grant.rule;
        let kinds = rule.api_groups.len().saturating_mul(rule.resources.len());
        if rule.verbs.len().saturating_mul(kinds) > MOST_ATOMS {
            return Ineffective::default();
        }
        let mut search = Search {
            rights: self,
            place,
            grant,
            found: Found::new(),
            usable: false,
        };
        search.lists(rule);
        search.paths(rule);
        for resource in &rule.resources {
            search.resource(rule, resource);
        }
        search.star_names(rule);
        Ineffective {
            reasons: search
                .found
                .iter()
                .map(|(&why, of)| clause(why, of))
                .collect(),
            unusable: !search.usable,
        }
    }
}

struct Search<'a> {
    rights: &'a EffectiveRights,
    place: usize,
    grant: &'a Grant,
    found: Found,
    usable: bool,
}

impl Search<'_> {
    fn note(&mut self, problem: Problem, object: impl Into<String>, verb: &str) {
        let objects = self.found.entry(problem).or_default();
        let verbs = objects.entry(object.into()).or_default();
        verbs.insert(verb.to_owned());
    }

    /// A rule that leaves a list out covers nothing.
    fn lists(&mut self, rule: &PolicyRule) {
        let on_resources = !rule.resources.is_empty() || !rule.api_groups.is_empty();
        for (list, is_missing) in [
            ("verbs", rule.verbs.is_empty()),
            ("apiGroups", on_resources && rule.api_groups.is_empty()),
            ("resources", on_resources && rule.resources.is_empty()),
        ] {
            if is_missing {
                self.note(Problem::Empty, list, "");
            }
        }
    }

    /// Only a ClusterRoleBinding grants paths, and they are plain prefixes.
    fn paths(&mut self, rule: &PolicyRule) {
        for path in &rule.non_resource_urls {
            let prefix = path.trim_end_matches(ALL);
            if self.grant.scope != GrantScope::Cluster {
                self.note(Problem::PathsInNamespace, path, "");
            } else if !prefix.is_empty() && !prefix.starts_with('/') {
                self.note(Problem::NoPath, path, "");
            } else {
                if prefix.contains(ALL) {
                    self.note(Problem::InnerStar, path, "");
                }
                self.usable |= !rule.verbs.is_empty();
            }
        }
    }

    fn resource(&mut self, rule: &PolicyRule, resource: &str) {
        if is_literal(resource) {
            return self.note(Problem::Literal, resource, "");
        }
        let is_known = |group: &&String| self.is_known(group, resource);
        let groups: Vec<&String> = rule.api_groups.iter().filter(is_known).collect();
        // Lists of groups and resources are often combined of which not every pair exists; what
        // exists in one of them is meant there.
        if groups.is_empty() {
            for group in &rule.api_groups {
                self.note(Problem::Unserved, kind_words(group, resource), "");
            }
        }
        for group in groups {
            for verb in &rule.verbs {
                self.atom(rule, &Request::new(verb, group, resource));
            }
        }
    }

    /// Whether a group serves a resource, as far as the input says; wildcards mean some kind.
    fn is_known(&self, group: &str, resource: &str) -> bool {
        let kinds = self.rights.kinds();
        let base = resource.split_once('/').map_or(resource, |(base, _)| base);
        match (group, base) {
            (_, ALL) => true,
            (ALL, _) => kinds.all().any(|kind| kind.resource == base),
            _ => kinds.served(group, resource),
        }
    }

    fn atom(&mut self, rule: &PolicyRule, request: &Request<'_>) {
        let held = self.rights.held(request);
        let object = object_words(request);
        if !held.iter().any(|held| held.grant == self.place) {
            return self.note(self.why_not_held(rule, request), object, request.verb);
        }
        if lacks_subresource(request) {
            self.note(Problem::NoSubresource, object, "");
        } else if is_never_asked(request) {
            self.note(Problem::NotAsked, object, request.verb);
        } else {
            self.usable = true;
        }
    }

    fn why_not_held(&self, rule: &PolicyRule, request: &Request<'_>) -> Problem {
        if let GrantScope::Namespace(namespace) = &self.grant.scope {
            let here = Reaching::Namespace(namespace.clone());
            let names = &rule.resource_names;
            let scope = &self.grant.scope;
            if !self.rights.is_granted_in(scope, names, request, &here) {
                return match request.resource {
                    "namespaces" => Problem::OwnNamespace,
                    _ => Problem::ClusterScoped,
                };
            }
        }
        match request.verb {
            "create" => Problem::NamedCreation,
            "deletecollection" => Problem::NamedCollection,
            _ => Problem::EmptyName,
        }
    }

    /// `*` among the names is the object of that name, but where a literal `*` is asked for.
    fn star_names(&mut self, rule: &PolicyRule) {
        let literal = |verb: &String| verb == ALL || verb.starts_with("impersonate");
        if rule.resource_names.iter().any(|name| name == ALL) && !rule.verbs.iter().any(literal) {
            self.note(Problem::StarName, ALL, "");
        }
    }
}

/// `pods/*`, `*/*` and the like: no wildcard, and no request's resource.
fn is_literal(resource: &str) -> bool {
    match resource.split_once('/') {
        Some((base, subresource)) => {
            subresource.contains(ALL) || (base != ALL && base.contains(ALL))
        }
        None => resource != ALL && resource.contains(ALL),
    }
}

/// Whether Kubernetes itself serves the kind and not this subresource of it. Admission asks for
/// `finalizers` of every kind, kubelets for subresources of nodes, and the API server for parts
/// of a claim's status.
pub(crate) fn lacks_subresource(request: &Request<'_>) -> bool {
    let Some(subresource) = request.subresource else {
        return false;
    };
    let asked_otherwise = subresource == "finalizers"
        || matches!(request.resource, "nodes" | "resourceclaims")
        || find_virtual(
            request.group,
            &format!("{}/{subresource}", request.resource),
        )
        .is_some();
    find(request.group, request.resource).is_some_and(|kind| {
        let mut served = kind.subresources.iter();
        !asked_otherwise && !served.any(|name| name == subresource)
    })
}

/// Whether no request on a kind of Kubernetes itself carries the verb. Kinds of others may have
/// verbs that their own programs ask for.
pub(crate) fn is_never_asked(request: &Request<'_>) -> bool {
    let Request {
        verb,
        group,
        resource,
        ..
    } = *request;
    if !request.is_top_level() || verb == ALL || verb.contains(':') {
        return false;
    }
    // Asked of any resource: it stands for the audience of a token.
    if verb == "request-serviceaccounts-token-audience" {
        return false;
    }
    let of_rbac = group == "rbac.authorization.k8s.io"
        && matches!(resource, "roles" | "clusterroles")
        && matches!(verb, "bind" | "escalate");
    let (kind, name) = (find(group, resource), find_virtual(group, resource));
    let of_kind = kind.is_some_and(|kind| kind.verbs.iter().any(|served| served == verb));
    let of_name = name.is_some_and(|name| name.verbs.contains(&verb));
    (kind.is_some() || name.is_some()) && !(of_kind || of_name || of_rbac)
}

/// `deployments.apps`, `pods`; with several kinds meant, as they stand.
pub(crate) fn object_words(request: &Request<'_>) -> String {
    let kind = kind_words(request.group, request.resource);
    match request.subresource {
        Some(subresource) => format!("{kind}/{subresource}"),
        None => kind,
    }
}

pub(crate) fn kind_words(group: &str, resource: &str) -> String {
    match (group, resource.split_once('/')) {
        ("", _) => resource.to_owned(),
        (_, Some((base, subresource))) => format!("{base}.{group}/{subresource}"),
        (_, None) => format!("{resource}.{group}"),
    }
}

fn clause(problem: Problem, objects: &BTreeMap<String, BTreeSet<String>>) -> String {
    let what = some(objects.keys());
    let verbs: BTreeSet<&String> = objects.values().flatten().collect();
    let verbs = some(verbs.into_iter());
    match problem {
        Problem::Empty => format!("a rule without {what} covers nothing"),
        Problem::PathsInNamespace => {
            format!("paths are granted by ClusterRoleBindings alone: {what}")
        }
        Problem::NoPath => format!("every path begins with `/`: {what}"),
        Problem::InnerStar => format!("only a trailing `*` is a wildcard: {what}"),
        Problem::Literal => format!("no wildcard, and no request asks for it: {what}"),
        Problem::Unserved => format!("nothing here serves {what}"),
        Problem::NoSubresource => format!("Kubernetes has no subresource {what}"),
        Problem::ClusterScoped => {
            format!("a RoleBinding grants nothing that lives in no namespace: {what}")
        }
        Problem::OwnNamespace => format!(
            "a RoleBinding grants get, update, patch and delete of its own Namespace alone, not {verbs}"
        ),
        Problem::NamedCreation => format!(
            "a creation carries a name only when it is applied, which needs patch for that name: create {what}"
        ),
        Problem::NamedCollection => {
            format!("a deletion of a collection carries no name: deletecollection {what}")
        }
        Problem::EmptyName => format!("no object has an empty name: {verbs} {what}"),
        Problem::StarName => "`*` among resourceNames is the object called `*`".to_owned(),
        Problem::NotAsked => format!("Kubernetes has no {verbs} of {what}"),
    }
}

/// The first few, and how many more there are.
fn some<'s>(items: impl ExactSizeIterator<Item = &'s String>) -> String {
    let more = items.len().saturating_sub(NAMED);
    let shown: Vec<&str> = items.take(NAMED).map(String::as_str).collect();
    match more {
        0 => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}
