//! Where objects without a namespace go.

use opsec_manifests::{Input, Manifests, Options, read};
use opsec_model::NoticeCode;
use opsec_model::snapshot::{Placement, PlacementReason};

fn account(name: &str, namespace: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}{}}}\n",
        member(namespace)
    )
}

fn binding(name: &str, subjects: &[(&str, &str)]) -> String {
    let subject = |(name, namespace): &(&str, &str)| {
        format!(
            "- {{kind: ServiceAccount, name: {name}{}}}\n",
            member(namespace)
        )
    };
    let subjects = subjects.iter().map(subject).collect::<Vec<_>>().concat();
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: {name}}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}\nsubjects:\n{subjects}"
    )
}

fn member(namespace: &str) -> String {
    if namespace.is_empty() {
        String::new()
    } else {
        format!(", namespace: {namespace}")
    }
}

fn files(texts: &[&str]) -> Vec<Input> {
    texts
        .iter()
        .enumerate()
        .map(|(index, text)| Input {
            name: format!("{index}.yaml"),
            bytes: text.as_bytes().to_vec(),
        })
        .collect()
}

fn try_place(texts: &[&str], namespace: Option<&str>, as_given: bool) -> Result<Manifests, String> {
    let options = Options {
        namespace: namespace.map(Into::into),
        namespace_as_given: as_given,
        ..Options::default()
    };
    read(files(texts), &options).map_err(|error| error.to_string())
}

fn accounts(manifests: &Manifests) -> Vec<String> {
    let accounts = &manifests.snapshot.service_accounts;
    accounts
        .iter()
        .map(|account| format!("{}/{}", account.metadata.namespace(), account.metadata.name))
        .collect()
}

fn placement(namespace: &str, reason: PlacementReason, objects: usize) -> Placement {
    Placement {
        namespace: namespace.into(),
        reason,
        objects,
    }
}

#[test]
fn without_a_namespace_the_bindings_of_the_file_say_where() {
    for (what, text, expected, reason) in [
        (
            "the one namespace that the bindings name",
            account("a", "") + &account("b", "") + &binding("x", &[("a", "shop"), ("b", "shop")]),
            vec!["shop/a", "shop/b"],
            PlacementReason::Bindings,
        ),
        (
            "accounts without a namespace come first",
            account("a", "")
                + &account("b", "blog")
                + &binding("x", &[("a", "shop"), ("b", "blog")]),
            vec!["blog/b", "shop/a"],
            PlacementReason::Bindings,
        ),
        (
            "then those with one",
            account("a", "") + &account("b", "blog") + &binding("x", &[("b", "blog")]),
            vec!["blog/a", "blog/b"],
            PlacementReason::Bindings,
        ),
        (
            "two namespaces say nothing",
            account("a", "") + &binding("x", &[("a", "shop"), ("a", "blog")]),
            vec!["default/a"],
            PlacementReason::Default,
        ),
        (
            "other accounts say nothing",
            account("a", "") + &binding("x", &[("other", "shop")]),
            vec!["default/a"],
            PlacementReason::Default,
        ),
        (
            "nothing says where",
            account("a", ""),
            vec!["default/a"],
            PlacementReason::Default,
        ),
    ] {
        let manifests = try_place(&[&text], None, false).unwrap();
        assert_eq!(accounts(&manifests), expected, "{what}");
        let reasons: Vec<_> = manifests
            .snapshot
            .placements
            .iter()
            .map(|placement| placement.reason)
            .collect();
        assert_eq!(reasons, [reason], "{what}");
        let said = manifests
            .snapshot
            .notices
            .iter()
            .any(|notice| notice.code == NoticeCode::NamespacePlaced);
        assert_eq!(said, reason == PlacementReason::Default, "{what}");
    }
}

#[test]
fn files_are_placed_one_by_one() {
    let first = account("a", "") + &binding("x", &[("a", "shop")]);
    let second = account("b", "") + &binding("y", &[("b", "blog")]);
    let third = account("c", "");
    let manifests = try_place(&[&first, &second, &third], None, false).unwrap();
    assert_eq!(accounts(&manifests), ["blog/b", "default/c", "shop/a"]);
    assert_eq!(
        manifests.snapshot.placements,
        [
            placement("blog", PlacementReason::Bindings, 1),
            placement("default", PlacementReason::Default, 1),
            placement("shop", PlacementReason::Bindings, 1),
        ]
    );
}

