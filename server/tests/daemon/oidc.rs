//! Tokens of an OIDC issuer, which the test itself is: over TLS, on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Code;

use crate::certificates::{Ca, write};
use crate::process::Daemon;
use crate::{channel, reason, version};

/// An issuer that runs.
pub(crate) struct Issuer {
    url: String,
    key: EcdsaKeyPair,
    fetched: Arc<AtomicUsize>,
    silent: Arc<AtomicBool>,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
}

impl Issuer {
    pub(crate) async fn start(ca: &Ca) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let key = new_key();
        let point = key.public_key().as_ref();
        let keys = json!({"keys": [
            {"kty": "oct", "kid": "shared", "k": "AAAA", "alg": "HS256"},
            {"kty": "EC", "crv": "P-256", "kid": "one", "use": "sig",
             "x": encode(&point[1..33]), "y": encode(&point[33..])},
        ]});
        let discovery = json!({"issuer": url, "jwks_uri": format!("{url}/keys")});
        let (certificate, private) = ca.server();
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let private = PrivateKeyDer::from_pem_slice(private.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], private)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
        let (fetched, silent) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (count, quiet) = (Arc::clone(&fetched), Arc::clone(&silent));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                if quiet.load(Ordering::Relaxed) {
                    continue;
                }
                let Ok(mut stream) = acceptor.accept(socket).await else {
                    continue;
                };
                let mut request = vec![0; 4096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let asked = String::from_utf8_lossy(&request[..read]).into_owned();
                let body = if asked.starts_with("GET /keys ") {
                    count.fetch_add(1, Ordering::Relaxed);
                    keys.to_string()
                } else {
                    discovery.to_string()
                };
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                // A client that went away is no matter of the issuer's.
                let _ = stream.write_all((head + &body).as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self {
            url,
            key,
            fetched,
            silent,
        }
    }

    fn claims(&self) -> Value {
        json!({"iss": self.url, "aud": "opsec", "sub": "jane", "exp": now() + 300,
               "groups": ["platform"]})
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        sign(&self.key, header, claims)
    }

    /// A token of someone.
    pub(crate) fn token_of(&self, user: &str) -> String {
        let mut claims = self.claims();
        claims["sub"] = json!(user);
        claims["groups"] = json!([]);
        self.token(&json!({"alg": "ES256", "kid": "one"}), &claims)
    }

    fn good(&self) -> String {
        self.token(&json!({"alg": "ES256", "kid": "one"}), &self.claims())
    }
}

fn sign(key: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let signed = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    );
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(signature))
}

fn daemon(directory: &TempDir, ca: &Ca, issuer: &Issuer) -> Daemon {
    let roles = "[[binding]]\nrole = \"viewer\"\nsubjects = [\"corp/group:platform\"]\n";
    daemon_of(directory, ca, issuer, roles)
}

/// A daemon that believes the issuer, called `corp`.
pub(crate) fn daemon_of(directory: &TempDir, ca: &Ca, issuer: &Issuer, roles: &str) -> Daemon {
    let roles = write(directory, "roles.toml", roles);
    let ca = write(directory, "issuer.crt", &ca.pem());
    let url = &issuer.url;
    let configuration = format!(
        "[access]\nroles = {roles:?}\n[[identity.oidc]]\nname = \"corp\"\nissuer = {url:?}\n\
         client_id = \"opsec\"\nca = {ca:?}\n"
    );
    Daemon::configured(directory, &configuration)
}

#[tokio::test]
async fn a_token_of_the_issuer_is_believed_and_its_keys_are_kept() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let issuer = Issuer::start(&ca).await;
    let daemon = daemon(&directory, &ca, &issuer);
    let channel = channel(daemon.address).await;
    for _ in 0..3 {
        version(&channel, Some(&issuer.good())).await.unwrap();
    }
    assert_eq!(issuer.fetched.load(Ordering::Relaxed), 1);
    let mut claims = issuer.claims();
    claims["groups"] = json!(["other"]);
    let token = issuer.token(&json!({"alg": "ES256", "kid": "one"}), &claims);
    let denied = version(&channel, Some(&token)).await.unwrap_err();
    assert_eq!(
        reason(&denied),
        (Code::PermissionDenied, "ROLE_MISSING".into())
    );
}

#[tokio::test]
async fn a_token_that_is_not_the_issuers_is_refused() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let issuer = Issuer::start(&ca).await;
    let daemon = daemon(&directory, &ca, &issuer);
    let channel = channel(daemon.address).await;
    let (claims, header) = (issuer.claims(), json!({"alg": "ES256", "kid": "one"}));
    let good = issuer.good();
    let (signed, _) = good.rsplit_once('.').unwrap();
    let other = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        issuer.token(&header, &claims)
    };
    let shared = format!(
        "{}.{}",
        encode(json!({"alg": "HS256", "kid": "shared"}).to_string()),
        encode(claims.to_string())
    );
    let none = encode(json!({"alg": "none"}).to_string());
    let under = |header: Value| issuer.token(&header, &claims);
    for (what, token) in [
        ("no signature", format!("{signed}.")),
        (
            "alg none",
            format!("{none}.{}.", encode(claims.to_string())),
        ),
        (
            "a shared secret",
            format!("{shared}.{}", encode("signature")),
        ),
        ("another key", sign(&new_key(), &header, &claims)),
        (
            "another algorithm",
            under(json!({"alg": "RS256", "kid": "one"})),
        ),
        (
            "a key that is not there",
            under(json!({"alg": "ES256", "kid": "x"})),
        ),
        (
            "crit",
            under(json!({"alg": "ES256", "kid": "one", "crit": ["b64"]})),
        ),
        ("another audience", other("aud", json!("other"))),
        (
            "another issuer",
            other("iss", json!("https://id.example.org")),
        ),
        ("no end", other("exp", Value::Null)),
        ("no user", other("sub", Value::Null)),
        ("too large", "a".repeat(17 << 10)),
    ] {
        let refused = version(&channel, Some(&token)).await.unwrap_err();
        let expected = (Code::Unauthenticated, "CREDENTIALS_INVALID".to_owned());
        assert_eq!(reason(&refused), expected, "{what}: {refused}");
    }
    let fetched = issuer.fetched.load(Ordering::Relaxed);
    assert!(
        fetched <= 2,
        "unknown keys do not flood the issuer: {fetched}"
    );
}

#[tokio::test]
async fn a_token_that_expired_is_said_to_have() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let issuer = Issuer::start(&ca).await;
    let daemon = daemon(&directory, &ca, &issuer);
    let mut claims = issuer.claims();
    claims["exp"] = json!(now() - 61);
    let late = issuer.token(&json!({"alg": "ES256", "kid": "one"}), &claims);
    let refused = version(&channel(daemon.address).await, Some(&late)).await;
    assert_eq!(
        reason(&refused.unwrap_err()),
        (Code::Unauthenticated, "CREDENTIALS_EXPIRED".into())
    );
}

#[tokio::test]
async fn an_issuer_that_is_not_heard_is_no_refusal() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let issuer = Issuer::start(&ca).await;
    issuer.silent.store(true, Ordering::Relaxed);
    let daemon = daemon(&directory, &ca, &issuer);
    let channel = channel(daemon.address).await;
    let refused = version(&channel, Some(&issuer.good())).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::Unavailable, "AUTHN_BACKEND".into())
    );
    issuer.silent.store(false, Ordering::Relaxed);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    version(&channel, Some(&issuer.good())).await.unwrap();
    issuer.silent.store(true, Ordering::Relaxed);
    version(&channel, Some(&issuer.good())).await.unwrap();
}
