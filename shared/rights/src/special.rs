//! Rows that a list of verbs and resources cannot say.

use std::borrow::Cow;
use std::collections::BTreeSet;

use opsec_rbac::{GrantScope, Names, Reaching};

use crate::atoms::Atoms;
use crate::hit::{Atom, Hit, PartHeld, Search, join, merge};
use crate::row::{Part, Row, Special, core, part};

/// The bootstrap roles that amount to administration.
pub(crate) const ADMINISTRATORS: [&str; 3] = ["cluster-admin", "admin", "edit"];

/// The hits of a special row.
pub(crate) fn hits(search: Search<'_>, row: &'static Row, special: Special) -> Vec<Hit> {
    match special {
        Special::Wildcard => wildcard(search, row),
        Special::AdminBound => bound_to(search, row, &ADMINISTRATORS),
        Special::ViewBound => bound_to(search, row, &["view"]),
        Special::Impersonate => impersonate(search, row),
        Special::ImpersonateServiceAccount => impersonate_service_account(search, row),
        Special::ImpersonateUser => impersonate_user(search, row),
        Special::SecretReveal => secret_reveal(search, row),
        // Which accounts are missing is a fact beside the rights: see `ghost`.
        Special::Ghost => Vec::new(),
        Special::CertificateApproval => certificates(search, row, APPROVAL),
        Special::CertificateSigning => certificates(search, row, SIGNING),
        Special::Paths(paths) => non_resource(search, row, paths),
        Special::ScaleEverything => scale_everything(search, row),
        Special::AnyOf(group, verbs) => any_of(search, row, group, verbs),
    }
}

/// What a special row asks as the table does, in groups of parts.
pub(crate) fn parts(special: Special) -> &'static [&'static [Part]] {
    match special {
        Special::Impersonate => &[USERS, GROUPS, ACCOUNTS],
        Special::ImpersonateServiceAccount => &[ACCOUNTS, CONSTRAINED_ACCOUNTS],
        Special::ImpersonateUser => &[CONSTRAINED_USERS, ARBITRARY_NODES, ASSOCIATED_NODES],
        Special::SecretReveal => &[SECRET_READ, SECRET_REVEAL],
        Special::CertificateApproval => APPROVAL,
        Special::CertificateSigning => SIGNING,
        _ => &[],
    }
}

/// Whether a special row rests on more than its parts, and may speak when nothing is held of them.
pub(crate) fn asks_more(special: Special) -> bool {
    parts(special).is_empty() && special != Special::Ghost
}

const USERS: &[Part] = &[core(&["impersonate"], &["users"])];
const GROUPS: &[Part] = &[core(&["impersonate"], &["groups"])];
const ACCOUNTS: &[Part] = &[core(&["impersonate"], &["serviceaccounts"])];
const CONSTRAINED_ACCOUNTS: &[Part] = &[part(
    AUTHENTICATION,
    &["impersonate:serviceaccount"],
    &["serviceaccounts"],
)];
const CONSTRAINED_USERS: &[Part] = &[part(AUTHENTICATION, &["impersonate:user-info"], &["users"])];
const ARBITRARY_NODES: &[Part] = &[part(
    AUTHENTICATION,
    &["impersonate:arbitrary-node"],
    &["nodes"],
)];
const ASSOCIATED_NODES: &[Part] = &[part(
    AUTHENTICATION,
    &["impersonate:associated-node"],
    &["nodes"],
)];
const SECRET_READ: &[Part] = &[core(&["get", "list", "watch"], &["secrets"])];
const SECRET_REVEAL: &[Part] = &[core(&["patch", "delete", "deletecollection"], &["secrets"])];
const CERTIFICATES: &str = "certificates.k8s.io";
/// What approving takes: the signer first.
const APPROVAL: &[&[Part]] = &[
    &[part(CERTIFICATES, &["approve"], &["signers"])],
    &[part(
        CERTIFICATES,
        &["create"],
        &["certificatesigningrequests"],
    )],
    &[part(
        CERTIFICATES,
        &["update"],
        &["certificatesigningrequests/approval"],
    )],
];
/// What signing takes: the signer first.
const SIGNING: &[&[Part]] = &[
    &[part(CERTIFICATES, &["sign"], &["signers"])],
    &[part(
        CERTIFICATES,
        &["update", "patch"],
        &["certificatesigningrequests/status"],
    )],
];
const AUTHENTICATION: &str = "authentication.k8s.io";

