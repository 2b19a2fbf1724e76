//! Types as the checker sees them. `dyn` goes with everything; the objects that Kubernetes
//! declares have exactly the fields that it declares.

use std::fmt;

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    /// Anything, found out when evaluated.
    Dyn,
    /// `null`.
    Null,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `uint`.
    Uint,
    /// `double`.
    Double,
    /// `string`.
    String,
    /// `bytes`.
    Bytes,
    /// A list.
    List(Box<Self>),
    /// A map.
    Map(Box<Self>, Box<Self>),
    /// An optional value.
    Optional(Box<Self>),
    /// The type of types.
    Meta,
    /// A point in time.
    Timestamp,
    /// A length of time.
    Duration,
    /// An object that Kubernetes declares.
    Object(Declared),
    /// A type that only Kubernetes' functions look into.
    Abstract(Abstract),
    /// A type parameter of a function, only in signatures, or one of an empty literal that
    /// nothing has bound yet.
    Parameter(u8),
}

/// The types that only Kubernetes' functions look into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Abstract {
    /// A quantity of a resource.
    Quantity,
    /// A URL.
    Url,
    /// An IP address.
    Ip,
    /// A range of addresses.
    Cidr,
    /// A version.
    Semver,
    /// A named format.
    Format,
    /// `authorizer`.
    Authorizer,
    /// A path that is asked about.
    PathCheck,
    /// A group that is asked about.
    GroupCheck,
    /// A resource that is asked about.
    ResourceCheck,
    /// The answer.
    Decision,
}

impl Abstract {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quantity => "kubernetes.Quantity",
            Self::Url => "kubernetes.URL",
            Self::Ip => "net.IP",
            Self::Cidr => "net.CIDR",
            Self::Semver => "kubernetes.Semver",
            Self::Format => "kubernetes.NamedFormat",
            Self::Authorizer => "kubernetes.authorization.Authorizer",
            Self::PathCheck => "kubernetes.authorization.PathCheck",
            Self::GroupCheck => "kubernetes.authorization.GroupCheck",
            Self::ResourceCheck => "kubernetes.authorization.ResourceCheck",
            Self::Decision => "kubernetes.authorization.Decision",
        }
    }
}

/// The objects that Kubernetes declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declared {
    /// `request`.
    AdmissionRequest,
    /// `request.kind`.
    GroupVersionKind,
    /// `request.resource`.
    GroupVersionResource,
    /// `request.userInfo`.
    UserInfo,
    /// `namespaceObject`.
    Namespace,
    /// `namespaceObject.metadata`.
    NamespaceMetadata,
    /// `namespaceObject.spec`.
    NamespaceSpec,
    /// `namespaceObject.status`.
    NamespaceStatus,
    /// One of `namespaceObject.status.conditions`.
    NamespaceCondition,
    /// `variables`.
    Variables,
}

impl Declared {
    /// The type of a field; none when Kubernetes declares no such field.
    pub(crate) fn field(self, name: &str) -> Option<Type> {
        let strings = || Type::list(Type::String);
        let object = |declared| Some(Type::Object(declared));
        match (self, name) {
            (Self::AdmissionRequest, "kind" | "requestKind") => object(Self::GroupVersionKind),
            (Self::AdmissionRequest, "resource" | "requestResource") => {
                object(Self::GroupVersionResource)
            }
            (Self::AdmissionRequest, "userInfo") => object(Self::UserInfo),
            (Self::AdmissionRequest, "dryRun") => Some(Type::Bool),
            (Self::AdmissionRequest, "options") => Some(Type::Dyn),
            (
                Self::AdmissionRequest,
                "subResource" | "requestSubResource" | "name" | "namespace" | "operation",
            )
            | (Self::GroupVersionKind, "group" | "version" | "kind")
            | (Self::GroupVersionResource, "group" | "version" | "resource")
            | (Self::UserInfo, "username" | "uid")
            | (
                Self::NamespaceMetadata,
                "name" | "generateName" | "namespace" | "UID" | "resourceVersion",
            )
            | (Self::NamespaceStatus, "phase")
            | (Self::NamespaceCondition, "status" | "type" | "message" | "reason") => {
                Some(Type::String)
            }
            (Self::UserInfo, "groups")
            | (Self::NamespaceMetadata | Self::NamespaceSpec, "finalizers") => Some(strings()),
            (Self::UserInfo, "extra") => Some(Type::map(Type::String, strings())),
            (Self::Namespace, "metadata") => object(Self::NamespaceMetadata),
            (Self::Namespace, "spec") => object(Self::NamespaceSpec),
            (Self::Namespace, "status") => object(Self::NamespaceStatus),
            (Self::NamespaceMetadata, "labels" | "annotations") => {
                Some(Type::map(Type::String, Type::String))
            }
            (Self::NamespaceMetadata, "creationTimestamp" | "deletionTimestamp")
            | (Self::NamespaceCondition, "lastTransitionTime") => Some(Type::Timestamp),
            (Self::NamespaceMetadata, "deletionGracePeriodSeconds" | "generation") => {
                Some(Type::Int)
            }
            (Self::NamespaceStatus, "conditions") => {
                Some(Type::list(Type::Object(Self::NamespaceCondition)))
            }
            _ => None,
        }
    }
}

impl Type {
    /// A list of a type.
    pub(crate) fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// A map.
    pub(crate) fn map(key: Self, value: Self) -> Self {
        Self::Map(Box::new(key), Box::new(value))
    }

    /// An optional value of a type.
    pub(crate) fn optional(value: Self) -> Self {
        Self::Optional(Box::new(value))
    }

