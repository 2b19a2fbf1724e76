//! Who vouches for callers: client CAs, clusters that review tokens, OIDC issuers. Each has a name,
//! which stands before every subject that it vouches for.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::ConfigError;
use super::file::{Entry, File};

/// A client CA.
#[derive(Debug, Clone)]
pub(crate) struct Mtls {
    pub(crate) name: String,
    /// Certificates in PEM that client certificates are issued by.
    pub(crate) ca: PathBuf,
    /// Lists of revoked ones.
    pub(crate) crl: Option<PathBuf>,
}

/// A cluster that reviews tokens.
#[derive(Debug, Clone)]
pub(crate) struct TokenReview {
    pub(crate) name: String,
    /// The issuer that its tokens name.
    pub(crate) issuer: String,
    /// Absent: the cluster that the service runs in.
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) audience: String,
    /// Whether its authoriser decides instead of roles.
    pub(crate) delegate: bool,
}

/// An OIDC issuer.
#[derive(Debug, Clone)]
pub(crate) struct Oidc {
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    /// Absent: the roots that the system trusts.
    pub(crate) ca: Option<PathBuf>,
    pub(crate) user_claim: String,
    pub(crate) groups_claim: String,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Authenticators {
    pub(crate) mtls: Vec<Mtls>,
    pub(crate) token_review: Vec<TokenReview>,
    pub(crate) oidc: Vec<Oidc>,
}

impl Authenticators {
    pub(super) fn read(file: &File) -> Result<Self, ConfigError> {
        let entries = |list: &'static str| {
            let entries = file.lists.get(list).into_iter().flatten();
            entries.map(move |entry| Fields { list, entry })
        };
        let all = Self {
            mtls: entries("identity.mtls")
                .map(mtls)
                .collect::<Result<_, _>>()?,
            token_review: entries("identity.token_review")
                .map(token_review)
                .collect::<Result<_, _>>()?,
            oidc: entries("identity.oidc")
                .map(oidc)
                .collect::<Result<_, _>>()?,
        };
        all.are_apart()?;
        Ok(all)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.mtls.is_empty() && self.token_review.is_empty() && self.oidc.is_empty()
    }

    /// Whether any of them leaves the decision to roles.
    pub(super) fn need_roles(&self) -> bool {
        let delegated = self.token_review.iter().all(|cluster| cluster.delegate);
        !(self.mtls.is_empty() && self.oidc.is_empty() && delegated)
    }

    /// Their names.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.each_name().map(str::to_owned).collect()
    }

    fn each_name(&self) -> impl Iterator<Item = &str> {
        let mtls = self.mtls.iter().map(|one| one.name.as_str());
        let reviews = self.token_review.iter().map(|one| one.name.as_str());
        mtls.chain(reviews)
            .chain(self.oidc.iter().map(|one| one.name.as_str()))
    }

    /// A name is of one authenticator, and so is an issuer: a token goes to that one alone.
    fn are_apart(&self) -> Result<(), ConfigError> {
        let reviews = self.token_review.iter().map(|one| one.issuer.as_str());
        let issuers = reviews.chain(self.oidc.iter().map(|one| one.issuer.as_str()));
        once(self.each_name(), "name")?;
        once(issuers, "issuer")
    }
}

fn once<'a>(values: impl Iterator<Item = &'a str>, what: &str) -> Result<(), ConfigError> {
    let mut seen = BTreeSet::new();
    for value in values {
        if !seen.insert(value) {
            return Err(ConfigError::Invalid {
                key: format!("identity.*.{what}"),
                problem: format!("two authenticators have the {what} `{value}`"),
            });
        }
    }
    Ok(())
}

pub(super) struct Fields<'a> {
    pub(super) list: &'static str,
    pub(super) entry: &'a Entry,
}

impl Fields<'_> {
    pub(super) fn optional(&self, key: &str) -> Option<String> {
        let value = self.entry.values.get(key).map(|(value, _)| value.clone());
        value.filter(|value| !value.is_empty())
    }

    pub(super) fn mandatory(&self, key: &str) -> Result<String, ConfigError> {
        self.optional(key)
            .ok_or_else(|| self.invalid(key, "it is mandatory"))
    }

    pub(super) fn invalid(&self, key: &str, problem: &str) -> ConfigError {
        ConfigError::Invalid {
            key: format!("{}.{key}", self.list),
            problem: format!("{problem} ({})", self.entry.place),
        }
    }

    fn name(&self) -> Result<String, ConfigError> {
        let name = self.mandatory("name")?;
        let user = opsec_access::Kind::User;
        if opsec_access::Subject::new(&name, user, "x").is_none() {
            return Err(self.invalid("name", "lower-case letters, digits and `-` only"));
        }
        Ok(name)
    }
}

fn mtls(fields: Fields<'_>) -> Result<Mtls, ConfigError> {
    Ok(Mtls {
        name: fields.name()?,
        ca: fields.mandatory("ca")?.into(),
        crl: fields.optional("crl").map(PathBuf::from),
    })
}

fn token_review(fields: Fields<'_>) -> Result<TokenReview, ConfigError> {
    let delegate = match fields.optional("delegate").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(fields.invalid("delegate", "it is `true` or `false`")),
    };
    Ok(TokenReview {
        name: fields.name()?,
        issuer: fields.mandatory("issuer")?,
        kubeconfig: fields.optional("kubeconfig").map(PathBuf::from),
        audience: fields
            .optional("audience")
            .unwrap_or_else(|| "opsec".to_owned()),
        delegate,
    })
}

fn oidc(fields: Fields<'_>) -> Result<Oidc, ConfigError> {
    let issuer = fields.mandatory("issuer")?;
    if !issuer.starts_with("https://") {
        return Err(fields.invalid("issuer", "it begins with https://"));
    }
    Ok(Oidc {
        name: fields.name()?,
        issuer,
        client_id: fields.mandatory("client_id")?,
        ca: fields.optional("ca").map(PathBuf::from),
        user_claim: fields
            .optional("user_claim")
            .unwrap_or_else(|| "sub".to_owned()),
        groups_claim: fields
            .optional("groups_claim")
            .unwrap_or_else(|| "groups".to_owned()),
    })
}
