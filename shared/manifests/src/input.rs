//! What goes in and what comes out.

use opsec_model::{Snapshot, SourceMap};

use crate::olm::InstallOptions;

/// One input: a file, or standard input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    /// Its path as given on the command line; `-` is standard input.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// How the input is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Where objects without a namespace go (`-n`).
    pub namespace: Option<String>,
    /// Whether `namespace` stands although the bindings of a file name another one.
    pub namespace_as_given: bool,
    /// How OLM installs the ClusterServiceVersions of the input.
    pub install: InstallOptions,
    /// How much is read.
    pub limits: Limits,
    /// Whether the schemas of CustomResourceDefinitions are parsed too. Nothing is judged by them,
    /// and they are nearly all that large operators' manifests hold, so without this they are left
    /// out, and what is wrong inside of them goes unnoticed: kubectl would refuse the file for a
    /// syntax error there, and of a key that stands twice there no notice tells.
    pub strict: bool,
}

/// How much is read before reading is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all input together.
    pub total_bytes: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Documents of all input together.
    pub documents: usize,
    /// Levels of nesting.
    pub depth: usize,
    /// Values of all input together, each alias counted as what it stands for.
    pub nodes: usize,
    /// Bytes of memory that the objects of all input take once they are decoded.
    pub memory: u64,
}

/// So that reading whatever is inside of them takes a few seconds and 500 MB at most. Two dozen real
/// operators together take less than a tenth of the memory.
impl Default for Limits {
    fn default() -> Self {
        Self {
            total_bytes: 256 * 1024 * 1024,
            file_bytes: 64 * 1024 * 1024,
            documents: 20_000,
            depth: 200,
            nodes: 5_000_000,
            memory: 32 * 1024 * 1024,
        }
    }
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifests {
    /// The facts.
    pub snapshot: Snapshot,
    /// Where they stand.
    pub sources: SourceMap,
    /// How many objects are judged, those of kinds that no rule reads included.
    pub objects: usize,
}
