//! `opsec-server health`: asks a service for its health, as a probe of a cluster does.

use std::process::ExitCode;

use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::args::{Args, Health};
use crate::client::{self, Trust};
use crate::log::plain;

/// Asks: 0 when it serves, 1 otherwise.
pub(crate) fn health(args: &Args, health: &Health) -> ExitCode {
    match client::run(ask(args, health)) {
        Ok(ServingStatus::Serving) => ExitCode::SUCCESS,
        Ok(status) => {
            plain(status.as_str_name());
            ExitCode::FAILURE
        }
        Err(error) => {
            plain(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn ask(args: &Args, health: &Health) -> Result<ServingStatus, String> {
    let channel = if health.server.url.is_some() {
        client::connect(&health.server).await?
    } else {
        let config = args.configuration().map_err(|error| error.to_string())?;
        let scheme = if config.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let mut address = config.listen;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        let trust = match config.tls {
            Some(tls) => Trust::Exactly(tls.certificate),
            None => Trust::System,
        };
        client::channel(&format!("{scheme}://{address}"), trust, None).await?
    };
    let mut client = HealthClient::new(channel);
    let service = health.service.clone();
    let answer = client.check(HealthCheckRequest { service }).await;
    let answer = answer.map_err(|status| client::said(&status))?;
    Ok(answer.into_inner().status())
}
