//! Why input cannot be judged at all. What the API server would refuse is no error but a notice.

use opsec_model::InstallMode;

/// Why input cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A document is neither YAML nor JSON, or is not an object of Kubernetes.
    #[error("{file}: document {document}, line {line}, column {column}: {message}{hint}")]
    Document {
        /// The file as named on the command line.
        file: String,
        /// The document in the file, from 1.
        document: u32,
        /// The line in the file, from 1.
        line: u32,
        /// The column in the line, from 1.
        column: u32,
        /// What is wrong.
        message: String,
        /// What to do about it, led by its own punctuation; empty when nothing is known.
        hint: String,
    },
    /// A file is not text that kubectl reads.
    #[error("{file}: line {line}, column {column}: {message}")]
    Text {
        /// The file as named on the command line.
        file: String,
        /// The line in the file, from 1.
        line: u32,
        /// The column in the line, from 1.
        column: u32,
        /// What is wrong and what to do.
        message: String,
    },
    /// A file is too large.
    #[error("{file} holds {bytes} bytes; the limit is {limit} (raise it with --max-file-bytes)", bytes = grouped(*.bytes), limit = grouped(*.limit))]
    FileTooLarge {
        /// The file as named on the command line.
        file: String,
        /// Its size.
        bytes: u64,
        /// What is read at most.
        limit: u64,
    },
    /// All input together is too large.
    #[error("the input holds {bytes} bytes up to {file}; the limit is {limit} (raise it with --max-bytes)", bytes = grouped(*.bytes), limit = grouped(*.limit))]
    InputTooLarge {
        /// The file with which the limit is passed.
        file: String,
        /// The size of the input with that file.
        bytes: u64,
        /// What is read at most.
        limit: u64,
    },
    /// How OLM installs was said, and nothing is there for it to install.
    #[error(
        "--install-mode and --target-namespaces say how OLM installs a ClusterServiceVersion, and none is in these files that it would install"
    )]
    NoClusterServiceVersion,
    /// A ClusterServiceVersion does not support the mode that was asked for.
    #[error("{file}: {version} does not support the install mode {mode}; it supports {supported}")]
    UnsupportedInstallMode {
        /// The file as named on the command line.
        file: String,
        /// The ClusterServiceVersion.
        version: String,
        /// The mode.
        mode: InstallMode,
        /// Those that it supports.
        supported: String,
    },
    /// The namespaces to install for are not what the mode takes.
    #[error("the install mode {mode} takes {needs} as --target-namespaces, not `{given}`")]
    TargetNamespaces {
        /// The mode.
        mode: InstallMode,
        /// What it takes.
        needs: &'static str,
        /// What was given.
        given: String,
    },
    /// There are too many documents.
    #[error("{file} holds {documents} documents; the limit is {limit} (raise it with --max-documents)", documents = grouped(*.documents as u64), limit = grouped(*.limit as u64))]
    TooManyDocuments {
        /// The file with which the limit is passed.
        file: String,
        /// How many documents the input holds up to the end of that file.
        documents: usize,
        /// How many are read at most.
        limit: usize,
    },
    /// Values are nested too deeply.
    #[error(
        "{file}: document {document}, line {line}: values are nested deeper than {limit} levels (raise the limit with --max-depth)"
    )]
    TooDeep {
        /// The file as named on the command line.
        file: String,
        /// The document in the file, from 1.
        document: u32,
        /// The line in the file, from 1.
        line: u32,
        /// How deep is read at most.
        limit: usize,
    },
    /// There are too many values once aliases are replaced by what they stand for.
    #[error("{file}: document {document}, line {line}: the input holds more than {limit} values, aliases replaced by what they stand for (raise the limit with --max-nodes)", limit = grouped(*.limit as u64))]
    TooManyNodes {
        /// The file as named on the command line.
        file: String,
        /// The document in the file, from 1.
        document: u32,
        /// The line in the file, from 1.
        line: u32,
        /// How many are read at most.
        limit: usize,
    },
    /// What is decoded takes too much memory.
    #[error("the objects up to {file} take more than {limit} bytes of memory once they are read, far more than their text: read fewer at once, or raise the limit with --max-memory", limit = grouped(*.limit))]
    TooMuchMemory {
        /// The file with which the limit is passed.
        file: String,
        /// What they may take at most.
        limit: u64,
    },
    /// The namespace that was asked for is not the one that a file's bindings grant to.
    #[error("the bindings in {file} grant to {}, not to `{asked}`; use -n {first}, or --namespace-as-given to judge it as written", .named.words(), first = .named.first())]
    OtherNamespace {
        /// The file as named on the command line.
        file: String,
        /// The namespaces that its bindings name for its accounts.
        named: NamedNamespaces,
        /// The namespace that was asked for.
        asked: String,
    },
}

/// The namespaces that bindings name, at least one, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedNamespaces(pub Vec<String>);

impl NamedNamespaces {
    fn words(&self) -> String {
        match self.0.as_slice() {
            [one] => format!("namespace {one}"),
            many => format!("namespaces {}", many.join(", ")),
        }
    }

    fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }
}

/// A number with commas between thousands, as in `31,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [
            (7, "7"),
            (999, "999"),
            (31_000, "31,000"),
            (5_000_000, "5,000,000"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
