//! Crates that judge are pure: what goes in decides what comes out. Neither their own text nor
//! what they link to reaches the network, the disk, the clock, threads or chance.

use std::collections::BTreeSet;

use super::complaint::Complaint;
use super::metadata;
use super::sources::{self, Source};
use super::table::{self, Row};

/// Everything from bytes to text, but what reads files, speaks gRPC or stores.
const PURE: [&str; 17] = [
    "opsec-model",
    "opsec-kubernetes",
    "opsec-manifests",
    "opsec-rbac",
    "opsec-facts",
    "opsec-network",
    "opsec-admission",
    "opsec-pod-security",
    "opsec-operators",
    "opsec-rights",
    "opsec-practices",
    "opsec-remedies",
    "opsec-compare",
    "opsec-crd",
    "opsec-render",
    "opsec-proto",
    "opsec-wire",
];

/// Pure crates that may nevertheless link to what the generated gRPC code needs.
const GRPC: [&str; 2] = ["opsec-proto", "opsec-wire"];

/// Crates of others that reach outside.
const OUTSIDE: [&str; 15] = [
    "directories",
    "getrandom",
    "hyper",
    "kube-client",
    "mio",
    "native-tls",
    "openssl",
    "rand",
    "reqwest",
    "rustls",
    "sled",
    "socket2",
    "tempfile",
    "tokio",
    "tonic",
];

/// What a pure crate's text does not name, and why.
const BANNED: [(&str, &str); 10] = [
    ("std::fs", "a pure crate reads no files: take the bytes"),
    (
        "std::env",
        "a pure crate has no environment: take the value",
    ),
    ("std::process", "a pure crate starts nothing"),
    ("std::thread", "a pure crate starts nothing"),
    ("TcpStream", "a pure crate has no network"),
    ("UdpSocket", "a pure crate has no network"),
    ("SystemTime", "a pure crate has no clock: take `now`"),
    ("Instant::now", "a pure crate has no clock: take `now`"),
    ("HashMap", "its order changes from run to run: use BTreeMap"),
    ("HashSet", "its order changes from run to run: use BTreeSet"),
];

/// What pure crates name or link to and should not.
///
/// # Errors
/// When cargo fails or the tree cannot be read.
pub(crate) fn complaints() -> Result<Vec<Complaint>, String> {
    let rows = table::rows()?;
    let files = sources::all()?;
    let mut found = Vec::new();
    for name in PURE {
        if !GRPC.contains(&name) {
            found.extend(outside(name, &metadata::linked(name)?));
        }
        let row = rows.iter().find(|row| row.name == name);
        let row = row.ok_or_else(|| format!("ARCHITECTURE.md's table has no {name}"))?;
        found.extend(files.iter().flat_map(|file| named(row, file)));
    }
    Ok(found)
}

/// What of the outside is among what a crate links to.
fn outside(name: &str, linked: &BTreeSet<String>) -> Vec<Complaint> {
    OUTSIDE
        .into_iter()
        .filter(|outside| linked.contains(*outside))
        .map(|outside| Complaint::of(name, format!("links to {outside}, and is to be pure")))
        .collect()
}

/// What of the outside a file of the crate names, tests left out.
fn named(row: &Row, file: &Source) -> Vec<Complaint> {
    if !file.is_rust() || !file.path.starts_with(&format!("{}/src/", row.folder)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let code = file
        .text
        .lines()
        .enumerate()
        .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"));
    for (number, line) in code {
        for (banned, why) in BANNED {
            if line.contains(banned) {
                let place = format!("{}:{}", file.path, number + 1);
                found.push(Complaint::of(&place, format!("names `{banned}`: {why}")));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_outside_is_named_and_nothing_else() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let said = outside("opsec-facts", &set(&["serde", "tokio"]));
        let expected = "opsec-facts: links to tokio, and is to be pure";
        assert_eq!(
            said,
            [Complaint::of(
                "opsec-facts",
                "links to tokio, and is to be pure"
            )]
        );
        assert_eq!(said.first().unwrap().to_string(), expected);
        assert_eq!(outside("opsec-facts", &set(&["serde"])), []);
    }

    #[test]
    fn what_cargo_says_is_linked_is_read() {
        let linked = metadata::linked("opsec-store").unwrap();
        assert!(linked.contains("sled") && linked.contains("opsec-model"));
        assert!(!linked.contains("tempfile"), "a dependency of its tests");
    }

    #[test]
    fn what_is_named_in_code_counts_and_in_comments_and_tests_does_not() {
        let row = Row::of("shared/facts", "opsec-facts", &[]);
        let file = |path: &str| Source {
            path: path.to_owned(),
            text: "//! Words.\n// no std::fs here\nuse std::collections::HashMap;\n\
                #[cfg(test)]\nmod tests { use std::fs; }\n"
                .to_owned(),
        };
        let said: Vec<String> = named(&row, &file("shared/facts/src/lib.rs"))
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = "shared/facts/src/lib.rs:3: names `HashMap`: its order changes from run \
            to run: use BTreeMap";
        assert_eq!(said, [expected]);
        assert_eq!(named(&row, &file("shared/facts/tests/a.rs")), []);
    }
}
