//! Client certificates: which CA of the configuration issued one, and whom it names. Exactly one
//! URI is the identity; without any, exactly one DNS name. Nothing else of it says who somebody is.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use opsec_access::{Identity, Kind, Lapsed, Standing, Subject};
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{IdentityError, now};
use crate::config::Mtls;
use crate::gate::Refusal;

/// The client CAs of a configuration.
#[derive(Debug)]
pub(crate) struct Certificates {
    each: Vec<(String, Arc<dyn ClientCertVerifier>)>,
    any: Option<Arc<dyn ClientCertVerifier>>,
}

/// Whom a client certificate names, or why nobody.
#[derive(Debug)]
pub(crate) struct ClientCertificate {
    subject: Result<Subject, String>,
    /// Seconds since 1970, UTC.
    expires: u64,
}

impl Certificates {
    /// Reads the CAs and their lists of revoked certificates.
    ///
    /// # Errors
    /// When a file cannot be read or is not understood.
    pub(crate) fn read(
        authenticators: &[Mtls],
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, IdentityError> {
        let mut each = Vec::new();
        let mut all = RootCertStore::empty();
        let mut revoked = Vec::new();
        for mtls in authenticators {
            let failed = |problem: String| IdentityError::Certificates {
                name: mtls.name.clone(),
                problem,
            };
            let roots = crate::client::roots(&mtls.ca).map_err(failed)?;
            all.extend(roots.roots.iter().cloned());
            let lists = match &mtls.crl {
                Some(path) => CertificateRevocationListDer::pem_file_iter(path)
                    .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                    .map_err(|error| failed(format!("{}: {error}", path.display())))?,
                None => Vec::new(),
            };
            revoked.extend(lists.iter().cloned());
            let verifier = verifier(roots, lists, provider, false).map_err(failed)?;
            each.push((mtls.name.clone(), verifier));
        }
        let any = if authenticators.is_empty() {
            None
        } else {
            let any = verifier(all, revoked, provider, true);
            Some(any.map_err(IdentityError::Tls)?)
        };
        Ok(Self { each, any })
    }

    /// What handshakes verify with: a client without a certificate may connect, to be told what is
    /// missing.
    pub(crate) fn verifier(&self) -> Option<Arc<dyn ClientCertVerifier>> {
        self.any.clone()
    }

    /// Whom the certificate of a handshake names.
    pub(crate) fn identify(&self, chain: &[CertificateDer<'_>]) -> Option<ClientCertificate> {
        let (own, issuers) = chain.split_first()?;
        let (_, parsed) = X509Certificate::from_der(own).ok()?;
        let expires = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0);
        let vouches = |verifier: &Arc<dyn ClientCertVerifier>| {
            verifier
                .verify_client_cert(own, issuers, UnixTime::now())
                .is_ok()
        };
        let mut names = self
            .each
            .iter()
            .filter(|(_, verifier)| vouches(verifier))
            .map(|(name, _)| name);
        let subject = match (names.next(), names.next()) {
            (Some(name), None) => subject(name, &parsed),
            (Some(_), Some(_)) => Err("two authenticators vouch for it".to_owned()),
            (None, _) => Err("no authenticator vouches for it".to_owned()),
        };
        Some(ClientCertificate { subject, expires })
    }
}

fn verifier(
    roots: RootCertStore,
    revoked: Vec<CertificateRevocationListDer<'static>>,
    provider: &Arc<CryptoProvider>,
    optional: bool,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    // A list is of one issuer: what another one issued has an unknown status, not a bad one.
    let builder = builder
        .with_crls(revoked)
        .only_check_end_entity_revocation()
        .allow_unknown_revocation_status();
    let builder = if optional {
        builder.allow_unauthenticated()
    } else {
        builder
    };
    builder.build().map_err(|error| error.to_string())
}

/// Whom a certificate names.
fn subject(authenticator: &str, certificate: &X509Certificate<'_>) -> Result<Subject, String> {
    let names = certificate.subject_alternative_name();
    let names = names.map_err(|_| "its names do not decode".to_owned())?;
    let names = names.map_or(&[][..], |names| names.value.general_names.as_slice());
    let uris: Vec<&str> = names.iter().filter_map(uri).collect();
    let hosts: Vec<&str> = names.iter().filter_map(host).collect();
    let (kind, value) = match (uris.as_slice(), hosts.as_slice()) {
        ([uri], _) => (Kind::Uri, *uri),
        ([], [host]) => (Kind::Dns, *host),
        ([], []) => return Err("it names neither a URI nor a host".to_owned()),
        ([], _) => return Err("it names several hosts and no URI".to_owned()),
        _ => return Err("it names several URIs".to_owned()),
    };
    let plain =
        |host: &str| !host.contains('*') && !host.bytes().any(|byte| byte.is_ascii_uppercase());
    if kind == Kind::Dns && !plain(value) {
        return Err("its host is not in lower case, or has a `*`".to_owned());
    }
    Subject::new(authenticator, kind, value).ok_or_else(|| "its name is no subject".to_owned())
}

fn uri<'a>(name: &GeneralName<'a>) -> Option<&'a str> {
    match name {
        GeneralName::URI(uri) => Some(uri),
        _ => None,
    }
}

fn host<'a>(name: &GeneralName<'a>) -> Option<&'a str> {
    match name {
        GeneralName::DNSName(host) => Some(host),
        _ => None,
    }
}

impl ClientCertificate {
    /// The identity that it vouches for.
    ///
    /// # Errors
    /// When it names nobody, or has expired.
    pub(super) fn identity(&self, now: u64) -> Result<Identity, Refusal> {
        if self.expires <= now {
            return Err(Refusal::CredentialsExpired);
        }
        let subject = self.subject.clone().map_err(|problem| {
            Refusal::CredentialsInvalid(format!("the client certificate: {problem}"))
        })?;
        Ok(Identity {
            subject,
            groups: Vec::new(),
            standing: Arc::new(Until(self.expires)),
            delegate: None,
        })
    }
}

/// Vouched for until a time.
#[derive(Debug)]
pub(super) struct Until(pub(super) u64);

impl Standing for Until {
    fn still(&self) -> Pin<Box<dyn Future<Output = Result<(), Lapsed>> + Send + '_>> {
        let lapsed = self.0 <= now();
        Box::pin(async move { if lapsed { Err(Lapsed::Expired) } else { Ok(()) } })
    }

    fn expires(&self) -> Option<u64> {
        Some(self.0)
    }
}
