//! Each row of the table held in the smallest way, at each reach, with and without names.

use std::fmt::Write as _;

use opsec_rights::row::{Adjust, NameRule, Needs, Part, Row, Special};
use opsec_rights::rows;

use crate::world::{CLUSTER_SCOPED, World};

/// Where a row is held.
const REACHES: [(&str, Option<&str>); 5] = [
    ("cluster", None),
    ("protected", Some("kube-system")),
    ("foreign", Some("shop")),
    ("intended", Some("tenant")),
    ("own", Some("app")),
];

/// The table: a line for each row and kind of names. The last two columns are those of a baseline
/// without rights, where the inner reaches are info unless something else says otherwise.
pub(crate) fn table() -> String {
    let mut text = format!(
        "{:<21} {:<6} {:<9} {:<9} {:<9} {:<9} {:<9} | {:<9} {:<9}\n",
        "id", "names", "cluster", "protected", "foreign", "intended", "own", "intended", "own"
    );
    for row in rows::all().filter(|row| row.id != "ESC-GHOST") {
        for names in ["none", "own", "other"] {
            let mut line = format!("{:<21} {names:<6}", row.id);
            for (_, namespace) in REACHES {
                let _ = write!(line, " {:<9}", cell(row, names, namespace, true));
            }
            line.push_str(" |");
            for (_, namespace) in REACHES.into_iter().skip(3) {
                let _ = write!(line, " {:<9}", cell(row, names, namespace, false));
            }
            let _ = writeln!(text, "{} {}", line, row.may);
        }
    }
    text
}

