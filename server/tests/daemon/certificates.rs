//! Client certificates: who they name, and what is said where they are missing.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper_util::rt::TokioIo;
use opsec_proto::v1;
use opsec_proto::v1::baseline_service_client::BaselineServiceClient;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use crate::process::{Daemon, run};
use crate::{create_baseline, reason, version};

/// A certificate and its key, in PEM.
pub(crate) type Pair = (String, String);

/// A CA.
pub(crate) struct Ca(pub(crate) CertifiedIssuer<'static, KeyPair>);

impl Ca {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(parameters, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn issue(&self, names: Vec<SanType>) -> Pair {
        self.issue_until(names, Duration::from_hours(1))
    }

    pub(crate) fn issue_until(&self, names: Vec<SanType>, holds: Duration) -> Pair {
        let mut parameters = CertificateParams::default();
        parameters.subject_alt_names = names;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        parameters.not_after = rcgen::date_time_ymd(1970, 1, 1) + now + holds;
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// With a serial number, by which it can be taken back.
    pub(crate) fn issue_numbered(&self, names: Vec<SanType>, serial: u64) -> Pair {
        let mut parameters = CertificateParams::default();
        parameters.subject_alt_names = names;
        parameters.serial_number = Some(serial.into());
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// The certificate of a server on loopback.
    pub(crate) fn server(&self) -> Pair {
        self.issue(vec![SanType::IpAddress([127, 0, 0, 1].into())])
    }
}

pub(crate) fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

fn dns(text: &str) -> SanType {
    SanType::DnsName(text.try_into().unwrap())
}

/// Writes a file; a key is its owner's alone.
pub(crate) fn write(directory: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// The TLS of a configuration.
pub(crate) fn tls(directory: &TempDir, pair: &Pair) -> String {
    let certificate = write(directory, "tls.crt", &pair.0);
    let key = write(directory, "tls.key", &pair.1);
    format!(
        "[tls]\ncertificate = \"{}\"\nkey = \"{}\"\n",
        certificate.display(),
        key.display()
    )
}

/// A channel that believes a CA, with a client certificate or without.
pub(crate) async fn channel(
    address: SocketAddr,
    ca: &Ca,
    identity: Option<&Pair>,
) -> Result<Channel, tonic::transport::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder
                .with_client_auth_cert(vec![certificate], key)
                .unwrap()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    let connect = tower::service_fn(move |_: http::Uri| {
        let connector = connector.clone();
        async move {
            let socket = tokio::net::TcpStream::connect(address).await?;
            let name = ServerName::try_from("127.0.0.1").unwrap();
            Ok::<_, std::io::Error>(TokioIo::new(connector.connect(name, socket).await?))
        }
    });
    // TLS is spoken by the connector, whether tonic is built with its own or not.
    let origin = format!("https://{address}").parse().unwrap();
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .origin(origin);
    endpoint.connect_with_connector(connect).await
}

pub(crate) fn configuration(directory: &TempDir, ca: &Ca, roles: &str) -> String {
    let roles = write(directory, "roles.toml", roles);
    let clients = write(directory, "clients.crt", &ca.pem());
    format!(
        "{}[access]\nroles = \"{}\"\n[[identity.mtls]]\nname = \"mesh\"\nca = \"{}\"\n",
        tls(directory, &ca.server()),
        roles.display(),
        clients.display()
    )
}

pub(crate) const EDITOR: &str = "[[binding]]\nrole = \"editor\"\nsubjects = [\"mesh/uri:spiffe://a/bot\"]\n\
                      clusters = [\"*\"]\noperators = [\"argo*\"]\nbaselines = [\"argo*\"]\n\
                      [[binding]]\nrole = \"viewer\"\nsubjects = [\"mesh/dns:bot.example.org\"]\n";

#[tokio::test]
async fn a_certificate_names_its_bearer_and_its_role_its_scope() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let daemon = Daemon::configured(&directory, &configuration(&directory, &ca, EDITOR));
    let bot = ca.issue(vec![uri("spiffe://a/bot"), dns("ignored.example.org")]);
    let editor = channel(daemon.address, &ca, Some(&bot)).await.unwrap();
    assert_eq!(create_baseline(&editor, "argo").await.unwrap(), 1);
    let denied = create_baseline(&editor, "kyverno").await.unwrap_err();
    assert_eq!(
        reason(&denied),
        (Code::PermissionDenied, "OUT_OF_SCOPE".into())
    );
    let read = BaselineServiceClient::new(editor.clone())
        .get_baseline(v1::GetBaselineRequest {
            name: "baselines/argo".to_owned(),
        })
        .await;
    let author = read.unwrap().into_inner().baseline.unwrap().author;
    assert_eq!(author, "mesh/uri:spiffe://a/bot");

    let host = ca.issue(vec![dns("bot.example.org")]);
    let viewer = channel(daemon.address, &ca, Some(&host)).await.unwrap();
    version(&viewer, None).await.unwrap();
    let denied = create_baseline(&viewer, "argo-cd").await.unwrap_err();
    assert_eq!(
        reason(&denied),
        (Code::PermissionDenied, "ROLE_MISSING".into())
    );
}

#[tokio::test]
async fn a_certificate_that_names_nobody_or_several_is_not_valid() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let daemon = Daemon::configured(&directory, &configuration(&directory, &ca, EDITOR));
    for names in [
        vec![],
        vec![uri("spiffe://a/bot"), uri("spiffe://a/other")],
        vec![dns("bot.example.org"), dns("other.example.org")],
        vec![dns("*.example.org")],
        vec![dns("Bot.example.org")],
        vec![SanType::IpAddress([127, 0, 0, 1].into())],
    ] {
        let pair = ca.issue(names.clone());
        let channel = channel(daemon.address, &ca, Some(&pair)).await.unwrap();
        let refused = version(&channel, None).await.unwrap_err();
        let expected = (Code::Unauthenticated, "CREDENTIALS_INVALID".to_owned());
        assert_eq!(reason(&refused), expected, "{names:?}");
    }
}

#[tokio::test]
async fn without_a_certificate_the_answer_says_what_is_accepted() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let daemon = Daemon::configured(&directory, &configuration(&directory, &ca, EDITOR));
    let bare = channel(daemon.address, &ca, None).await.unwrap();
    let refused = version(&bare, None).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::Unauthenticated, "CREDENTIALS_MISSING".into())
    );
    assert!(
        refused.message().contains("a client certificate (mesh)"),
        "{refused}"
    );
    let refused = version(&bare, Some("a.b.c")).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::Unauthenticated, "CREDENTIALS_INVALID".into())
    );

    let config = directory.path().join("opsec-server.toml");
    let config = config.display().to_string();
    let url = format!("https://{}", daemon.address);
    let clients = directory.path().join("clients.crt").display().to_string();
    assert!(
        run(&["health", "--server", &url, "--ca", &clients])
            .status
            .success()
    );
    let other = write(&directory, "other.crt", &Ca::new().pem())
        .display()
        .to_string();
    assert!(
        !run(&["health", "--server", &url, "--ca", &other])
            .status
            .success()
    );
    let own = program_health(&config, daemon.address);
    assert!(
        own,
        "a probe believes exactly the certificate of the configuration"
    );
}

