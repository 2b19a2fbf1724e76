//! Real requests of ServiceAccounts, dry, by impersonation; and what effective rights say of them.

use opsec_model::ServiceAccountRef;
use opsec_rbac::{Attributes, EffectiveRights, Held, Names, Policy, Reaching, Request, User};
use serde_json::{Value, json};

use super::aim::Aim;
use super::kinds::{KINDS, NAMES, NAMESPACES, RealKind, SUBRESOURCES};
use crate::chance::Chance;
use crate::server::{Ask, Reply};

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    List,
    /// With the field selector that makes the request carry a name.
    ListNamed,
    Watch,
    Post,
    Put,
    Merge,
    Apply,
    Delete,
    DeleteCollection,
}

/// Every method, by the word that replays are written with, and the verb that it is asked as.
const METHODS: [(Method, &str, &str); 10] = [
    (Method::Get, "get", "get"),
    (Method::List, "list", "list"),
    (Method::ListNamed, "list-named", "list"),
    (Method::Watch, "watch", "watch"),
    (Method::Post, "post", "create"),
    (Method::Put, "put", "update"),
    (Method::Merge, "merge", "patch"),
    (Method::Apply, "apply", "patch"),
    (Method::Delete, "delete", "delete"),
    (
        Method::DeleteCollection,
        "delete-collection",
        "deletecollection",
    ),
];

/// A request that the API server can be sent.
#[derive(Debug, Clone)]
pub(crate) struct RealRequest {
    pub(crate) account: ServiceAccountRef,
    pub(crate) method: Method,
    pub(crate) kind: &'static RealKind,
    pub(crate) subresource: &'static str,
    /// Empty: all namespaces, or the cluster.
    pub(crate) namespace: String,
    /// Empty where the path has none.
    pub(crate) name: String,
}

impl RealRequest {
    /// Whether a request can be about what is aimed at.
    pub(crate) fn can_be(aim: &Aim) -> bool {
        let (plural, subresource) = aim.resource.split_once('/').unwrap_or((&aim.resource, ""));
        let asked = METHODS.iter().any(|(_, _, verb)| *verb == aim.verb);
        let known = subresource.is_empty()
            || SUBRESOURCES.iter().any(|(of, sub, verbs)| {
                (*of, *sub) == (plural, subresource) && verbs.contains(&aim.verb.as_str())
            });
        let real = RealKind::find(&aim.group, plural).is_some();
        aim.account.is_some() && asked && known && real
    }

    /// Near a grant.
    pub(crate) fn near(aim: Aim, chance: &mut Chance) -> Option<Self> {
        let aim = aim.strayed(35, chance);
        let account = aim
            .account
            .unwrap_or_else(|| ServiceAccountRef::new("ops", "operator"));
        let (plural, subresource) = aim.resource.split_once('/').unwrap_or((&aim.resource, ""));
        let in_group: Vec<_> = KINDS
            .iter()
            .filter(|kind| kind.group == aim.group)
            .collect();
        let kind = RealKind::find(&aim.group, plural)
            .or_else(|| chance.pick(&in_group).copied())
            .or_else(|| chance.pick(&KINDS))?;
        let of_kind = SUBRESOURCES.iter().filter(|(of, ..)| *of == kind.plural);
        let named = of_kind.clone().find(|(_, sub, _)| *sub == subresource);
        let wild = of_kind
            .filter(|_| !subresource.is_empty())
            .min_by_key(|_| chance.below(9));
        let (subresource, verbs): (&'static str, Option<&[&str]>) = match named.or(wild) {
            Some((_, subresource, verbs)) => (subresource, Some(verbs)),
            None => ("", None),
        };
        let fits =
            |(_, _, verb): &&(Method, &str, &str)| verbs.is_none_or(|verbs| verbs.contains(verb));
        let methods: Vec<_> = METHODS.iter().filter(fits).collect();
        let aimed: Vec<_> = methods
            .iter()
            .filter(|(_, _, verb)| *verb == aim.verb)
            .collect();
        let (method, ..) = chance.pick(&aimed).copied().or(chance.pick(&methods))?;
        let mut request = Self {
            account,
            method: *method,
            kind,
            subresource,
            namespace: String::new(),
            name: String::new(),
        };
        request.place(&aim.namespace, &aim.name, chance);
        Some(request)
    }