/// One cell; `-` where the right cannot be held so.
fn cell(row: &'static Row, names: &str, namespace: Option<&str>, rights: bool) -> &'static str {
    let world = if rights {
        World::new().granting_nothing()
    } else {
        World::new().intending_tenant()
    };
    let mut world = world.owning("widgets.op.example");
    if row.adjust == Adjust::Handing {
        // There must be something to hand on.
        world = world.everywhere("get secrets");
    }
    let role = match row.needs {
        Needs::Special(Special::AdminBound) => Some("edit"),
        Needs::Special(Special::ViewBound) => Some("view"),
        _ => None,
    };
    if let Some(role) = role {
        return if names == "none" {
            found(row, &world.bound(role, namespace))
        } else {
            "-"
        };
    }
    let Some((rules, kinds)) = rules(row, names) else {
        return "-";
    };
    let world = world.defined(&kinds);
    found(
        row,
        &match namespace {
            Some(namespace) => world.in_namespace(namespace, &rules),
            None => world.everywhere(&rules),
        },
    )
}

fn found(row: &'static Row, world: &World) -> &'static str {
    let outcome = world.judge();
    let flat = outcome.flat();
    flat.into_iter()
        .flat_map(|right| &right.hits)
        .filter(|graded| graded.hit.row.id == row.id && graded.hit.row.may == row.may)
        .filter(|graded| !graded.hit.alone)
        .map(|graded| graded.severity)
        .max()
        .map_or("-", opsec_model::Severity::as_str)
}

/// The smallest rules that hold a row, and the definitions that they need.
fn rules(row: &'static Row, names: &str) -> Option<(String, String)> {
    let parts: Vec<Part> = match row.needs {
        Needs::Any(parts) => vec![widest(parts)?],
        Needs::Together(combinations) => combinations
            .last()?
            .iter()
            .filter_map(|parts| parts.first().copied())
            .collect(),
        Needs::Special(special) => {
            let kinds = match special {
                Special::AnyOf(group, _) => format!("k8srequiredlabels.{group}"),
                _ => String::new(),
            };
            return Some((specially(special, row, names)?, kinds));
        }
    };
    let mut kinds = String::new();
    let mut rules = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let resource = *part
            .resources
            .iter()
            .find(|name| !is_cluster_scoped(part, name))
            .or(part.resources.first())?;
        let verb = *part.verbs.first()?;
        let group = if part.group.is_empty() {
            String::new()
        } else {
            format!(".{}", part.group)
        };
        if opsec_kubernetes::find(part.group, resource.split('/').next()?).is_none()
            && opsec_kubernetes::find_virtual(part.group, resource).is_none()
        {
            let _ = write!(kinds, " {resource}{group}");
        }
        // POST carries no name: a creation that is limited to one is an apply.
        let limited = names != "none" && place == 0;
        let verbs = if limited && verb == "create" && !resource.contains('/') {
            "create,patch"
        } else {
            verb
        };
        let name = if limited {
            format!(" {}", name(row, part, resource, names == "own"))
        } else {
            String::new()
        };
        rules.push(format!("{verbs} {resource}{group}{name}"));
    }
    Some((rules.join("; "), kinds))
}

/// The first part with a namespaced kind, so that every reach has something to show.
fn widest(parts: &[Part]) -> Option<Part> {
    let namespaced = |part: &&Part| {
        part.resources
            .iter()
            .any(|name| !is_cluster_scoped(part, name))
    };
    parts.iter().find(namespaced).or(parts.first()).copied()
}

fn is_cluster_scoped(part: &Part, resource: &str) -> bool {
    let plural = resource.split('/').next().unwrap();
    let built_in = opsec_kubernetes::find(part.group, plural);
    built_in.is_some_and(|kind| kind.scope == opsec_kubernetes::Scope::Cluster)
        || CLUSTER_SCOPED.contains(&plural)
}

fn specially(special: Special, row: &'static Row, names: &str) -> Option<String> {
    let name = match names {
        "none" => "",
        "own" => " op",
        _ => " somebody",
    };
    let signer = match names {
        "none" => "",
        "own" => " op.example/*",
        _ => " kubernetes.io/kube-apiserver-client",
    };
    let certificates = "certificates.k8s.io";
    Some(match special {
        Special::Wildcard if names == "none" => "* *.*".to_owned(),
        Special::Impersonate => format!("impersonate users{name}"),
        Special::ImpersonateServiceAccount => format!("impersonate serviceaccounts{name}"),
        Special::ImpersonateUser => format!(
            "impersonate:user-info users.authentication.k8s.io{name}; impersonate-on:user-info:list secrets"
        ),
        Special::SecretReveal => format!("patch secrets{name}"),
        Special::CertificateApproval => format!(
            "create certificatesigningrequests.{certificates}; update certificatesigningrequests/approval.{certificates}; approve signers.{certificates}{signer}"
        ),
        Special::CertificateSigning => format!(
            "sign signers.{certificates}{signer}; update certificatesigningrequests/status.{certificates}"
        ),
        Special::Paths(paths) if names == "none" => format!("get path:{}", paths.first()?),
        Special::ScaleEverything if names == "none" => "update */scale.*".to_owned(),
        Special::AnyOf(group, _) => format!("update k8srequiredlabels.{group}{name}"),
        _ => return None,
    })
    .filter(|_| row.id != "ESC-WILDCARD" || names == "none")
}

fn name(row: &'static Row, part: &Part, resource: &str, own: bool) -> String {
    let plural = resource.split('/').next().unwrap();
    match (row.names, plural) {
        (NameRule::ConfigMap(name), _) if !own => name.to_owned(),
        (NameRule::AuthenticationConfigMap, _) if !own => {
            "extension-apiserver-authentication".to_owned()
        }
        (_, "namespaces") if !part.verbs.contains(&"create") => {
            if own { "app" } else { "shop" }.to_owned()
        }
        (NameRule::SecurityContextConstraints, _) => {
            if own { "op" } else { "privileged" }.to_owned()
        }
        (_, "customresourcedefinitions") => if own {
            "widgets.op.example"
        } else {
            "widgets.acme.example"
        }
        .to_owned(),
        (_, "apiservices") => if own {
            "v1.op.example"
        } else {
            "v1.acme.example"
        }
        .to_owned(),
        (_, "clusterroles" | "roles") if !own && part.verbs.contains(&"bind") => "view".to_owned(),
        _ => if own { "op" } else { "somebody" }.to_owned(),
    }
}
