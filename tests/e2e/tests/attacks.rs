//! An attack graph's cluster: the right or the pod setting behind each attack is found, and what
//! the API server would not grant is not.
#![cfg(test)]

use opsec_e2e::{corpus, files, judge, of_right, snapshot, status_of};
use opsec_model::{Reach, Report, Severity, Status};

/// The setting of the pod behind each attack, as a finding names it.
const PODS: &[(&str, Severity, &str, &str)] = &[
    (
        "CE_MODULE_LOAD",
        Severity::Critical,
        "OPSEC314",
        "SYS_MODULE",
    ),
    (
        "CE_NET_MITM",
        Severity::High,
        "OPSEC314",
        "capabilities, hostNamespaces",
    ),
    ("CE_NET_MITM", Severity::Medium, "OPSEC207", "host network"),
    (
        "CE_NSENTER",
        Severity::Critical,
        "OPSEC314",
        "the node's processes",
    ),
    (
        "CE_PRIV_MOUNT",
        Severity::Critical,
        "OPSEC314",
        "privileged",
    ),
    (
        "CE_SYS_PTRACE",
        Severity::Critical,
        "OPSEC314",
        "SYS_PTRACE",
    ),
    (
        "CE_UMH_CORE_PATTERN",
        Severity::Critical,
        "OPSEC314",
        "/proc/sys/kernel",
    ),
    (
        "CE_VAR_LOG_SYMLINK",
        Severity::Critical,
        "OPSEC314",
        "/var/log",
    ),
    (
        "ENDPOINT_EXPLOIT",
        Severity::Medium,
        "OPSEC206",
        "host port",
    ),
    (
        "EXPLOIT_HOST_READ_TRAVERSE",
        Severity::Critical,
        "OPSEC314",
        "/var/lib/kubelet",
    ),
    (
        "EXPLOIT_HOST_WRITE",
        Severity::Critical,
        "OPSEC314",
        "the node's `/`",
    ),
];

/// The right behind each attack: file, account, right, severity, reach.
const RIGHTS: &[(&str, &str, &str, Severity, Reach)] = &[
    (
        "CE_VAR_LOG_SYMLINK",
        "varlog-sa",
        "GRD-PODLOG",
        Severity::Info,
        Reach::Own,
    ),
    (
        "POD_CREATE",
        "pod-create-sa",
        "RUN-POD",
        Severity::Medium,
        Reach::Own,
    ),
    (
        "POD_EXEC",
        "pod-exec-sa",
        "RUN-EXEC",
        Severity::Info,
        Reach::Own,
    ),
    (
        "POD_PATCH",
        "pod-patch-sa",
        "RUN-PATCH-POD",
        Severity::Info,
        Reach::Own,
    ),
    (
        "TOKEN_LIST",
        "tokenlist-sa",
        "ESC-SECRET-READ",
        Severity::Info,
        Reach::Own,
    ),
    (
        "TOKEN_BRUTEFORCE",
        "tokenget-sa",
        "ESC-SECRET-READ",
        Severity::Info,
        Reach::Own,
    ),
    (
        "ROLE_BIND_CRB_CR",
        "rolebind-sa-crb-cr-crb-cr",
        "ESC-BIND",
        Severity::Critical,
        Reach::Cluster,
    ),
    (
        "ROLE_BIND_CRB_CR",
        "rolebind-sa-crb-cr-rb-cr",
        "ESC-BIND",
        Severity::Critical,
        Reach::Cluster,
    ),
    (
        "ROLE_BIND_CRB_CR",
        "rolebind-sa-crb-cr-rb-r",
        "ESC-BIND",
        Severity::Critical,
        Reach::Cluster,
    ),
    (
        "ROLE_BIND_RB_CR-SA",
        "rolebind-sa-rb-cr-rb-cr",
        "ESC-BIND",
        Severity::Info,
        Reach::Own,
    ),
    (
        "ROLE_BIND_RB_CR-SA",
        "rolebind-sa-rb-cr-rb-r",
        "ESC-BIND",
        Severity::Info,
        Reach::Own,
    ),
    (
        "ROLE_BIND_RB_R-SA",
        "rolebind-sa-rb-r-rb-crb",
        "ESC-BIND",
        Severity::Info,
        Reach::Own,
    ),
    (
        "ROLE_BIND_RB_R-SA",
        "rolebind-sa-rb-r-rb-r",
        "ESC-BIND",
        Severity::Info,
        Reach::Own,
    ),
];

/// Reports of the attacks that an operator can be judged in, by name; a file may hold several
/// pods of one namespace, which are one installation.
fn reports(folder: &std::path::Path) -> Vec<(String, Result<Report, String>)> {
    files(&folder.join("attacks"))
        .unwrap()
        .into_iter()
        .map(|input| {
            let name = input.name.trim_end_matches(".yaml").to_owned();
            (name, judge(&input, None).map_err(|error| error.to_string()))
        })
        .collect()
}

fn report<'a>(reports: &'a [(String, Result<Report, String>)], name: &str) -> &'a Report {
    let (_, report) = reports.iter().find(|(file, _)| file == name).unwrap();
    report.as_ref().unwrap()
}