fn one_grant(row: &'static Row, grant: usize, scope: Reaching, atom: Atom) -> Hit {
    Hit {
        row,
        alone: false,
        scope,
        names: Names::All,
        atoms: Atoms::of(atom),
        grants: BTreeSet::from([grant]),
        latent: false,
    }
}

fn scope_of(scope: &GrantScope) -> Reaching {
    match scope {
        GrantScope::Cluster => Reaching::Cluster,
        GrantScope::Namespace(namespace) => Reaching::Namespace(namespace.clone()),
    }
}

fn everything(list: &[String]) -> bool {
    list.iter().any(|entry| entry == "*")
}

fn wildcard(search: Search<'_>, row: &'static Row) -> Vec<Hit> {
    let grants = search.rights.grants().iter().enumerate();
    grants
        .filter(|(_, grant)| {
            let rule = &grant.rule;
            search.counts_as_a_whole(grant)
                && everything(&rule.verbs)
                && everything(&rule.resources)
                && everything(&rule.api_groups)
                && rule.resource_names.is_empty()
        })
        .map(|(index, grant)| {
            let atom = Atom {
                verb: "*".into(),
                group: "*".into(),
                resource: "*".into(),
                name: None,
            };
            one_grant(row, index, scope_of(&grant.scope), atom)
        })
        .collect()
}

fn bound_to(search: Search<'_>, row: &'static Row, roles: &[&str]) -> Vec<Hit> {
    let grants = search.rights.grants().iter().enumerate();
    grants
        .filter(|(_, grant)| {
            search.counts_as_a_whole(grant)
                && grant.role.kind == "ClusterRole"
                && roles.contains(&grant.role.name.as_str())
        })
        .map(|(index, grant)| {
            let atom = Atom {
                verb: "bound to".into(),
                group: "".into(),
                resource: grant.role.name.clone().into(),
                name: None,
            };
            one_grant(row, index, scope_of(&grant.scope), atom)
        })
        .collect()
}

/// `users` alone is enough; `groups` only with any one user or ServiceAccount, which may be the
/// account itself.
fn impersonate(search: Search<'_>, row: &'static Row) -> Vec<Hit> {
    let users = search.parts(USERS);
    let groups = search.parts(GROUPS);
    let accounts = search.parts(ACCOUNTS);
    let with: Vec<PartHeld<'_>> = users.iter().chain(&accounts).cloned().collect();
    let mut hits = merge(row, users);
    let any_user = hits.iter().any(|hit| hit.names == Names::All);
    if !any_user && !with.is_empty() {
        let mut with_groups = merge(row, groups);
        for hit in &mut with_groups {
            hit.atoms
                .extend(with.iter().map(|entry| entry.atom.clone()));
            hit.grants.extend(with.iter().map(|entry| entry.held.grant));
        }
        hits.extend(with_groups);
    }
    hits
}

fn impersonate_service_account(search: Search<'_>, row: &'static Row) -> Vec<Hit> {
    let mut hits = merge(row, search.parts(ACCOUNTS));
    let constrained = search.parts(CONSTRAINED_ACCOUNTS);
    if constrained.is_empty() {
        return hits;
    }
    let on = impersonate_on(search, "impersonate-on:serviceaccount:");
    hits.extend(join(merge(row, constrained), &merge(row, on)));
    hits
}

fn impersonate_user(search: Search<'_>, row: &'static Row) -> Vec<Hit> {
    let modes = [
        (CONSTRAINED_USERS, "impersonate-on:user-info:"),
        (ARBITRARY_NODES, "impersonate-on:arbitrary-node:"),
        (ASSOCIATED_NODES, "impersonate-on:associated-node:"),
    ];
    modes
        .into_iter()
        .flat_map(|(mode, on)| {
            let mode = merge(row, search.parts(mode));
            let mut both = Vec::new();
            for mut hit in mode {
                let permitted = impersonate_on(search, on);
                if permitted.is_empty() {
                    continue;
                }
                hit.atoms
                    .extend(permitted.iter().map(|entry| entry.atom.clone()));
                hit.grants
                    .extend(permitted.iter().map(|entry| entry.held.grant));
                both.push(hit);
            }
            both
        })
        .collect()
}

/// The second half of constrained impersonation: any verb `impersonate-on:MODE:VERB` on anything.
fn impersonate_on<'a>(search: Search<'a>, prefix: &str) -> Vec<PartHeld<'a>> {
    let mut found = Vec::new();
    for grant in search.rights.grants() {
        for verb in grant
            .rule
            .verbs
            .iter()
            .filter(|verb| verb.starts_with(prefix))
        {
            for group in &grant.rule.api_groups {
                for resource in &grant.rule.resources {
                    found.extend(search.held(verb, group, resource, false));
                }
            }
        }
    }
    found
}

