//! Tokens that a cluster reviews. Unknown callers must not flood its API server through us, so
//! reviews are few, shared and kept; an API server that is not heard is no refusal.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, UserInfo};
use kube::api::{Api, PostParams};
use kube::core::ObjectMeta;
use opsec_access::{Identity, Kind, Lapsed, Standing, Subject};
use sha2::{Digest as _, Sha256};

use super::cache::Cache;
use super::delegate::{Asked, Authoriser};
use super::throttle::Throttle;
use super::{IdentityError, cluster, now};
use crate::config;
use crate::gate::Refusal;

/// How long a review holds, and a refusal.
const HOLDS: (Duration, Duration) = (Duration::from_mins(1), Duration::from_secs(5));

/// Reviews a second, in all and of one peer.
const REVIEWS: (u32, u32) = (50, 5);

/// Peers that are remembered.
const PEERS: usize = 10_000;

/// A cluster that reviews tokens.
#[derive(Debug)]
pub(super) struct Reviewer {
    name: String,
    audience: String,
    client: Client,
    reviews: Cache<[u8; 32], Option<Arc<UserInfo>>>,
    all: Throttle,
    peers: Mutex<BTreeMap<IpAddr, Arc<Throttle>>>,
    authoriser: Option<Arc<Authoriser>>,
}

/// A client, which does not show what it is made of.
struct Client(kube::Client);

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Client")
    }
}

impl Reviewer {
    pub(super) fn new(config: &config::TokenReview) -> Result<Self, IdentityError> {
        let client = cluster::client(config.kubeconfig.as_deref());
        let client = client.map_err(|problem| IdentityError::Cluster {
            name: config.name.clone(),
            problem,
        })?;
        let authoriser = config.delegate.then(|| Arc::new(Authoriser::new(&client)));
        Ok(Self {
            name: config.name.clone(),
            audience: config.audience.clone(),
            client: Client(client),
            reviews: Cache::new(),
            all: Throttle::new(REVIEWS.0),
            peers: Mutex::new(BTreeMap::new()),
            authoriser,
        })
    }

    /// Whom a token names.
    pub(super) async fn identity(
        reviewer: &Arc<Self>,
        token: String,
        expires: Option<u64>,
        peer: Option<IpAddr>,
    ) -> Result<Identity, Refusal> {
        let user = reviewer.user(&token, expires, peer).await?;
        let invalid = || Refusal::CredentialsInvalid("its user is no subject".to_owned());
        let username = user.username.as_deref().unwrap_or_default();
        let subject = Subject::new(&reviewer.name, Kind::User, username).ok_or_else(invalid)?;
        let groups = user.groups.iter().flatten();
        let groups = groups
            .filter_map(|group| Subject::new(&reviewer.name, Kind::Group, group))
            .collect();
        let delegate = reviewer.authoriser.as_ref().map(|authoriser| {
            let asked = Asked::new(authoriser, &user);
            Arc::new(asked) as Arc<dyn opsec_access::Delegate>
        });
        let standing = Reviewed {
            reviewer: Arc::clone(reviewer),
            token,
            expires,
        };
        Ok(Identity {
            subject,
            groups,
            standing: Arc::new(standing),
            delegate,
        })
    }

    async fn user(
        &self,
        token: &str,
        expires: Option<u64>,
        peer: Option<IpAddr>,
    ) -> Result<Arc<UserInfo>, Refusal> {
        let left = expires.map(|at| at.saturating_sub(now()));
        if left == Some(0) {
            return Err(Refusal::CredentialsExpired);
        }
        let key: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let ask = async {
            self.throttle(peer)?;
            let user = self.review(token).await?;
            let holds = match (&user, left) {
                (None, _) => HOLDS.1,
                (Some(_), None) => HOLDS.0,
                (Some(_), Some(left)) => HOLDS.0.min(Duration::from_secs(left)),
            };
            Ok((user.map(Arc::new), holds))
        };
        let user = self.reviews.get(&key, ask).await?;
        user.ok_or_else(|| {
            let said = format!("cluster `{}` does not know the token", self.name);
            Refusal::CredentialsInvalid(said)
        })
    }

    fn throttle(&self, peer: Option<IpAddr>) -> Result<(), Refusal> {
        if let Some(peer) = peer {
            let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
            if peers.len() >= PEERS {
                peers.retain(|_, throttle| !throttle.is_idle());
            }
            let throttle = peers
                .entry(peer)
                .or_insert_with(|| Arc::new(Throttle::new(REVIEWS.1)));
            if !throttle.take() {
                return Err(Refusal::busy());
            }
        }
        if self.all.take() {
            Ok(())
        } else {
            Err(Refusal::busy())
        }
    }

    /// Whom the cluster says a token is of, if it knows it for our audience.
    async fn review(&self, token: &str) -> Result<Option<UserInfo>, Refusal> {
        let review = TokenReview {
            metadata: ObjectMeta::default(),
            spec: TokenReviewSpec {
                audiences: Some(vec![self.audience.clone()]),
                token: token.to_owned(),
            },
            status: None,
        };
        let api: Api<TokenReview> = Api::all(self.client.0.clone());
        let answer = api.create(&PostParams::default(), &review).await;
        let answer = answer.map_err(|error| {
            let fields = [
                ("authenticator", self.name.as_str()),
                ("problem", &error.to_string()),
            ];
            crate::log::say(crate::log::Level::Warning, "token review failed", &fields);
            Refusal::AuthnBackend
        })?;
        let Some(status) = answer.status else {
            return Err(Refusal::AuthnBackend);
        };
        // INVARIANT: an API server that does not know audiences says none, and its yes is for
        // everyone: it is a no.
        let ours = status.audiences.iter().flatten();
        let ours = ours.into_iter().any(|audience| *audience == self.audience);
        if status.authenticated != Some(true) || !ours {
            return Ok(None);
        }
        Ok(status.user)
    }
}

/// Vouched for as long as the cluster knows the token.
struct Reviewed {
    reviewer: Arc<Reviewer>,
    token: String,
    expires: Option<u64>,
}

impl std::fmt::Debug for Reviewed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token is nobody's to see.
        formatter.debug_struct("Reviewed").finish_non_exhaustive()
    }
}

impl Standing for Reviewed {
    fn still(&self) -> Pin<Box<dyn Future<Output = Result<(), Lapsed>> + Send + '_>> {
        Box::pin(async move {
            let user = self.reviewer.user(&self.token, self.expires, None).await;
            match user {
                Ok(_) => Ok(()),
                Err(Refusal::CredentialsExpired) => Err(Lapsed::Expired),
                Err(Refusal::CredentialsInvalid(_)) => Err(Lapsed::Revoked),
                Err(_) => Err(Lapsed::Unavailable),
            }
        })
    }

    fn expires(&self) -> Option<u64> {
        self.expires
    }
}
