//! Why a cluster could not be gathered: one line, what and what to do.

use std::error::Error;
use std::time::Duration;

/// Why a cluster could not be gathered.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// There is neither a kubeconfig nor a pod's ServiceAccount.
    #[error(
        "no cluster is configured: there is no kubeconfig (--kubeconfig, $KUBECONFIG, ~/.kube/config); -f judges files without a cluster"
    )]
    NoConfig,
    /// The kubeconfig names no current context.
    #[error("the kubeconfig has no current context; name one with --context ({})", list(.contexts))]
    NoContext {
        /// The contexts that it has.
        contexts: Vec<String>,
    },
    /// The kubeconfig does not have the context.
    #[error("the kubeconfig has no context `{context}` ({})", list(.contexts))]
    UnknownContext {
        /// The context.
        context: String,
        /// The contexts that it has.
        contexts: Vec<String>,
    },
    /// The configuration is wrong.
    #[error("the cluster's configuration is wrong: {message}")]
    Config {
        /// What is wrong.
        message: String,
    },
    /// The API server is not reached.
    #[error("{server} does not answer: {message}{}", after(*.tries))]
    Unreachable {
        /// Its URL.
        server: String,
        /// Why.
        message: String,
        /// How often it was tried.
        tries: u32,
    },
    /// The API server does not accept who asks.
    #[error("{server} refuses the credentials{}: log in again, or name another context", context.as_ref().map(|name| format!(" of context `{name}`")).unwrap_or_default())]
    Unauthorized {
        /// Its URL.
        server: String,
        /// The context.
        context: Option<String>,
    },
    /// It may not be asked as the user that was named.
    #[error("the API server refuses to be asked as someone else: {message}")]
    Impersonation {
        /// What the API server says.
        message: String,
    },
    /// It took too long.
    #[error("{server}: not everything could be read within {deadline:?}{} (raise it with --deadline)", waited(.trouble.as_deref()))]
    Deadline {
        /// The URL of the API server.
        server: String,
        /// How long it was given.
        deadline: Duration,
        /// Why something was last asked again.
        trouble: Option<String>,
    },
    /// It answers, but not what was asked.
    #[error("{server} cannot answer {path} ({message}): try again when it can")]
    Unable {
        /// Its URL.
        server: String,
        /// What was asked.
        path: String,
        /// What it says, its status first.
        message: String,
    },
    /// It does not say what it serves.
    #[error(
        "{server} does not let these credentials see what it serves ({message}): ClusterRole system:discovery allows it"
    )]
    Discovery {
        /// Its URL.
        server: String,
        /// What it says.
        message: String,
    },
    /// What answers is no API server that is understood.
    #[error("{server} does not answer as a Kubernetes API server of 1.26 or newer: {message}")]
    NotKubernetes {
        /// The URL.
        server: String,
        /// What is wrong.
        message: String,
    },
}

fn list(contexts: &[String]) -> String {
    match contexts {
        [] => "it has none".to_owned(),
        contexts => format!("it has {}", contexts.join(", ")),
    }
}

fn waited(trouble: Option<&str>) -> String {
    trouble.map_or_else(String::new, |trouble| format!("; it last said {trouble}"))
}

fn after(tries: u32) -> String {
    match tries {
        0 | 1 => String::new(),
        tries => format!(" ({tries} tries)"),
    }
}

/// The innermost cause, which says what happened, in a line.
pub(super) fn words(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    let text = text.lines().next().unwrap_or_default();
    // The system's own errors end with their number.
    text.split(" (os error")
        .next()
        .unwrap_or(text)
        .trim()
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_said_and_not_what_led_to_it() {
        let refused = std::io::Error::from_raw_os_error(111);
        let outer = kube::Error::Service(Box::new(refused));
        assert_eq!(words(&outer), "connection refused");
    }

    #[test]
    fn contexts_are_listed() {
        let error = ClusterError::UnknownContext {
            context: "x".to_owned(),
            contexts: vec!["a".to_owned(), "b".to_owned()],
        };
        assert_eq!(
            error.to_string(),
            "the kubeconfig has no context `x` (it has a, b)"
        );
    }
}