    /// Gives it the namespace and the name that its method has.
    fn place(&mut self, namespace: &str, name: &str, chance: &mut Chance) {
        if self.kind.namespaced {
            let everywhere = matches!(
                self.method,
                Method::List | Method::ListNamed | Method::Watch
            ) && chance.percent(25);
            if !everywhere {
                let known = NAMESPACES.contains(&namespace);
                self.namespace = if known {
                    namespace.to_owned()
                } else {
                    chance.word(&NAMESPACES).to_owned()
                };
            }
        }
        let without = [Method::List, Method::Watch, Method::DeleteCollection];
        if without.contains(&self.method) {
            return;
        }
        if self.kind.plural == "namespaces" && NAMESPACES.contains(&namespace) && chance.percent(60)
        {
            // What a RoleBinding gives on the Namespace object that it lives in.
            namespace.clone_into(&mut self.name);
            return;
        }
        // An object cannot be called `*`.
        self.name = match name {
            "" | "*" => chance.word(&NAMES).to_owned(),
            name => name.to_owned(),
        };
    }

    /// As the API server is asked. An object is also seen by a list of all, which a rule may give
    /// whose names do not have the object's and have the empty one.
    pub(crate) fn asks(&self) -> Vec<Ask> {
        let mut asks = vec![self.ask()];
        if self.method == Method::ListNamed {
            let all = Self {
                method: Method::List,
                ..self.clone()
            };
            asks.push(all.ask());
        }
        asks
    }

    fn ask(&self) -> Ask {
        let collection = self.kind.path(&self.namespace);
        let mut object = format!("{collection}/{}", self.name);
        if !self.subresource.is_empty() {
            object = format!("{object}/{}", self.subresource);
        }
        let body = if self.subresource.is_empty() {
            self.kind.object(&self.namespace, &self.name)
        } else {
            json!({})
        };
        let apply = "dryRun=All&fieldManager=prove&force=true";
        let selector = format!("fieldSelector=metadata.name%3D{}", self.name);
        let post = if self.subresource.is_empty() {
            &collection
        } else {
            &object
        };
        let (method, path, body) = match self.method {
            Method::Get => ("GET", object, Value::Null),
            Method::List => ("GET", collection, Value::Null),
            Method::ListNamed => ("GET", format!("{collection}?{selector}"), Value::Null),
            // A version that is none ends a watch that is allowed at once.
            Method::Watch => (
                "GET",
                format!("{collection}?watch=true&resourceVersion=none"),
                Value::Null,
            ),
            Method::Post => ("POST", format!("{post}?dryRun=All"), body),
            Method::Put => ("PUT", format!("{object}?dryRun=All"), body),
            Method::Merge => ("PATCH", format!("{object}?dryRun=All"), json!({})),
            Method::Apply => ("PATCH", format!("{object}?{apply}"), body),
            Method::Delete => ("DELETE", format!("{object}?dryRun=All"), Value::Null),
            Method::DeleteCollection => ("DELETE", format!("{collection}?dryRun=All"), Value::Null),
        };
        let mut ask = Ask::new(method, path, body).of(&self.account.user_name());
        match self.method {
            Method::Merge => ask.content_type = "application/merge-patch+json",
            Method::Apply => ask.content_type = "application/apply-patch+yaml",
            _ => {}
        }
        ask
    }

