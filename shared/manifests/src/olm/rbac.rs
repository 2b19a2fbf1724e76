//! ServiceAccounts, Roles and bindings of `permissions` and `clusterPermissions`, and the Role
//! that OLM adds for the version's OperatorCondition.

use std::collections::BTreeSet;

use opsec_model::InstallMode;
use serde_json::{Value, json};

use super::fields::{Part, respelled};
use super::made::{Draft, Maker, RBAC, made, member, object};
use super::version::Version;
use crate::node::{Data, Node};

const GROUP: &str = "rbac.authorization.k8s.io";
const OF_A_RULE: [&str; 5] = [
    "apiGroups",
    "resources",
    "verbs",
    "resourceNames",
    "nonResourceURLs",
];

/// The accounts that a version grants to, in order. One without a name is not among them.
pub(super) fn accounts<'a>(version: &Version<'a>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let lists = ["permissions", "clusterPermissions"];
    let entries = lists.into_iter().flat_map(|list| version.install(list));
    entries
        .filter_map(|entry| entry.text("serviceAccountName"))
        .filter(|name| seen.insert(*name))
        .collect()
}

/// The ServiceAccounts that OLM creates: those that it grants to, which the files do not hold.
pub(super) fn service_accounts(maker: &mut Maker<'_>, shipped: &BTreeSet<String>) {
    let namespace = maker.installation.namespace.as_str();
    let mut made = BTreeSet::new();
    for list in ["permissions", "clusterPermissions"] {
        for entry in maker.version.install(list) {
            let Some(name) = entry.text("serviceAccountName") else {
                continue;
            };
            if name == "default" || shipped.contains(name) || !made.insert(name) {
                continue;
            }
            maker.make(Draft {
                api_version: "v1",
                kind: "ServiceAccount",
                name: name.to_owned(),
                namespace: Some(namespace),
                content: object([]),
                from: &entry.path,
                fields: Vec::new(),
                added: Vec::new(),
            });
        }
    }
}

/// What `permissions` grants: in the namespace of the installation and in those that it is for, or
/// everywhere where it is for all.
pub(super) fn permissions(maker: &mut Maker<'_>) {
    let version = maker.version;
    let installation = maker.installation;
    let own = std::iter::once(&installation.namespace);
    let namespaces: BTreeSet<&String> = own.chain(&installation.target_namespaces).collect();
    for entry in version.install("permissions") {
        let wanted = role_name(version, &entry);
        if installation.install_mode == InstallMode::AllNamespaces {
            let name = maker.name("ClusterRole", &wanted);
            grant(maker, &entry, &name, None, &lifted(&entry));
            continue;
        }
        let name = maker.name("Role", &wanted);
        for namespace in &namespaces {
            grant(maker, &entry, &name, Some(namespace), &[]);
        }
    }
}

/// What `clusterPermissions` grants.
pub(super) fn cluster_permissions(maker: &mut Maker<'_>) {
    let version = maker.version;
    for entry in version.install("clusterPermissions") {
        let wanted = format!("{}-cluster", role_name(version, &entry));
        let name = maker.name("ClusterRole", &wanted);
        grant(maker, &entry, &name, None, &[]);
    }
}

/// What OLM adds where it lifts a Role: that the namespaces can be seen.
fn lifted(entry: &Part<'_>) -> Vec<Node> {
    let nothing_granted = entry.list("rules").is_empty();
    let rule =
        json!({"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list", "watch"]});
    if nothing_granted {
        Vec::new()
    } else {
        vec![made(rule)]
    }
}

fn role_name(version: &Version<'_>, entry: &Part<'_>) -> String {
    let account = entry.text("serviceAccountName").unwrap_or_default();
    format!("{}-{account}", version.name)
}

