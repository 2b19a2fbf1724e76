//! The NetworkPolicy cases, every connection of each: what we find agrees but for the differences
//! that are listed here, each with the specification's sentence.

use opsec_corpus::corpus;
use opsec_model::NoticeCode;

use crate::cases::{cases, difference, found, snapshot};

/// How many cases there are.
const CASES: usize = 32;

/// Cases with policies that the API server refuses for their name (`use_common_labels_same_values`
/// is no DNS subdomain), and so they hold nothing. "The name of a NetworkPolicy object must be a
/// valid DNS subdomain name." With a name that is one, every connection agrees.
const REFUSED: [&str; 2] = [
    "example_pods_w_same_owner_and_labels_gap_with_good_match_expression",
    "example_pods_w_same_owner_and_labels_gap_with_policy_selector_not_in_gap",
];

/// Cases in which policies select pods of the host network, and these pods. The corpus holds such
/// a pod by the policy as any other; we do not. "NetworkPolicy behaviour for hostNetwork pods is
/// undefined, but it should be limited to 2 possibilities", of which the second, "the most common
/// implementation", is "the network plugin cannot correctly distinguish hostNetwork pod traffic,
/// and so it ignores hostNetwork pods when matching podSelector and namespaceSelector". What a
/// policy may not stop is reachable. With the same pods on the pod network every connection agrees.
const HOST_NETWORK: [(&str, &[&str]); 10] = [
    ("ipblockstest", FRONTEND),
    ("ipblockstest_3", FRONTEND),
    ("ipblockstest_4", FRONTEND),
    ("multiple_topology_resources_1", &[COMMAND, QUERY]),
    ("multiple_topology_resources_2", &[COMMAND, QUERY]),
    ("semanticDiff-same-topologies-new1", &[COMMAND, QUERY]),
    ("semanticDiff-same-topologies-new2", &[COMMAND]),
    ("semanticDiff-same-topologies-new3", &[QUERY, UI]),
    ("semanticDiff-same-topologies-old1", &[COMMAND, QUERY]),
    ("semanticDiff-same-topologies-old3", &[QUERY, UI]),
];
const FRONTEND: &[&str] = &[
    "kube-system/calico-node-tier[DaemonSet]",
    "kube-system/ibm-keepalived-watcher[DaemonSet]",
    "kube-system/ibm-kube-fluentd-with-tier[DaemonSet]",
];
const COMMAND: &str = "demo/cog-agents-account-command[DaemonSet]";
const QUERY: &str = "demo/cog-agents-account-query[DaemonSet]";
const UI: &str = "demo/cog-agents-bank-ui[DaemonSet]";

#[test]
fn every_connection_agrees_but_for_the_listed_cases() {
    let test = "every_connection_agrees_but_for_the_listed_cases";
    let Some(corpus) = corpus(test) else { return };
    let mut agree = 0;
    let mut differences = Vec::new();
    for case in cases(&corpus.join("netpol/plain")) {
        let listed = REFUSED.contains(&case.name.as_str())
            || HOST_NETWORK.iter().any(|(name, _)| *name == case.name);
        let found = found(&snapshot(&case.manifests, str::to_owned));
        if listed {
            assert_ne!(found, case.expected, "{} is listed for nothing", case.name);
        } else {
            agree += 1;
            differences.extend(difference(&case, &found));
        }
    }
    assert_eq!(differences, [""; 0]);
    assert_eq!(agree, CASES - REFUSED.len() - HOST_NETWORK.len());
}

#[test]
fn cases_with_a_refused_policy_agree_once_its_name_is_valid() {
    let test = "cases_with_a_refused_policy_agree_once_its_name_is_valid";
    let Some(corpus) = corpus(test) else { return };
    let cases = cases(&corpus.join("netpol/plain"));
    let refused = cases
        .iter()
        .filter(|case| REFUSED.contains(&case.name.as_str()));
    for case in refused {
        let as_it_is = snapshot(&case.manifests, str::to_owned);
        assert_eq!(as_it_is.network_policies, []);
        assert!(
            as_it_is
                .notices
                .iter()
                .any(|notice| notice.code == NoticeCode::InvalidObject),
            "{} has no notice",
            case.name
        );
        let mended = snapshot(&case.manifests, |text| {
            text.replace(
                "use_common_labels_same_values",
                "use-common-labels-same-values",
            )
        });
        assert_eq!(difference(case, &found(&mended)), [""; 0]);
    }
}

#[test]
fn cases_with_held_host_network_pods_differ_in_these_alone() {
    let test = "cases_with_held_host_network_pods_differ_in_these_alone";
    let Some(corpus) = corpus(test) else { return };
    let cases = cases(&corpus.join("netpol/plain"));
    for (name, pods) in HOST_NETWORK {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let mut snapshot = snapshot(&case.manifests, str::to_owned);
        let differences = difference(case, &found(&snapshot));
        for line in &differences {
            assert!(
                pods.iter().any(|pods| line.contains(pods)),
                "{line} is not explained"
            );
        }
        for pods in pods {
            assert!(
                differences.iter().any(|line| line.contains(pods)),
                "{name}: {pods} agrees"
            );
        }
        for workload in &mut snapshot.workloads {
            workload.template.spec.host_network = false;
        }
        assert_eq!(difference(case, &found(&snapshot)), [""; 0]);
    }
}