    /// What effective rights say: whether the API server's authoriser lets it through.
    pub(crate) fn is_granted(&self, policy: &Policy, rights: &EffectiveRights) -> bool {
        let verb = METHODS.iter().find(|(method, ..)| *method == self.method);
        let verb = verb.map_or("", |(_, _, verb)| verb);
        let mut asked = Request::new(verb, self.kind.group, self.kind.plural);
        if !self.subresource.is_empty() {
            asked = asked.on(self.subresource);
        }
        let held = rights.held(&asked);
        let covered = held.iter().any(|held| self.is_covered(held));
        covered && (!self.creates() || self.creation_is_granted(policy, rights))
    }

    /// Whether it creates what the path names.
    fn creates(&self) -> bool {
        let creates = match self.method {
            Method::Put => self.kind.created_by_put,
            Method::Apply => true,
            _ => false,
        };
        creates && self.subresource.is_empty() && !self.kind.exists(&self.name)
    }

    /// `create` for any name may rest on a POST alone, which carries none: `resourceNames: [""]`
    /// grants that and nothing that carries a name. A PUT and an apply do, so then the authoriser
    /// is asked for it.
    fn creation_is_granted(&self, policy: &Policy, rights: &EffectiveRights) -> bool {
        let held = rights.held(&Request::new("create", self.kind.group, self.kind.plural));
        held.iter().any(|held| {
            // An absent Namespace lies in no namespace.
            let there = self.kind.plural != "namespaces" || held.scope == Reaching::Cluster;
            let carried = !matches!(held.names, Names::All) || self.named_creation(policy);
            there && carried && self.is_covered(held)
        })
    }

    fn named_creation(&self, policy: &Policy) -> bool {
        let asked = Attributes::Resource {
            verb: "create".to_owned(),
            group: self.kind.group.to_owned(),
            resource: self.kind.plural.to_owned(),
            subresource: String::new(),
            name: self.name.clone(),
            namespace: self.namespace.clone(),
        };
        let user = User::service_account(&self.account);
        policy.authorize(&user, &asked).allowed
    }

    fn is_covered(&self, held: &Held) -> bool {
        let own = if self.kind.plural == "namespaces" {
            &self.name
        } else {
            &self.namespace
        };
        let there = match &held.scope {
            Reaching::Cluster => true,
            Reaching::Namespace(namespace) => namespace == own,
        };
        let top_level = self.subresource.is_empty();
        let carries = match self.method {
            Method::List | Method::Watch | Method::DeleteCollection => false,
            Method::Post => !top_level,
            _ => true,
        };
        there
            && match &held.names {
                Names::All => true,
                Names::Only(names) => carries && names.contains(&self.name),
            }
    }

    /// As it is written to replay it.
    pub(crate) fn document(&self) -> Value {
        let method = METHODS.iter().find(|(method, ..)| *method == self.method);
        json!({
            "account": {"namespace": self.account.namespace, "name": self.account.name},
            "method": method.map_or("", |(_, word, _)| word),
            "group": self.kind.group, "resource": self.kind.plural,
            "subresource": self.subresource, "namespace": self.namespace, "name": self.name,
        })
    }

    /// What such a document says.
    pub(crate) fn of_document(document: &Value) -> Option<Self> {
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
        let (method, ..) = METHODS
            .iter()
            .find(|(_, word, _)| Some(*word) == text("/method"))?;
        let subresource = text("/subresource")?;
        let known = SUBRESOURCES.iter().map(|(_, known, _)| *known);
        Some(Self {
            account: ServiceAccountRef::new(text("/account/namespace")?, text("/account/name")?),
            method: *method,
            kind: RealKind::find(text("/group")?, text("/resource")?)?,
            subresource: known.chain([""]).find(|known| *known == subresource)?,
            namespace: text("/namespace")?.to_owned(),
            name: text("/name")?.to_owned(),
        })
    }
}

/// Whether the authoriser let a request through. Others refuse with the same status: admission, and
/// who guards roles against escalation.
pub(crate) fn is_let_through(reply: &Reply) -> bool {
    let message = reply.message();
    let by_authoriser = message.contains(" cannot ") && message.contains(" resource \"");
    !(reply.code == 403 && by_authoriser)
}
