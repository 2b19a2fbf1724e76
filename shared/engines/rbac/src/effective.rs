//! What real requests of one ServiceAccount would be granted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use opsec_kubernetes::{Scope, find, find_virtual};
use opsec_model::ServiceAccountRef;

use crate::grant::{Grant, GrantScope};
use crate::kinds::Kinds;
use crate::matching::{ALL, WildcardUse, matches_kind_rule, matches_name, matches_path_rule};
use crate::names::Names;
use crate::policy::Policy;
use crate::request::{Reaching, Request};

/// Kinds that a PUT of an absent name creates, with the name known to the authoriser.
const CREATED_BY_PUT: &[(&str, &str)] = &[
    ("", "endpoints"),
    ("", "events"),
    ("", "limitranges"),
    ("", "services"),
    ("coordination.k8s.io", "leases"),
    ("events.k8s.io", "events"),
    ("node.k8s.io", "runtimeclasses"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "roles"),
];

/// What real requests of one ServiceAccount would be granted.
#[derive(Debug, Clone)]
pub struct EffectiveRights {
    /// The account.
    pub account: ServiceAccountRef,
    grants: Vec<Grant>,
    kinds: Kinds,
    /// Grant and place in its rule's resources, by that resource.
    by_resource: OnceLock<Vec<(usize, usize)>>,
}

/// A right that real requests have, by one grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// The grant, by its place in [`EffectiveRights::grants`].
    pub grant: usize,
    /// The grants of `patch` or `update` without which a creation could not carry its name:
    /// only for a creation that is limited to names, else empty.
    pub with: Vec<usize>,
    /// Where it reaches.
    pub scope: Reaching,
    /// Which names it reaches.
    pub names: Names,
    /// Which wildcards of the rule it rests on.
    pub via_wildcard: WildcardUse,
    /// Whether the kind is served (or virtual); if not, the right is latent.
    pub served: bool,
}