    /// Whether something of it is not bound.
    pub(crate) fn is_free(&self) -> bool {
        match self {
            Self::Parameter(_) => true,
            Self::List(inner) | Self::Optional(inner) => inner.is_free(),
            Self::Map(key, value) => key.is_free() || value.is_free(),
            _ => false,
        }
    }

    /// The type as `variables` has it: Kubernetes keeps plain types, lists and maps of them, and
    /// makes everything else `dyn`.
    pub(crate) fn of_variable(self) -> Self {
        match self {
            Self::List(element) => Self::list(element.of_variable()),
            Self::Map(key, value) => Self::map(key.of_variable(), value.of_variable()),
            Self::Object(_)
            | Self::Abstract(_)
            | Self::Optional(_)
            | Self::Meta
            | Self::Parameter(_) => Self::Dyn,
            plain => plain,
        }
    }
}

/// As error messages of CEL spell it.
impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn | Self::Parameter(_) => formatter.write_str("dyn"),
            Self::Null => formatter.write_str("null"),
            Self::Bool => formatter.write_str("bool"),
            Self::Int => formatter.write_str("int"),
            Self::Uint => formatter.write_str("uint"),
            Self::Double => formatter.write_str("double"),
            Self::String => formatter.write_str("string"),
            Self::Bytes => formatter.write_str("bytes"),
            Self::List(element) => write!(formatter, "list({element})"),
            Self::Map(key, value) => write!(formatter, "map({key}, {value})"),
            Self::Optional(value) => write!(formatter, "optional_type({value})"),
            Self::Meta => formatter.write_str("type"),
            Self::Timestamp => formatter.write_str("timestamp"),
            Self::Duration => formatter.write_str("duration"),
            Self::Object(declared) => write!(formatter, "kubernetes.{declared:?}"),
            Self::Abstract(kind) => formatter.write_str(kind.name()),
        }
    }
}

/// A type that nothing has bound: it goes with any other.
pub(crate) const FREE: Type = Type::Parameter(2);

/// What the type parameters of one call stand for.
#[derive(Debug, Default, Clone)]
pub(crate) struct Bindings([Option<Type>; 3]);

impl Bindings {
    /// Whether a value of type `actual` goes where a signature asks for `wanted`; binds the
    /// signature's parameters on the way.
    pub(crate) fn accept(&mut self, wanted: &Type, actual: &Type) -> bool {
        match (wanted, actual) {
            (Type::Parameter(index), actual) => self.bind(*index, actual),
            // `dyn` goes with all; objects, times and abstract types may be null.
            (Type::Dyn, _)
            | (_, Type::Dyn | Type::Parameter(_))
            | (
                Type::Object(_)
                | Type::Abstract(_)
                | Type::Timestamp
                | Type::Duration
                | Type::Optional(_),
                Type::Null,
            )
            | (
                Type::Null,
                Type::Object(_)
                | Type::Abstract(_)
                | Type::Timestamp
                | Type::Duration
                | Type::Optional(_),
            ) => true,
            (Type::List(wanted), Type::List(actual))
            | (Type::Optional(wanted), Type::Optional(actual)) => self.accept(wanted, actual),
            (Type::Map(key, value), Type::Map(other_key, other_value)) => {
                self.accept(key, other_key) && self.accept(value, other_value)
            }
            (wanted, actual) => wanted == actual,
        }
    }

    fn bind(&mut self, index: u8, actual: &Type) -> bool {
        let Some(slot) = self.0.get(usize::from(index)) else {
            return true;
        };
        let Some(bound) = slot.clone() else {
            self.set(index, actual.clone());
            return true;
        };
        let mut inner = Self::default();
        if !inner.accept(&bound, actual) {
            return false;
        }
        self.set(index, more_general(bound, actual.clone()));
        true
    }

    fn set(&mut self, index: u8, value: Type) {
        if let Some(slot) = self.0.get_mut(usize::from(index)) {
            *slot = Some(value);
        }
    }

    /// A result type with its parameters replaced; those that nothing bound are free.
    pub(crate) fn resolve(&self, result: &Type) -> Type {
        match result {
            Type::Parameter(index) => self
                .0
                .get(usize::from(*index))
                .cloned()
                .flatten()
                .unwrap_or(FREE),
            Type::List(element) => Type::list(self.resolve(element)),
            Type::Optional(value) => Type::optional(self.resolve(value)),
            Type::Map(key, value) => Type::map(self.resolve(key), self.resolve(value)),
            other => other.clone(),
        }
    }
}

/// The wider of two types that go together.
pub(crate) fn more_general(one: Type, other: Type) -> Type {
    match (one, other) {
        (Type::Parameter(_), other) => other,
        (one, Type::Parameter(_)) => one,
        (Type::Dyn, _) | (_, Type::Dyn) => Type::Dyn,
        (Type::Null, other) => other,
        (Type::List(one), Type::List(other)) => Type::list(more_general(*one, *other)),
        (Type::Optional(one), Type::Optional(other)) => Type::optional(more_general(*one, *other)),
        (Type::Map(key, value), Type::Map(other_key, other_value)) => Type::map(
            more_general(*key, *other_key),
            more_general(*value, *other_value),
        ),
        (one, _) => one,
    }
}

/// Whether two types of a literal's members are one: unlike elsewhere `dyn` is only itself.
pub(crate) fn equivalent(one: &Type, other: &Type) -> bool {
    match (one, other) {
        (Type::Parameter(_), _) | (_, Type::Parameter(_)) => true,
        (Type::List(one), Type::List(other)) | (Type::Optional(one), Type::Optional(other)) => {
            equivalent(one, other)
        }
        (Type::Map(key, value), Type::Map(other_key, other_value)) => {
            equivalent(key, other_key) && equivalent(value, other_value)
        }
        (one, other) => one == other,
    }
}
