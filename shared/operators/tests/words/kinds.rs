//! Which kinds and groups are an operator's.

use opsec_facts::Facts;

use crate::harness::{find, snapshot};
use crate::manifests::{
    INSTANCE, account, cluster_role, cluster_role_binding, definition, deployment, labelled, only,
    operators, owned,
};

/// How many kinds the operators in the namespaces `m` and `o` own, given files.
fn owned_in_m_and_o(files: &[String]) -> [Option<usize>; 2] {
    let names = ["a.yaml", "b.yaml", "c.yaml"];
    let texts = files.iter().map(String::as_str);
    let files: Vec<(&str, &str)> = names.into_iter().zip(texts).collect();
    let found = operators(&files);
    ["m", "o"].map(|namespace| {
        let mut operators = found.iter();
        let operator = operators.find(|o| o.namespaces.contains(namespace));
        operator.map(|operator| operator.owned_kinds.len())
    })
}

#[test]
fn definitions_are_owned_by_file_and_label_and_a_file_of_definitions_by_all() {
    let (a, b) = (deployment("m", "a"), deployment("o", "b"));
    let things = |labels: &str| definition("things", "example.com", "Thing", labels);
    let instance = format!("{INSTANCE}: x");
    let marked = labelled("m", "a", &instance);
    let ours = definition("operatorrights", "kubectl-opsec.dev", "OperatorRights", "");
    for (why, files, expected) in [
        (
            "the same file",
            vec![format!("{a}{}", things("")), b.clone()],
            [1, 0],
        ),
        (
            "a file of definitions alone belongs to all",
            vec![a.clone(), b.clone(), things("")],
            [1, 1],
        ),
        (
            "a label, wherever it stands",
            vec![marked.clone(), b.clone(), things(&instance)],
            [1, 0],
        ),
        (
            "one file of two, and the label tells",
            vec![format!("{marked}{b}{}", things(&instance))],
            [1, 0],
        ),
        (
            "one file of two, and nothing tells",
            vec![format!("{a}{b}{}", things(""))],
            [1, 1],
        ),
        (
            "our own declarations are no operator's",
            vec![format!("{a}{ours}"), b.clone()],
            [0, 0],
        ),
    ] {
        assert_eq!(owned_in_m_and_o(&files), expected.map(Some), "{why}");
    }
}

#[test]
fn a_baselines_kinds_are_added() {
    let text = deployment("o", "a") + &definition("things", "example.com", "Thing", "");
    let snapshot = snapshot(&[("a.yaml", &text)]);
    let operator = find(&snapshot).remove(0);
    let said = [
        "others.example.org".to_owned(),
        "operatorrights.kubectl-opsec.dev".to_owned(),
    ];
    let operator = operator.with_owned_kinds(&Facts::new(&snapshot), &said);
    assert_eq!(
        owned(&operator),
        ["others.example.org", "things.example.com"]
    );
}

#[test]
fn a_group_whose_status_it_may_write_is_presumed_own() {
    let with = |groups: &str, resources: &str, verbs: &str, more: &str| {
        let text = deployment("o", "controller")
            + &account("o", "controller")
            + &cluster_role("r", groups, resources, verbs)
            + &cluster_role_binding("r", &[("o", "controller")])
            + more;
        only(&text)
            .presumed_own_groups
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        with("example.com", "things/status", "patch", ""),
        ["example.com"]
    );
    assert_eq!(
        with("example.com", "things/finalizers", "update", ""),
        ["example.com"]
    );
    assert_eq!(
        with("example.com", "'*/status'", "update", ""),
        ["example.com"]
    );
    assert_eq!(with("example.com", "'*'", "'*'", ""), ["example.com"]);
    let none: [&str; 0] = [];
    assert_eq!(with("example.com", "things/status", "get", ""), none);
    assert_eq!(with("example.com", "things", "update", ""), none);
    assert_eq!(with("'*'", "'*'", "'*'", ""), none);
    let own = definition("things", "example.com", "Thing", "");
    assert_eq!(with("example.com", "things/status", "patch", &own), none);
    assert_eq!(
        with("sub.example.com", "things/status", "patch", &own),
        ["sub.example.com"]
    );
    assert_eq!(with("example.org", "things/status", "patch", &own), none);
    assert_eq!(with("metrics.k8s.io", "things/status", "patch", ""), none);
}
