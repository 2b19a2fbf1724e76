//! The NetworkPolicy cases of the corpus, every connection of each: what we find agrees but for
//! the differences that are listed here, each with the specification's sentence.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use opsec_corpus::corpus;
use opsec_facts::Facts;
use opsec_manifests::{Input, Options, read};
use opsec_model::{NoticeCode, Snapshot};
use opsec_network::{AddressRange, AddressSet, Endpoint, PortSet, Protocol, connections};

/// How many cases there are.
const CASES: usize = 32;

/// Connections, those with addresses joined over ranges that touch.
#[derive(Default)]
struct Allowed {
    between: BTreeMap<(String, String), PortSet>,
    from_addresses: BTreeMap<(String, PortSet), AddressSet>,
    to_addresses: BTreeMap<(String, PortSet), AddressSet>,
}

impl Allowed {
    fn add(&mut self, from: End, to: End, ports: PortSet) {
        match (from, to) {
            (End::Pods(from), End::Pods(to)) => {
                let before = self.between.insert((from, to), ports);
                assert!(before.is_none(), "a pair has one line");
            }
            (End::Addresses(range), End::Pods(pods)) => {
                let set = self.from_addresses.entry((pods, ports)).or_default();
                *set = set.union(&range.into());
            }
            (End::Pods(pods), End::Addresses(range)) => {
                let set = self.to_addresses.entry((pods, ports)).or_default();
                *set = set.union(&range.into());
            }
            (End::Addresses(_), End::Addresses(_)) => panic!("addresses do not concern pods"),
        }
    }

    fn lines(&self) -> BTreeSet<String> {
        let between = self.between.iter();
        let between = between.map(|((from, to), ports)| format!("{from} => {to} : {ports}"));
        let from = self.from_addresses.iter();
        let from = from.map(|((pods, ports), set)| format!("{set} => {pods} : {ports}"));
        let to = self.to_addresses.iter();
        let to = to.map(|((pods, ports), set)| format!("{pods} => {set} : {ports}"));
        between.chain(from).chain(to).collect()
    }
}

enum End {
    Pods(String),
    Addresses(AddressRange),
}

fn expected(text: &str) -> Allowed {
    let mut allowed = Allowed::default();
    for line in text.lines() {
        let (ends, ports) = line.split_once(" : ").unwrap();
        let (from, to) = ends.split_once(" => ").unwrap();
        allowed.add(end(from), end(to), ports_of(ports));
    }
    allowed
}

fn end(text: &str) -> End {
    let Some(range) = text.strip_suffix("[External]") else {
        return End::Pods(text.to_owned());
    };
    let (first, last) = range.split_once('-').unwrap();
    End::Addresses(AddressRange {
        first: first.parse().unwrap(),
        last: last.parse().unwrap(),
    })
}

/// Reads `All Connections`, or as in `TCP 80,443,8000-8080,UDP 53`.
fn ports_of(text: &str) -> PortSet {
    if text == "All Connections" {
        return PortSet::all();
    }
    let mut protocol = None;
    let mut ports = PortSet::default();
    for part in text.split(',') {
        let range = match part.trim().split_once(' ') {
            Some((name, range)) => {
                protocol = Protocol::parse(name);
                range
            }
            None => part,
        };
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let numbers = (first.parse().unwrap(), last.parse().unwrap());
        ports = ports.union(&PortSet::range(protocol.unwrap(), numbers.0, numbers.1));
    }
    ports
}

/// Reads a folder of manifests, each file's text changed before.
fn snapshot(manifests: &Path, change: impl Fn(&str) -> String) -> Snapshot {
    let mut paths: Vec<PathBuf> = fs::read_dir(manifests)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // The output of another program, which lies among the manifests.
        .filter(|path| !path.ends_with("connlist_output.json"))
        .collect();
    paths.sort();
    let inputs: Vec<Input> = paths
        .iter()
        .map(|path| Input {
            name: path.display().to_string(),
            bytes: change(&fs::read_to_string(path).unwrap()).into_bytes(),
        })
        .collect();
    read(&inputs, &Options::default()).unwrap().snapshot
}

/// The connections of a snapshot. The cases say nothing of IPv6.
fn found(snapshot: &Snapshot) -> BTreeSet<String> {
    let mut allowed = Allowed::default();
    for connection in connections(&Facts::new(snapshot)) {
        let end = |endpoint: &Endpoint| match endpoint {
            Endpoint::Addresses(range) => range.first.is_ipv4().then_some(End::Addresses(*range)),
            pods @ Endpoint::Workload(_) => Some(End::Pods(pods.to_string())),
        };
        if let (Some(from), Some(to)) = (end(&connection.from), end(&connection.to)) {
            allowed.add(from, to, connection.ports);
        }
    }
    allowed.lines()
}

/// One of the 32 cases.
struct Case {
    name: String,
    manifests: PathBuf,
    expected: BTreeSet<String>,
}

fn cases(corpus: &Path) -> Vec<Case> {
    let mut folders: Vec<PathBuf> = fs::read_dir(corpus.join("netpol/plain"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    assert_eq!(folders.len(), CASES);
    let case = |folder: PathBuf| Case {
        name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
        manifests: folder.join("manifests"),
        expected: expected(&fs::read_to_string(folder.join("expected.txt")).unwrap()).lines(),
    };
    folders.into_iter().map(case).collect()
}

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

fn difference(case: &Case, found: &BTreeSet<String>) -> Vec<String> {
    let missing = case.expected.difference(found);
    let more = found.difference(&case.expected);
    let missing = missing.map(|line| format!("{}: missing {line:.200}", case.name));
    missing
        .chain(more.map(|line| format!("{}: more {line:.200}", case.name)))
        .collect()
}

#[test]
fn every_connection_agrees_but_for_the_listed_cases() {
    let test = "every_connection_agrees_but_for_the_listed_cases";
    let Some(corpus) = corpus(test) else { return };
    let mut agree = 0;
    let mut differences = Vec::new();
    for case in cases(&corpus) {
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
    let cases = cases(&corpus);
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
    let cases = cases(&corpus);
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
