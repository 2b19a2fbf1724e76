//! Certificates that their CA took back.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use tempfile::TempDir;

use crate::certificates::{Ca, EDITOR, channel, configuration, uri, write};
use crate::process::Daemon;
use crate::version;

const TAKEN_BACK: u64 = 7;
const KEPT: u64 = 8;

/// A CA's list of the certificates that it took back.
fn list(directory: &TempDir, ca: &Ca, number: u64, serials: &[u64]) -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = rcgen::date_time_ymd(1970, 1, 1) + now;
    let revoked = serials.iter().map(|&serial| RevokedCertParams {
        serial_number: SerialNumber::from(serial),
        revocation_time: now,
        reason_code: None,
        invalidity_date: None,
    });
    let parameters = CertificateRevocationListParams {
        this_update: now,
        next_update: now + Duration::from_hours(1),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = parameters.signed_by(&ca.0).unwrap();
    write(directory, "clients.crl", &list.pem().unwrap())
}

#[tokio::test]
async fn what_its_ca_took_back_names_nobody() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let crl = list(&directory, &ca, 1, &[]);
    let configuration = configuration(&directory, &ca, EDITOR);
    let configuration = format!("{configuration}crl = \"{}\"\n", crl.display());
    let mut daemon = Daemon::configured(&directory, &configuration);
    let bot = ca.issue_numbered(vec![uri("spiffe://a/bot")], TAKEN_BACK);
    let other = ca.issue_numbered(vec![uri("spiffe://a/bot")], KEPT);
    let before = channel(daemon.address, &ca, Some(&bot)).await.unwrap();
    version(&before, None).await.unwrap();

    list(&directory, &ca, 2, &[TAKEN_BACK]);
    daemon.signal(Signal::SIGHUP);
    daemon.says("\"what\":\"certificates\"");
    let refused = match channel(daemon.address, &ca, Some(&bot)).await {
        Err(_) => true,
        Ok(channel) => version(&channel, None).await.is_err(),
    };
    assert!(refused);
    let kept = channel(daemon.address, &ca, Some(&other)).await.unwrap();
    version(&kept, None).await.unwrap();
}
