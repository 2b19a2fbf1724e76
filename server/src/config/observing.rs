//! What is said of the service while it runs: to Prometheus, and to a collector of traces.

use std::net::SocketAddr;

use super::{ConfigError, Resolved, value};

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Traces {
    /// The collector, as in `http://127.0.0.1:4317`.
    pub(crate) endpoint: String,
    /// Of how many calls in a hundred.
    pub(crate) percent: u8,
}

/// What is said of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Observing {
    /// Where metrics are read; absent: nowhere.
    pub(crate) metrics: Option<SocketAddr>,
    /// Where traces go; absent: nowhere.
    pub(crate) traces: Option<Traces>,
}

impl Resolved {
    /// What is said of the service.
    ///
    /// # Errors
    /// When a value is none, or metrics would be read by whoever reaches the machine.
    pub(crate) fn observing(&self) -> Result<Observing, ConfigError> {
        let invalid = |key: &str, problem: &str| ConfigError::Invalid {
            key: key.to_owned(),
            problem: problem.to_owned(),
        };
        let address = self.address("metrics.listen")?;
        if let Some(address) = address.filter(|address| !address.ip().is_loopback()) {
            let problem = "metrics are read without identity, and so on loopback alone";
            return Err(ConfigError::UnsafeListen { address, problem });
        }
        let endpoint = self.read("traces.endpoint", value::uri)?;
        if !endpoint.is_empty() && !endpoint.starts_with("http://") {
            let problem = "a collector is reached in clear, as in http://127.0.0.1:4317";
            return Err(invalid("traces.endpoint", problem));
        }
        let percent = self.read("traces.percent", value::count)?;
        let percent = u8::try_from(percent).ok().filter(|percent| *percent <= 100);
        let percent = percent.ok_or_else(|| invalid("traces.percent", "at most 100"))?;
        Ok(Observing {
            metrics: address,
            traces: (!endpoint.is_empty()).then_some(Traces { endpoint, percent }),
        })
    }
}
