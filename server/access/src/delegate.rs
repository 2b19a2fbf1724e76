//! Deciding by the authoriser of a cluster instead of by roles: what it is asked. Resources are
//! virtual, and names are ours: a baseline's, a cluster's, or `CLUSTER/OPERATOR`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::method::Method;
use crate::target::Target;

/// A question to the authoriser of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The virtual resource, as in `baselines`.
    pub resource: &'static str,
    /// The verb, as in `update`.
    pub verb: &'static str,
    /// The name; empty is every one.
    pub name: String,
}

/// The authoriser was not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the authoriser did not answer")]
pub struct DelegateFailed;

/// The answer, when it comes.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<bool, DelegateFailed>> + Send + 'a>>;

/// The authoriser of a cluster, asked for one identity.
pub trait Delegate: fmt::Debug + Send + Sync {
    /// Whether the identity may.
    fn allows(&self, question: Question) -> Answer<'_>;
}

/// What must all be allowed for a call to be.
pub(crate) fn questions(method: Method, target: Target<'_>) -> Vec<Question> {
    let ask = |name: String| Question {
        resource: method.resource(),
        verb: method.verb(),
        name,
    };
    match target {
        Target::Nothing | Target::Everything => vec![ask(String::new())],
        Target::Baseline(name) | Target::Cluster(name) => vec![ask(name.to_owned())],
        Target::Pair { cluster, operator } => vec![ask(format!("{cluster}/{operator}"))],
        Target::Change { baseline, pairs } => {
            let pairs = pairs.iter();
            let pairs = pairs.map(|pair| ask(format!("{}/{}", pair.cluster, pair.operator)));
            std::iter::once(ask(baseline.to_owned()))
                .chain(pairs)
                .collect()
        }
    }
}

/// The question whose yes is a yes to all names.
pub(crate) fn every(method: Method) -> Question {
    Question {
        resource: method.resource(),
        verb: method.verb(),
        name: String::new(),
    }
}
