//! The caller of a request: who it is, and what it may. It is put into a request before a byte of
//! its body is read, and every handler asks it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::delegate::{Delegate, DelegateFailed, every, questions};
use crate::method::{Method, roles_of};
use crate::role::Role;
use crate::roster::Roster;
use crate::subject::Subject;
use crate::target::Target;

/// Why a call is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The caller has none of the roles.
    #[error("{} needs one of the roles {}", .method.name(), names(.roles))]
    RoleMissing {
        /// The method.
        method: Method,
        /// The roles that would do.
        roles: &'static [Role],
    },
    /// The caller has such a role, and not for this.
    #[error("this is outside of what the caller's roles are for")]
    OutOfScope,
    /// The authoriser that decides was not heard.
    #[error("the authoriser did not answer; try again")]
    Unavailable,
}

fn names(roles: &[Role]) -> String {
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    names.join(", ")
}

impl From<DelegateFailed> for Denied {
    fn from(_: DelegateFailed) -> Self {
        Self::Unavailable
    }
}

/// Why a credential does not vouch for its bearer any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lapsed {
    /// It expired.
    #[error("the credential expired")]
    Expired,
    /// Whoever vouched for it does not any more.
    #[error("the credential is not valid any more")]
    Revoked,
    /// Whoever vouches for it was not heard.
    #[error("the credential cannot be reviewed now; try again")]
    Unavailable,
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Its caller's credential lapsed.
    #[error(transparent)]
    Lapsed(#[from] Lapsed),
    /// Its caller may not any more.
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// Whether a credential still vouches for its bearer: its expiry, and what its issuer says now.
pub trait Standing: fmt::Debug + Send + Sync {
    /// Asks.
    fn still(&self) -> Pin<Box<dyn Future<Output = Result<(), Lapsed>> + Send + '_>>;

    /// When it expires, in seconds since 1970, UTC; absent: nothing says so.
    fn expires(&self) -> Option<u64>;
}

/// Whom an authenticator vouches for.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The subject that stands in records.
    pub subject: Subject,
    /// The groups that it is in, each a subject of its own.
    pub groups: Vec<Subject>,
    /// How long it is vouched for.
    pub standing: Arc<dyn Standing>,
    /// Who decides about it instead of the bindings.
    pub delegate: Option<Arc<dyn Delegate>>,
}

/// The caller of a request.
#[derive(Debug, Clone)]
pub struct Caller {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    subject: String,
    authenticator: String,
    standing: Option<Arc<dyn Standing>>,
    power: Power,
}

#[derive(Debug)]
enum Power {
    /// Every role, for everything.
    Everything,
    /// What the bindings of these subjects say.
    Bound {
        subjects: Vec<Subject>,
        roster: Arc<Roster>,
    },
    /// What the authoriser of a cluster says.
    Delegated(Arc<dyn Delegate>),
}

impl Caller {
    /// The program that the service is embedded in.
    pub fn embedded() -> Self {
        Self::almighty("embedded")
    }

    /// Whoever calls a service for development, which knows no identity.
    pub fn dev() -> Self {
        Self::almighty("dev")
    }

    fn almighty(name: &str) -> Self {
        let inner = Inner {
            subject: name.to_owned(),
            authenticator: name.to_owned(),
            standing: None,
            power: Power::Everything,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Someone whom an authenticator vouches for.
    pub fn authenticated(identity: Identity, roster: Arc<Roster>) -> Self {
        let subject = identity.subject.to_string();
        let authenticator = identity.subject.authenticator().to_owned();
        let power = if let Some(delegate) = identity.delegate {
            Power::Delegated(delegate)
        } else {
            let mut subjects = identity.groups;
            subjects.insert(0, identity.subject);
            Power::Bound { subjects, roster }
        };
        let inner = Inner {
            subject,
            authenticator,
            standing: Some(identity.standing),
            power,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Who it is, as records say it: `AUTHENTICATOR/kind:value`, `embedded` or `dev`.
    pub fn subject(&self) -> &str {
        &self.inner.subject
    }

    /// Who vouches for it.
    pub fn authenticator(&self) -> &str {
        &self.inner.authenticator
    }

    /// When what vouches for it expires, in seconds since 1970, UTC.
    pub fn expires(&self) -> Option<u64> {
        self.inner.standing.as_ref()?.expires()
    }

    /// Whether it holds any role for a method, whatever for: so that a call is refused before its
    /// body is read. What it is for is asked with [`Caller::require`]; the authoriser of a cluster
    /// is asked there alone.
    ///
    /// # Errors
    /// Why not.
    pub async fn require_role(&self, method: Method) -> Result<(), Denied> {
        match self.inner.power {
            Power::Delegated(_) => Ok(()),
            Power::Everything | Power::Bound { .. } => self.require(method, Target::Nothing).await,
        }
    }

    /// Whether it may.
    ///
    /// # Errors
    /// Why not.
    pub async fn require(&self, method: Method, target: Target<'_>) -> Result<(), Denied> {
        self.decide(method, target, &[roles_of(method), method.own()])
            .await
    }

    /// Whether it may, now that it is known whose what it is about is: some roles may with what is
    /// their own. Ask [`Caller::require`] first, before the store is read.
    ///
    /// # Errors
    /// Why not.
    pub async fn require_own(
        &self,
        method: Method,
        target: Target<'_>,
        owner: &str,
    ) -> Result<(), Denied> {
        if owner == self.subject() {
            return self.require(method, target).await;
        }
        self.decide(method, target, &[roles_of(method)]).await
    }

    /// Whether it may see this row of a list. Who cannot be told of sees nothing.
    pub async fn sees(&self, method: Method, target: Target<'_>) -> bool {
        if let Power::Delegated(delegate) = &self.inner.power
            && matches!(delegate.allows(every(method)).await, Ok(true))
        {
            return true;
        }
        self.require(method, target).await.is_ok()
    }

    /// Whether a stream of it may go on. Ask at least each minute.
    ///
    /// # Errors
    /// Why not.
    pub async fn still(&self, method: Method, target: Target<'_>) -> Result<(), Ended> {
        if let Some(standing) = &self.inner.standing {
            standing.still().await?;
        }
        Ok(self.require(method, target).await?)
    }

    /// Grows when the bindings are replaced: a stream asks [`Caller::still`] then.
    pub fn generation(&self) -> u64 {
        match &self.inner.power {
            Power::Bound { roster, .. } => roster.generation(),
            Power::Everything | Power::Delegated(_) => 0,
        }
    }

    async fn decide(
        &self,
        method: Method,
        target: Target<'_>,
        roles: &[&'static [Role]],
    ) -> Result<(), Denied> {
        if method == Method::Reflection {
            return Ok(());
        }
        match &self.inner.power {
            Power::Everything => Ok(()),
            Power::Bound { subjects, roster } => {
                let bindings = roster.current();
                let roles = roles.concat();
                let mut bound = false;
                for binding in bindings.of(subjects, &roles) {
                    if binding.contains(target) {
                        return Ok(());
                    }
                    bound = true;
                }
                Err(if bound {
                    Denied::OutOfScope
                } else {
                    Denied::RoleMissing {
                        method,
                        roles: roles_of(method),
                    }
                })
            }
            Power::Delegated(delegate) => {
                for question in questions(method, target) {
                    if !delegate.allows(question).await? {
                        return Err(Denied::OutOfScope);
                    }
                }
                Ok(())
            }
        }
    }
}
