//! Traces of calls, sent to a collector by OTLP over gRPC. A span is a call, its parts are what the call
//! waits for; no name of a subject, cluster or operator is in it.

use std::time::Duration;

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{
    Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

use crate::config::Traces as Config;

/// How long the collector is waited for, and how long at an end.
const PATIENCE: Duration = Duration::from_secs(5);
const LAST: Duration = Duration::from_secs(2);

/// Where traces go, if they do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traces(Option<(SdkTracerProvider, SdkTracer)>);

/// A call, if it is traced.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace(Option<(SdkTracer, Context)>);

/// What a call waits for; it ends when this does.
#[derive(Debug)]
pub(crate) struct Part(Option<opentelemetry_sdk::trace::Span>);

impl Traces {
    /// Sends traces to the collector of a configuration; it need not be there.
    ///
    /// # Errors
    /// When its address is none.
    pub(crate) fn new(config: Option<&Config>) -> Result<Self, String> {
        let Some(config) = config else {
            return Ok(Self::default());
        };
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(&config.endpoint)
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| error.to_string())?;
        let sampler = Sampler::TraceIdRatioBased(f64::from(config.percent) / 100.0);
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder_empty()
            .with_service_name("opsec-server")
            .with_attribute(version);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(sampler)))
            .with_resource(resource.build())
            .build();
        let tracer = provider.tracer("opsec-server");
        Ok(Self(Some((provider, tracer))))
    }

    /// A call begins; who calls may be traced itself.
    pub(crate) fn begin(&self, path: &str, headers: &HeaderMap) -> Trace {
        let Some((_, tracer)) = &self.0 else {
            return Trace::default();
        };
        let caller = TraceContextPropagator::new().extract(&Headers(headers));
        let name = path.trim_start_matches('/').to_owned();
        let attributes = [
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", name.clone()),
        ];
        let span = tracer
            .span_builder(name)
            .with_kind(SpanKind::Server)
            .with_attributes(attributes)
            .start_with_context(tracer, &caller);
        Trace(Some((tracer.clone(), caller.with_span(span))))
    }

    /// Sends what is left.
    pub(crate) async fn end(self) {
        let Some((provider, _)) = self.0 else { return };
        // A collector that does not answer holds up nobody.
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST));
        let _ = tokio::time::timeout(LAST, ended).await;
    }
}

impl Trace {
    /// Something that the call waits for begins.
    pub(crate) fn part(&self, name: &'static str) -> Part {
        let begin = |(tracer, call): &(SdkTracer, Context)| {
            tracer.span_builder(name).start_with_context(tracer, call)
        };
        Part(self.0.as_ref().map(begin))
    }

    /// The call was answered.
    pub(crate) fn end(&self, code: &str, reason: &str) {
        let Some((_, call)) = &self.0 else { return };
        let span = call.span();
        span.set_attribute(KeyValue::new("rpc.response.status_code", code.to_owned()));
        if !reason.is_empty() {
            span.set_attribute(KeyValue::new("error.type", reason.to_owned()));
            span.set_status(Status::error(reason.to_owned()));
        }
        span.end();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(span) = &mut self.0 {
            span.end();
        }
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
