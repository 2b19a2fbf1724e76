//! What a real request asks for, and where a right reaches.

/// A verb on a kind, or on a subresource of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request<'a> {
    /// The verb.
    pub verb: &'a str,
    /// The API group; empty is the core group.
    pub group: &'a str,
    /// The resource's plural.
    pub resource: &'a str,
    /// The subresource.
    pub subresource: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A verb on a kind. A resource written `pods/exec` is a subresource.
    pub fn new(verb: &'a str, group: &'a str, resource: &'a str) -> Self {
        let (resource, subresource) = match resource.split_once('/') {
            Some((resource, subresource)) => (resource, Some(subresource)),
            None => (resource, None),
        };
        Self {
            verb,
            group,
            resource,
            subresource,
        }
    }

    /// The same on a subresource.
    #[must_use]
    pub fn on(self, subresource: &'a str) -> Self {
        Self {
            subresource: Some(subresource),
            ..self
        }
    }

    /// The same with another verb.
    pub(crate) fn with_verb<'b>(self, verb: &'b str) -> Request<'b>
    where
        'a: 'b,
    {
        Request { verb, ..self }
    }

    /// The subresource, or the empty string.
    pub(crate) fn sub(&self) -> &'a str {
        self.subresource.unwrap_or_default()
    }

    /// Whether it is asked of a kind and not of a subresource.
    pub(crate) fn is_top_level(&self) -> bool {
        self.sub().is_empty()
    }
}

/// Where a right reaches. `Cluster` sorts first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reaching {
    /// Every namespace, or a cluster-scoped object. A list that is limited to a name works across
    /// namespaces too, where it selects that name by `metadata.name`.
    Cluster,
    /// One namespace, or the Namespace object of that name.
    Namespace(String),
}

impl Reaching {
    /// The namespace, when it is one.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Cluster => None,
            Self::Namespace(namespace) => Some(namespace),
        }
    }

    /// Where both reach; none when they share nothing.
    pub(crate) fn intersect(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Cluster, reaching) | (reaching, Self::Cluster) => Some(reaching.clone()),
            (Self::Namespace(a), Self::Namespace(b)) => {
                (a == b).then(|| Self::Namespace(a.clone()))
            }
        }
    }
}