/// REVEAL speaks only where READ does not reach.
fn secret_reveal(search: Search<'_>, row: &'static Row) -> Vec<Hit> {
    let read = merge(row, search.parts(SECRET_READ));
    let reveal = merge(row, search.parts(SECRET_REVEAL));
    reveal
        .into_iter()
        .filter(|hit| !read.iter().any(|known| covers(known, hit)))
        .collect()
}

/// Whether a hit reaches as far as another.
pub(crate) fn covers(wide: &Hit, narrow: &Hit) -> bool {
    reaches_over((&wide.scope, &wide.names), narrow)
}

/// Whether these names of a scope reach as far as a hit.
pub(crate) fn reaches_over((scope, names): (&Reaching, &Names), narrow: &Hit) -> bool {
    let scope = *scope == Reaching::Cluster || *scope == narrow.scope;
    let names = match (names, &narrow.names) {
        (Names::All, _) => true,
        (Names::Only(_), Names::All) => false,
        (Names::Only(wide), Names::Only(narrow)) => narrow.is_subset(wide),
    };
    scope && names
}

/// A verb on a signer, with the writes that go with it.
fn certificates(search: Search<'_>, row: &'static Row, needed: &[&'static [Part]]) -> Vec<Hit> {
    let [signer, with @ ..] = needed else {
        return Vec::new();
    };
    let mut hits = merge(row, search.parts(signer));
    for parts in with {
        let written = search.parts(parts);
        if written.is_empty() {
            return Vec::new();
        }
        for hit in &mut hits {
            hit.atoms
                .extend(written.iter().map(|entry| entry.atom.clone()));
            hit.grants
                .extend(written.iter().map(|entry| entry.held.grant));
        }
    }
    hits
}

fn non_resource(search: Search<'_>, row: &'static Row, paths: &[&'static str]) -> Vec<Hit> {
    let mut entries = Vec::new();
    for &path in paths {
        // A row that ends in `*` stands for any path below; one below is as good as all.
        let probe = path
            .strip_suffix('*')
            .map_or(path.to_owned(), |stem| format!("{stem}x"));
        for held in search.rights.held_path("get", &probe) {
            if !search
                .rights
                .grant(&held)
                .is_some_and(|grant| search.counts(grant))
            {
                continue;
            }
            let atom = Atom {
                verb: "get".into(),
                group: "".into(),
                resource: path.into(),
                name: None,
            };
            entries.push(PartHeld {
                atom,
                held: Cow::Owned(held),
                latent: false,
            });
        }
    }
    merge(row, entries)
}

/// Any kind of a group whose kinds are made while the cluster runs: those that are served, and
/// those that a rule names.
fn any_of(search: Search<'_>, row: &'static Row, group: &str, verbs: &[&str]) -> Vec<Hit> {
    let known = search
        .kinds
        .all()
        .filter(|kind| kind.group == group)
        .map(|kind| kind.resource.to_owned());
    let named = search
        .rights
        .grants()
        .iter()
        .filter(|grant| grant.rule.api_groups.iter().any(|known| known == group))
        .flat_map(|grant| grant.rule.resources.iter().cloned())
        .filter(|resource| !resource.contains(['*', '/']));
    let resources: BTreeSet<String> = known.chain(named).collect();
    let mut entries = Vec::new();
    for resource in &resources {
        let latent = !search.kinds.served(group, resource);
        for verb in verbs {
            entries.extend(search.held(verb, group, resource, latent));
        }
    }
    merge(row, entries)
}

/// `*/scale`, or `*` in resources and groups with a writing verb, which rule 304 does not mean.
fn scale_everything(search: Search<'_>, row: &'static Row) -> Vec<Hit> {
    let grants = search.rights.grants().iter().enumerate();
    grants
        .filter(|(_, grant)| {
            let rule = &grant.rule;
            search.counts_as_a_whole(grant)
                && everything(&rule.api_groups)
                && rule.resource_names.is_empty()
                && rule.resources.iter().any(|resource| resource == "*/scale")
                && rule
                    .verbs
                    .iter()
                    .any(|verb| ["*", "update", "patch"].contains(&verb.as_str()))
        })
        .map(|(index, grant)| {
            let atom = Atom {
                verb: "update".into(),
                group: "*".into(),
                resource: "*/scale".into(),
                name: None,
            };
            one_grant(row, index, scope_of(&grant.scope), atom)
        })
        .collect()
}
