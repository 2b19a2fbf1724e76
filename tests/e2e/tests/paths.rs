//! Escalation chains of operators as they ship.
#![cfg(test)]

use opsec_e2e::{corpus, files, snapshot};
use opsec_model::{Path, PathEnd};
use opsec_practices::find_paths;

fn chains(folder: &std::path::Path, name: &str) -> Vec<Path> {
    let files = files(folder).unwrap();
    let input = files.iter().find(|input| input.name == name).unwrap();
    let snapshot = snapshot(std::slice::from_ref(input)).unwrap();
    find_paths(&snapshot, None).unwrap().items
}

/// Tried on a running API server: the token Secret of the controller that aggregates ClusterRoles,
/// and with it that controller's own role.
#[test]
fn cert_manager_is_cluster_admin_in_two_hops() {
    let Some(folder) = corpus("cert_manager_is_cluster_admin_in_two_hops") else {
        return;
    };
    let paths = chains(&folder.join("operators"), "cert-manager.yaml");
    let worst = paths.first().unwrap();
    assert!(!worst.cut);
    assert_eq!(worst.end, PathEnd::ClusterAdmin);
    let hops: Vec<(String, Option<&str>, String)> = worst
        .hops
        .iter()
        .map(|hop| {
            (
                hop.from.to_string(),
                hop.right.as_deref(),
                hop.to.to_string(),
            )
        })
        .collect();
    let controller = "ServiceAccount/kube-system/clusterrole-aggregation-controller".to_owned();
    assert_eq!(
        hops,
        [
            (
                "Deployment/cert-manager/cert-manager".to_owned(),
                Some("ESC-SECRET-WRITE"),
                controller.clone()
            ),
            (
                controller,
                Some("ESC-ESCALATE"),
                "ClusterRole/cluster-admin".to_owned()
            ),
        ]
    );
}

/// `cluster-admin critical: Deployment/a/b -ESC-BIND-> ClusterRole/cluster-admin`.
fn line(path: &Path) -> String {
    let mut line = format!("{} {}:", path.end.as_str(), path.severity);
    if path.cut {
        line.push_str(" (cut)");
    }
    let mut at = String::new();
    for hop in &path.hops {
        let from = hop.from.to_string();
        if from != at {
            line = format!("{line} {from}");
        }
        at = hop.to.to_string();
        let right = hop.right.as_deref().unwrap_or("");
        let cut = hop
            .reason
            .as_ref()
            .filter(|_| hop.cut)
            .map_or(String::new(), |reason| format!(" | {reason} |"));
        line = format!("{line} -{right}{cut}-> {at}");
    }
    line
}

#[test]
fn the_heads_of_every_operator() {
    let Some(folder) = corpus("the_heads_of_every_operator") else {
        return;
    };
    let mut lines = Vec::new();
    for input in files(&folder.join("operators")).unwrap() {
        let snapshot = snapshot(std::slice::from_ref(&input)).unwrap();
        lines.push(input.name.clone());
        for path in opsec_e2e::judge_snapshot(&snapshot, None).unwrap().paths {
            lines.push(format!("  {}", line(&path)));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}