fn program_health(config: &str, address: SocketAddr) -> bool {
    let mut command = crate::process::program();
    command.args(["health", "--config", config]);
    command.env("OPSEC_SERVER_LISTEN", address.to_string());
    command.status().unwrap().success()
}

#[tokio::test]
async fn another_cas_certificate_is_refused_and_a_token_is_not_backed_by_a_certificate() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let daemon = Daemon::configured(&directory, &configuration(&directory, &ca, EDITOR));
    let stranger = Ca::new().issue(vec![uri("spiffe://a/bot")]);
    let refused = match channel(daemon.address, &ca, Some(&stranger)).await {
        Err(_) => true,
        Ok(channel) => version(&channel, None).await.is_err(),
    };
    assert!(refused);
    let bot = ca.issue(vec![uri("spiffe://a/bot")]);
    let editor = channel(daemon.address, &ca, Some(&bot)).await.unwrap();
    let refused = version(&editor, Some("a.b.c")).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::Unauthenticated, "CREDENTIALS_INVALID".into())
    );
}

#[tokio::test]
async fn a_certificate_that_expires_ends_its_calls_and_streams() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let daemon = Daemon::configured(&directory, &configuration(&directory, &ca, EDITOR));
    let bot = ca.issue_until(vec![uri("spiffe://a/bot")], Duration::from_secs(3));
    let editor = channel(daemon.address, &ca, Some(&bot)).await.unwrap();
    let mut client = BaselineServiceClient::new(editor.clone());
    let watch = client
        .watch_baselines(v1::WatchBaselinesRequest::default())
        .await;
    let mut watch = watch.unwrap().into_inner();
    let ended = loop {
        match watch.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended without a reason"),
            Err(status) => break status,
        }
    };
    assert_eq!(
        reason(&ended),
        (Code::Unauthenticated, "CREDENTIALS_EXPIRED".into())
    );
    let refused = version(&editor, None).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::Unauthenticated, "CREDENTIALS_EXPIRED".into())
    );
}

#[tokio::test]
async fn roles_and_certificates_are_read_again_and_what_is_wrong_changes_nothing() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut daemon = Daemon::configured(&directory, &configuration(&directory, &ca, EDITOR));
    let bot = ca.issue(vec![uri("spiffe://a/bot")]);
    let editor = channel(daemon.address, &ca, Some(&bot)).await.unwrap();
    create_baseline(&editor, "argo").await.unwrap();

    write(
        &directory,
        "roles.toml",
        "[[binding]]\nrole = \"root\"\nsubjects = []\n",
    );
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    daemon.says("not read again");
    create_baseline(&editor, "argo-cd").await.unwrap();
    write(&directory, "roles.toml", "");
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    daemon.says("\"what\":\"roles\"");
    daemon.says("\"event\":\"read again\"");
    let denied = create_baseline(&editor, "argo-rollouts").await.unwrap_err();
    assert_eq!(
        reason(&denied),
        (Code::PermissionDenied, "ROLE_MISSING".into())
    );

    let new = Ca::new();
    let (certificate, key) = new.server();
    write(&directory, "tls.crt", &certificate);
    write(&directory, "tls.key", &key);
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    daemon.says("\"what\":\"certificates\"");
    assert!(
        channel(daemon.address, &ca, Some(&bot)).await.is_err(),
        "the old one is gone"
    );
    assert!(channel(daemon.address, &new, Some(&bot)).await.is_ok());
    assert!(Path::new(&directory.path().join("data")).exists());
}