#[test]
fn the_namespace_asked_for_places_what_has_none() {
    let text = account("a", "") + &account("b", "blog");
    let manifests = try_place(&[&text], Some("tools"), false).unwrap();
    assert_eq!(accounts(&manifests), ["blog/b", "tools/a"]);
    assert_eq!(
        manifests.snapshot.placements,
        [placement("tools", PlacementReason::Asked, 1)]
    );
}

#[test]
fn a_namespace_that_the_bindings_contradict_is_an_error_unless_it_is_as_given() {
    let text = account("a", "") + &binding("x", &[("a", "argocd")]);
    assert_eq!(
        try_place(&[&text], Some("foo"), false).unwrap_err(),
        "the bindings in 0.yaml grant to namespace argocd, not to `foo`; use -n argocd, or --namespace-as-given to judge it as written"
    );
    assert_eq!(
        accounts(&try_place(&[&text], Some("argocd"), false).unwrap()),
        ["argocd/a"]
    );
    assert_eq!(
        accounts(&try_place(&[&text], Some("foo"), true).unwrap()),
        ["foo/a"]
    );
    let placed = account("a", "argocd") + &binding("x", &[("a", "argocd")]);
    assert!(try_place(&[&placed], Some("foo"), false).is_ok());
}

#[test]
fn only_namespaced_kinds_are_placed_and_cluster_scoped_ones_lose_their_namespace() {
    let kinds = "\
apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r, namespace: shop}\n---\n\
apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: as.x.io}\n\
spec: {group: x.io, scope: Namespaced, names: {plural: as, kind: A}, versions: [{name: v1, served: true, storage: true}]}\n---\n\
apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: bs.x.io}\n\
spec: {group: x.io, scope: Cluster, names: {plural: bs, kind: B}, versions: [{name: v1, served: true, storage: true}]}\n---\n\
apiVersion: x.io/v1\nkind: A\nmetadata: {name: a}\n---\n\
apiVersion: x.io/v1\nkind: B\nmetadata: {name: b, namespace: shop}\n---\n\
apiVersion: y.io/v1\nkind: C\nmetadata: {name: c}\n";
    let snapshot = try_place(&[kinds], Some("tools"), false).unwrap().snapshot;
    assert_eq!(snapshot.cluster_roles[0].metadata.namespace, None);
    let found: Vec<_> = snapshot
        .custom_objects
        .iter()
        .map(|object| (object.kind.as_str(), object.metadata.namespace.as_deref()))
        .collect();
    assert_eq!(found, [("B", None), ("C", None), ("A", Some("tools"))]);
}

#[test]
fn a_cluster_role_bindings_subject_without_a_namespace_is_the_account_of_the_file() {
    let subject = |texts: &[&str]| {
        let manifests = try_place(texts, None, false).unwrap();
        let subjects = &manifests.snapshot.cluster_role_bindings[0].subjects;
        let notices = manifests.snapshot.notices.iter();
        let said = notices
            .filter(|notice| notice.code == NoticeCode::SubjectWithoutNamespace)
            .count();
        let found: Vec<_> = subjects
            .iter()
            .map(|subject| subject.namespace.clone().unwrap_or_default())
            .collect();
        (found, said)
    };
    let unnamed = binding("x", &[("a", "")]);
    let with = |text: String| text + &unnamed;
    assert_eq!(
        subject(&[&with(account("a", "shop"))]),
        (vec!["shop".into()], 1)
    );
    assert_eq!(
        subject(&[&with(account("a", ""))]),
        (vec!["default".into()], 1)
    );
    assert_eq!(
        subject(&[&with(account("a", "shop") + &account("a", "blog"))]),
        (vec!["blog".into(), "shop".into()], 2)
    );
    let others = account("b", "") + &binding("y", &[("b", "tools")]);
    let both = [unnamed.clone(), others.clone()].concat();
    assert_eq!(
        subject(&[&both]),
        (vec!["tools".into()], 1),
        "where the file's objects go"
    );
    assert_eq!(
        subject(&[&unnamed, &account("a", "shop")]),
        (vec!["default".into()], 1),
        "another file's account is another"
    );
}