#[test]
fn the_setting_of_the_pod_is_found() {
    let Some(folder) = corpus("the_setting_of_the_pod_is_found") else {
        return;
    };
    let reports = reports(&folder);
    for (file, severity, rule, words) in PODS {
        let found = report(&reports, file).findings().any(|finding| {
            finding.severity == *severity && finding.rule == *rule && finding.title.contains(words)
        });
        assert!(found, "{file}: {severity} {rule} {words}");
    }
}

#[test]
fn the_right_is_found() {
    let Some(folder) = corpus("the_right_is_found") else {
        return;
    };
    let reports = reports(&folder);
    let mut wrong = Vec::new();
    for (file, account, right, severity, reach) in RIGHTS {
        let found = of_right(report(&reports, file), right, Some(account));
        let as_said =
            |f: &&opsec_model::Finding| f.severity == *severity && f.reach == Some(*reach);
        if !found.iter().any(as_said) {
            wrong.push(format!("{file}: {account} {right} {severity}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_fails_in_the_cluster_does_not_trip_opsec303() {
    let Some(folder) = corpus("what_fails_in_the_cluster_does_not_trip_opsec303") else {
        return;
    };
    let mut failing = 0;
    for (file, report) in reports(&folder) {
        let Ok(report) = report else { continue };
        let accounts = &report.operator.service_accounts;
        failing += accounts
            .iter()
            .filter(|a| a.name.ends_with("-fail"))
            .count();
        for finding in report.findings().filter(|f| f.rule == "OPSEC303") {
            let named = |name: &str| name.ends_with("-fail");
            let account = finding.service_accounts.iter().any(|a| named(&a.name));
            let role = finding.granted_by.iter().any(|g| named(&g.role.name));
            assert!(!account && !role, "{file}: {}", finding.title);
        }
    }
    assert_eq!(failing, 3);
}

/// `users` in a Role are never asked for in a namespace.
#[test]
fn impersonation_of_users_by_a_role_is_not_found() {
    let Some(folder) = corpus("impersonation_of_users_by_a_role_is_not_found") else {
        return;
    };
    let reports = reports(&folder);
    let report = report(&reports, "IDENTITY_IMPERSONATE");
    for rule in ["OPSEC303", "OPSEC305"] {
        assert_eq!(status_of(report, rule), Some(Status::Pass), "{rule}");
    }
    assert!(
        !report
            .findings()
            .any(|f| f.right.as_deref().is_some_and(|id| id.starts_with("ESC-")))
    );
}

/// Roles that nothing binds are nobody's.
#[test]
fn a_role_that_nothing_binds_is_not_found() {
    let Some(folder) = corpus("a_role_that_nothing_binds_is_not_found") else {
        return;
    };
    let reports = reports(&folder);
    let report = report(&reports, "ROLE_BIND_ALL");
    assert!(report.findings().all(|finding| finding.right.is_none()));
    assert!(report.gains.is_empty());
}

/// Users, groups and nodes are no ServiceAccounts: there is no operator to judge.
#[test]
fn what_binds_users_groups_and_nodes_alone_is_no_operator() {
    let Some(folder) = corpus("what_binds_users_groups_and_nodes_alone_is_no_operator") else {
        return;
    };
    for (file, report) in reports(&folder) {
        if ["IDENTITY_ASSUME", "ROLE_BIND_RB_R-UG"].contains(&file.as_str()) {
            let error = report.unwrap_err();
            assert!(error.contains("no operator is here"), "{file}: {error}");
        }
    }
}

/// The hop of each attack: file, right or rule of the pod's setting, what is taken, whether nothing
/// cuts it. What is held in the attacker's own namespace alone comes to nothing of others'.
const HOPS: &[(&str, &str, &str, bool)] = &[
    ("CE_MODULE_LOAD", "OPSEC314", "Node/*", true),
    ("CE_NET_MITM", "OPSEC207", "Pod/*", true),
    ("CE_NSENTER", "OPSEC314", "Node/*", true),
    ("CE_PRIV_MOUNT", "OPSEC314", "Node/*", true),
    ("CE_SYS_PTRACE", "OPSEC314", "Node/*", true),
    ("CE_UMH_CORE_PATTERN", "OPSEC314", "Node/*", true),
    ("CE_VAR_LOG_SYMLINK", "OPSEC314", "Node/*", true),
    ("ENDPOINT_EXPLOIT", "OPSEC314", "Node/*", true),
    ("EXPLOIT_HOST_READ_TRAVERSE", "OPSEC314", "Node/*", true),
    ("EXPLOIT_HOST_WRITE", "OPSEC314", "Node/*", true),
    ("POD_CREATE", "RUN-POD", "Node/*", true),
    ("POD_CREATE", "RUN-POD", "Pod/default/*", false),
    ("POD_EXEC", "RUN-EXEC", "Pod/default/*", false),
    ("POD_PATCH", "RUN-PATCH-POD", "Pod/default/*", false),
    (
        "ROLE_BIND_CRB_CR",
        "ESC-BIND",
        "ClusterRole/cluster-admin",
        true,
    ),
    ("ROLE_BIND_CRB_CR", "ESC-BIND", "Secret/kube-system/*", true),
    ("ROLE_BIND_RB_CR-SA", "ESC-BIND", "Node/*", true),
    ("ROLE_BIND_RB_R-SA", "ESC-BIND", "Node/*", true),
    (
        "ROLE_BIND_RB_R-SA",
        "ESC-BIND",
        "ServiceAccount/default/*",
        false,
    ),
    ("SHARE_PS_NAMESPACE", "", "Pod/default/sharedps-pod1", false),
    (
        "TOKEN_BRUTEFORCE",
        "ESC-SECRET-READ",
        "Secret/default/*",
        false,
    ),
    ("TOKEN_LIST", "ESC-SECRET-READ", "Secret/default/*", false),
];

/// Attacks without a hop: what the API server would not grant, and the pod that is no attack.
const NO_HOPS: [&str; 5] = [
    "CONTROL_POD",
    "IDENTITY_ASSUME",
    "IDENTITY_IMPERSONATE",
    "ROLE_BIND_ALL",
    "ROLE_BIND_RB_R-UG",
];

#[test]
fn every_attack_is_a_hop_of_a_chain() {
    let Some(folder) = corpus("every_attack_is_a_hop_of_a_chain") else {
        return;
    };
    let mut without: Vec<String> = Vec::new();
    for input in files(&folder.join("attacks")).unwrap() {
        let name = input.name.trim_end_matches(".yaml");
        let snapshot = snapshot(std::slice::from_ref(&input)).unwrap();
        let paths = opsec_practices::find_paths(&snapshot, None)
            .map(|list| list.items)
            .unwrap_or_default();
        if paths.is_empty() {
            without.push(name.to_owned());
        }
        let expected: Vec<_> = HOPS.iter().filter(|hop| hop.0 == name).collect();
        assert_eq!(expected.is_empty(), paths.is_empty(), "{name}");
        for (_, right, taken, open) in expected {
            let found = paths.iter().any(|path| {
                path.cut != *open
                    && path.hops.iter().any(|hop| {
                        hop.right.as_deref().unwrap_or_default() == *right
                            && hop.to.to_string() == *taken
                    })
            });
            assert!(
                found,
                "{name}: {right} -> {taken}, open: {open}: {paths:#?}"
            );
        }
    }
    assert_eq!(without, NO_HOPS);
}

/// Accounts whose name ends in `-fail` come to nothing.
#[test]
fn what_fails_in_the_cluster_begins_no_chain() {
    let Some(folder) = corpus("what_fails_in_the_cluster_begins_no_chain") else {
        return;
    };
    for input in files(&folder.join("attacks")).unwrap() {
        let snapshot = snapshot(std::slice::from_ref(&input)).unwrap();
        let Ok(list) = opsec_practices::find_paths(&snapshot, None) else {
            continue;
        };
        for hop in list.items.iter().flat_map(|path| &path.hops) {
            assert!(
                !hop.from.name.ends_with("-fail"),
                "{}: {hop:#?}",
                input.name
            );
        }
    }
}

/// The setting is read, so that it is seen.
#[test]
fn a_pod_that_shares_its_processes_says_so() {
    let Some(folder) = corpus("a_pod_that_shares_its_processes_says_so") else {
        return;
    };
    let all = files(&folder.join("attacks")).unwrap();
    let input = all
        .iter()
        .find(|input| input.name == "SHARE_PS_NAMESPACE.yaml")
        .unwrap();
    let snapshot = snapshot(std::slice::from_ref(input)).unwrap();
    for workload in &snapshot.workloads {
        assert_eq!(workload.template.spec.share_process_namespace, Some(true));
    }
    let paths = opsec_practices::find_paths(&snapshot, None).unwrap().items;
    let fields: Vec<&str> = paths
        .iter()
        .flat_map(|path| &path.hops)
        .flat_map(|hop| &hop.evidence)
        .map(|evidence| evidence.field.as_str())
        .collect();
    assert_eq!(fields, ["spec.shareProcessNamespace"; 2]);
}

/// Sharing processes between containers of one pod crosses no line: they are one ServiceAccount.
#[test]
fn a_pod_that_shares_its_processes_takes_no_node() {
    let Some(folder) = corpus("a_pod_that_shares_its_processes_takes_no_node") else {
        return;
    };
    let all = files(&folder.join("attacks")).unwrap();
    for name in ["SHARE_PS_NAMESPACE", "CONTROL_POD"] {
        let input = all.iter().find(|i| i.name.starts_with(name)).unwrap();
        let snapshot = snapshot(std::slice::from_ref(input)).unwrap();
        let report = opsec_e2e::judge_snapshot(&snapshot, None).unwrap();
        assert!(report.gains.is_empty(), "{name}");
        assert!(
            report
                .findings()
                .all(|finding| finding.severity <= Severity::Medium)
        );
    }
}