/// A role of an entry and its binding, in a namespace or everywhere.
fn grant(
    maker: &mut Maker<'_>,
    entry: &Part<'_>,
    name: &str,
    namespace: Option<&str>,
    added: &[Node],
) {
    let prefix = if namespace.is_some() { "" } else { "Cluster" };
    let (role, binding) = match prefix {
        "" => ("Role", "RoleBinding"),
        _ => ("ClusterRole", "ClusterRoleBinding"),
    };
    let given = entry.get("rules");
    let fields: Vec<(String, String)> = given
        .iter()
        .map(|rules| ("rules".to_owned(), rules.path.clone()))
        .collect();
    let mut rules: Vec<Node> = match given.as_ref().map(|given| (given, &given.value.data)) {
        Some((_, Data::List(rules))) => rules
            .iter()
            .map(|rule| respelled(rule, &OF_A_RULE))
            .collect(),
        // What is no list is refused where it is decoded.
        Some((other, _)) => vec![other.value.clone()],
        None => Vec::new(),
    };
    let own = rules.len();
    rules.extend(added.iter().cloned());
    let added = (own..rules.len()).map(|index| format!("rules[{index}]"));
    let added = added.collect();
    let mut list = member(Node::new(entry.line, Data::List(rules.into())));
    if let Some(given) = &given {
        list.line = given.line;
    }
    maker.make(Draft {
        api_version: RBAC,
        kind: role,
        name: name.to_owned(),
        namespace,
        content: object([("rules", list)]),
        from: &entry.path,
        fields,
        added,
    });
    let account = entry.text("serviceAccountName").unwrap_or_default();
    bind(
        maker,
        &entry.path,
        Binding {
            kind: binding,
            name,
            namespace,
            role: (role, name),
            accounts: &[account],
        },
    );
}

/// A binding of accounts of the installation's namespace.
pub(super) struct Binding<'a> {
    pub kind: &'static str,
    pub name: &'a str,
    pub namespace: Option<&'a str>,
    /// Kind and name of the role.
    pub role: (&'a str, &'a str),
    pub accounts: &'a [&'a str],
}

/// Makes a binding.
pub(super) fn bind(maker: &mut Maker<'_>, from: &str, binding: Binding<'_>) {
    let home = &maker.installation.namespace;
    let subject = |name: &&str| json!({"kind": "ServiceAccount", "name": name, "namespace": home});
    let subjects: Vec<Value> = binding.accounts.iter().map(subject).collect();
    let (kind, name) = binding.role;
    let content = json!({
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": name},
        "subjects": subjects,
    });
    maker.make(Draft {
        api_version: RBAC,
        kind: binding.kind,
        name: binding.name.to_owned(),
        namespace: binding.namespace,
        content: made(content),
        from,
        fields: Vec::new(),
        added: Vec::new(),
    });
}

/// A Role with one binding to accounts of the installation's namespace.
pub(super) fn own_role(
    maker: &mut Maker<'_>,
    name: &str,
    rules: Value,
    accounts: &[&str],
    from: &str,
) {
    let namespace = maker.installation.namespace.as_str();
    maker.make(Draft {
        api_version: RBAC,
        kind: "Role",
        name: name.to_owned(),
        namespace: Some(namespace),
        content: made(json!({"rules": rules})),
        from,
        fields: Vec::new(),
        added: Vec::new(),
    });
    bind(
        maker,
        from,
        Binding {
            kind: "RoleBinding",
            name,
            namespace: Some(namespace),
            role: ("Role", name),
            accounts,
        },
    );
}

/// The Role by which an operator tells OLM how it is: its own OperatorCondition.
pub(super) fn operator_condition(maker: &mut Maker<'_>) {
    let version = maker.version;
    let named = accounts(version);
    let accounts = if named.is_empty() {
        vec!["default"]
    } else {
        named
    };
    let condition = [version.name];
    let rule = |resource: &str| {
        json!({
            "apiGroups": ["operators.coreos.com"],
            "resources": [resource],
            "resourceNames": condition,
            "verbs": ["get", "update", "patch"],
        })
    };
    let rules = json!([
        rule("operatorconditions"),
        rule("operatorconditions/status")
    ]);
    let name = maker.name("Role", version.name);
    own_role(maker, &name, rules, &accounts, "spec.install");
}
