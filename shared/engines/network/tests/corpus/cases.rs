//! The cases of the corpus: manifests, and every connection that they come to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use opsec_facts::Facts;
use opsec_manifests::{Input, Options, read};
use opsec_model::Snapshot;
use opsec_network::{AddressRange, AddressSet, Endpoint, PortSet, Protocol, connections};

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
pub(crate) fn snapshot(manifests: &Path, change: impl Fn(&str) -> String) -> Snapshot {
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
pub(crate) fn found(snapshot: &Snapshot) -> BTreeSet<String> {
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

/// A case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) manifests: PathBuf,
    pub(crate) expected: BTreeSet<String>,
}

/// The cases of a folder.
pub(crate) fn cases(folder: &Path) -> Vec<Case> {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let case = |folder: PathBuf| Case {
        name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
        manifests: folder.join("manifests"),
        expected: expected(&fs::read_to_string(folder.join("expected.txt")).unwrap()).lines(),
    };
    folders.into_iter().map(case).collect()
}

/// What is found and not expected, and the reverse.
pub(crate) fn difference(case: &Case, found: &BTreeSet<String>) -> Vec<String> {
    let missing = case.expected.difference(found);
    let more = found.difference(&case.expected);
    let missing = missing.map(|line| format!("{}: missing {line:.200}", case.name));
    missing
        .chain(more.map(|line| format!("{}: more {line:.200}", case.name)))
        .collect()
}
