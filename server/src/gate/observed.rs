//! What is counted and traced of a call.

use std::time::Instant;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::classify::Called;
use super::{Request, Response};
use crate::metrics::Metrics;
use crate::traces::{Part, Trace, Traces};

/// Where calls are counted and traced.
#[derive(Debug, Clone)]
pub(crate) struct Observers {
    pub(crate) metrics: Metrics,
    pub(crate) traces: Traces,
}

/// A call that is counted and traced.
#[derive(Debug)]
pub(super) struct Observed {
    observers: Observers,
    method: &'static str,
    started: Instant,
    trace: Trace,
}

impl Observed {
    pub(super) fn begin(observers: &Observers, called: Called, request: &Request) -> Self {
        let method = match called {
            Called::Health { .. } => "Health",
            Called::Method(method) => method.name(),
            Called::Unknown => "unknown",
        };
        let trace = match called {
            // Probes are many, and say nothing.
            Called::Health { .. } => Trace::default(),
            _ => observers
                .traces
                .begin(request.uri().path(), request.headers()),
        };
        Self {
            observers: observers.clone(),
            method,
            started: Instant::now(),
            trace,
        }
    }

    /// Something that it waits for begins.
    pub(super) fn part(&self, name: &'static str) -> Part {
        self.trace.part(name)
    }

    /// It was answered.
    pub(super) fn end(self, response: &Response) {
        let status = Status::from_header_map(response.headers());
        let code = status.as_ref().map_or(Code::Ok, Status::code);
        let reason = status.and_then(|status| status.get_details_error_info());
        let reason = reason.map_or_else(String::new, |info| info.reason);
        let code = format!("{code:?}");
        self.trace.end(&code, &reason);
        let took = self.started.elapsed();
        self.observers
            .metrics
            .ended(self.method, (code, reason), took);
    }
}