/// Where a grant gives a kind.
enum Place<'a> {
    /// In every namespace, or in the cluster.
    Everywhere,
    /// In a namespace.
    In(&'a str),
    /// On the Namespace object itself.
    Itself(&'a str),
}

/// Where, for which names, and with which other grants.
type Reach = (Reaching, Names, Vec<usize>);

impl EffectiveRights {
    /// The rights of an account.
    pub fn of(policy: &Policy, kinds: &Kinds, account: &ServiceAccountRef) -> Self {
        Self::by_grants(policy.grants(account), kinds, account)
    }

    /// The rights that some grants give, to an account or to whom it stands for.
    pub fn by_grants(grants: Vec<Grant>, kinds: &Kinds, account: &ServiceAccountRef) -> Self {
        Self {
            account: account.clone(),
            grants,
            kinds: kinds.clone(),
            by_resource: OnceLock::new(),
        }
    }

    /// Every rule that reaches the account, whether or not a request can use it.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// The grant behind a right.
    pub fn grant(&self, held: &Held) -> Option<&Grant> {
        self.grants.get(held.grant)
    }

    /// The kinds that these rights were computed with.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// Where, and for which names, real requests may do this, an entry for each grant. A kind
    /// that is not served is held only when its group and plural are named literally. `*` as
    /// verb, group or resource asks for that literal.
    pub fn held(&self, request: &Request<'_>) -> Vec<Held> {
        let built_in = find(request.group, request.resource).map(|kind| kind.scope);
        let mut all = Vec::new();
        for place in self.candidates(request) {
            let Some(grant) = self.grants.get(place) else {
                continue;
            };
            let Some(via_wildcard) = matches_kind_rule(
                &grant.rule,
                request.verb,
                request.group,
                request.resource,
                request.sub(),
            ) else {
                continue;
            };
            self.add_held((place, grant), request, built_in, via_wildcard, &mut all);
        }
        all
    }

    /// Adds what a grant gives of a request that its rule covers. `built_in` is where the kind
    /// lives when it is one of Kubernetes' own.
    pub(crate) fn add_held(
        &self,
        (place, grant): (usize, &Grant),
        request: &Request<'_>,
        built_in: Option<Scope>,
        via_wildcard: WildcardUse,
        all: &mut Vec<Held>,
    ) {
        let served = built_in.is_some() || self.kinds.served(request.group, request.resource);
        if !served && (via_wildcard.groups || via_wildcard.resources) {
            return;
        }
        let names = &grant.rule.resource_names;
        for (scope, names, with) in self.reaches(&grant.scope, names, request) {
            all.push(Held {
                grant: place,
                with,
                scope,
                names,
                via_wildcard,
                served,
            });
        }
    }

    /// The grants that let real requests use a path outside the resource API. Only
    /// ClusterRoleBindings grant paths.
    pub fn held_path(&self, verb: &str, path: &str) -> Vec<Held> {
        let mut all = Vec::new();
        for (place, grant) in self.grants.iter().enumerate() {
            if grant.scope != GrantScope::Cluster {
                continue;
            }
            if let Some(via_wildcard) = matches_path_rule(&grant.rule, verb, path) {
                all.push(Held {
                    grant: place,
                    with: Vec::new(),
                    scope: Reaching::Cluster,
                    names: Names::All,
                    via_wildcard,
                    served: true,
                });
            }
        }
        all
    }

    /// Where a rule that covers a request reaches, and for which names the request can be made;
    /// with the grants that a named creation needs besides.
    pub(crate) fn reaches(
        &self,
        granted: &GrantScope,
        resource_names: &[String],
        request: &Request<'_>,
    ) -> Vec<Reach> {
        match self.reach(granted, resource_names, request) {
            Some((scope, Names::Only(names)))
                if request.verb == "create" && request.is_top_level() =>
            {
                self.named_creations(request, &scope, &Names::Only(names))
            }
            Some((scope, names)) => vec![(scope, names, Vec::new())],
            None => Vec::new(),
        }
    }

    fn reach(
        &self,
        granted: &GrantScope,
        resource_names: &[String],
        request: &Request<'_>,
    ) -> Option<(Reaching, Names)> {
        let carried = Names::carried(request.verb, request.is_top_level(), resource_names)?;
        match self.place(granted, resource_names, request)? {
            Place::Everywhere => Some((Reaching::Cluster, carried)),
            Place::In(namespace) => Some((Reaching::Namespace(namespace.to_owned()), carried)),
            Place::Itself(namespace) => {
                let own = Names::Only(BTreeSet::from([namespace.to_owned()]));
                Some((Reaching::Namespace(namespace.to_owned()), own))
            }
        }
    }

    /// Whether a rule that covers a kind gives it in a place, whatever the names.
    pub(crate) fn is_granted_in(
        &self,
        granted: &GrantScope,
        resource_names: &[String],
        request: &Request<'_>,
        asked: &Reaching,
    ) -> bool {
        match self.place(granted, resource_names, request) {
            Some(Place::Everywhere) => true,
            Some(Place::In(namespace) | Place::Itself(namespace)) => {
                asked.namespace() == Some(namespace)
            }
            None => false,
        }
    }

    fn place<'g>(
        &self,
        granted: &'g GrantScope,
        resource_names: &[String],
        request: &Request<'_>,
    ) -> Option<Place<'g>> {
        let GrantScope::Namespace(namespace) = granted else {
            return Some(Place::Everywhere);
        };
        if self.scope(request) != Some(Scope::Cluster) || is_asked_in_a_namespace(request) {
            return Some(Place::In(namespace));
        }
        let own = is_own_namespace_request(request) && matches_name(resource_names, namespace);
        own.then_some(Place::Itself(namespace))
    }

    /// Where a kind lives; for group `*` what all kinds of that plural have in common.
    fn scope(&self, request: &Request<'_>) -> Option<Scope> {
        if request.group != ALL {
            return self.kinds.scope(request.group, request.resource);
        }
        let same = self
            .kinds
            .all()
            .filter(|kind| kind.resource == request.resource);
        let scopes: BTreeSet<Option<Scope>> = same.map(|kind| kind.scope).collect();
        (scopes.len() == 1).then(|| scopes.into_iter().next().flatten())?
    }

    /// A creation limited to names is authorised by no POST. Server-side apply of an absent name
    /// (`patch` too) carries the name, and so does a PUT (`update` too) for a few kinds.
    fn named_creations(
        &self,
        request: &Request<'_>,
        scope: &Reaching,
        names: &Names,
    ) -> Vec<Reach> {
        if request.group == ALL || request.resource == ALL {
            // Some kind among all of them is held with its name or is not: the wildcard stands.
            return vec![(scope.clone(), names.clone(), Vec::new())];
        }
        let cluster_scoped = self.scope(request) == Some(Scope::Cluster);
        let mut found: BTreeMap<Reaching, (BTreeSet<String>, BTreeSet<usize>)> = BTreeMap::new();
        for verb in carrying_verbs(request) {
            for companion in self.held(&request.with_verb(verb)) {
                if cluster_scoped && companion.scope != Reaching::Cluster {
                    continue;
                }
                let scope = scope.intersect(&companion.scope);
                let names = names.intersect(&companion.names);
                if let (Some(scope), Some(Names::Only(names))) = (scope, names) {
                    let entry = found.entry(scope).or_default();
                    entry.0.extend(names);
                    entry.1.insert(companion.grant);
                }
            }
        }
        let everywhere = found
            .get(&Reaching::Cluster)
            .map(|(names, _)| names.clone())
            .unwrap_or_default();
        let mut all = Vec::new();
        for (scope, (mut names, with)) in found {
            if scope != Reaching::Cluster {
                names.retain(|name| !everywhere.contains(name));
            }
            if let Some(names) = Names::only_of(names) {
                all.push((scope, names, with.into_iter().collect()));
            }
        }
        all
    }

    /// The grants whose rules name the resource or a wildcard that covers it, in order.
    fn candidates(&self, request: &Request<'_>) -> Vec<usize> {
        let mut places = Vec::new();
        self.collect(ALL, &mut places);
        let subresource = request.sub();
        if subresource.is_empty() {
            self.collect(request.resource, &mut places);
        } else {
            self.collect(&format!("{}/{subresource}", request.resource), &mut places);
            self.collect(&format!("{ALL}/{subresource}"), &mut places);
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    fn collect(&self, resource: &str, places: &mut Vec<usize>) {
        let by_resource = self
            .by_resource
            .get_or_init(|| grants_by_resource(&self.grants));
        let start =
            by_resource.partition_point(|place| resource_at(&self.grants, *place) < resource);
        let from = by_resource.get(start..).unwrap_or_default();
        let same = from
            .iter()
            .take_while(|place| resource_at(&self.grants, **place) == resource);
        places.extend(same.map(|(grant, _)| *grant));
    }
}

fn grants_by_resource(grants: &[Grant]) -> Vec<(usize, usize)> {
    let mut by_resource: Vec<(usize, usize)> = grants
        .iter()
        .enumerate()
        .flat_map(|(place, grant)| (0..grant.rule.resources.len()).map(move |at| (place, at)))
        .collect();
    by_resource.sort_by(|a, b| {
        let resources = resource_at(grants, *a).cmp(resource_at(grants, *b));
        resources.then(a.cmp(b))
    });
    by_resource
}

fn resource_at(grants: &[Grant], (place, at): (usize, usize)) -> &str {
    grants
        .get(place)
        .and_then(|grant| grant.rule.resources.get(at))
        .map(String::as_str)
        .unwrap_or_default()
}

/// A RoleBinding grants these on the Namespace object that it lives in: their paths
/// (`/api/v1/namespaces/NAME`) carry the namespace, that of a list or a creation does not.
fn is_own_namespace_request(request: &Request<'_>) -> bool {
    matches!(request.group, "" | ALL)
        && request.resource == "namespaces"
        && matches!(request.sub(), "" | "status" | "finalize")
        && matches!(request.verb, "get" | "update" | "patch" | "delete" | ALL)
}

/// Whether the server asks for this in a namespace though the kind is cluster-scoped: `bind` in
/// that of the RoleBinding, `use` of what holds pods in that of the pod.
pub(crate) fn is_asked_in_a_namespace(request: &Request<'_>) -> bool {
    const ASKED: &[(&str, &str, &str)] = &[
        ("bind", "rbac.authorization.k8s.io", "clusterroles"),
        ("use", "policy", "podsecuritypolicies"),
        ("use", "security.openshift.io", "securitycontextconstraints"),
    ];
    ASKED.contains(&(request.verb, request.group, request.resource))
}

/// The verbs that, beside `create`, make a creation carry its name.
fn carrying_verbs(request: &Request<'_>) -> Vec<&'static str> {
    let applies = match find(request.group, request.resource) {
        Some(kind) => kind.verbs.iter().any(|verb| verb == "patch"),
        None => find_virtual(request.group, request.resource).is_none(),
    };
    let mut verbs = Vec::new();
    if applies {
        verbs.push("patch");
    }
    if CREATED_BY_PUT.contains(&(request.group, request.resource)) {
        verbs.push("update");
    }
    verbs
}
