//! How the service is reached: as tower services in this process, or over HTTP/2. The generated
//! clients know no difference.

use std::fmt;
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::http::{HeaderValue, Request, Response, header};
use tonic::codegen::{BoxFuture, Service, StdError};
use tonic::service::Routes;
use tonic::transport::Channel;

/// Where calls go.
#[derive(Clone)]
pub(crate) enum Transport {
    /// Into this process.
    Embedded(Routes),
    /// To a service that others call too.
    Remote {
        /// The connection.
        channel: Channel,
        /// What the service knows the caller by.
        authorization: Option<HeaderValue>,
    },
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A header may hold a token.
        formatter.write_str(match self {
            Self::Embedded(_) => "Embedded",
            Self::Remote { .. } => "Remote",
        })
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = StdError;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StdError>> {
        match self {
            Self::Embedded(_) => Poll::Ready(Ok(())),
            Self::Remote { channel, .. } => channel.poll_ready(context).map_err(Into::into),
        }
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self {
            Self::Embedded(routes) => {
                let answer = Service::call(routes, request);
                Box::pin(async move { Ok(answer.await?) })
            }
            Self::Remote {
                channel,
                authorization,
            } => {
                if let Some(authorization) = authorization {
                    let headers = request.headers_mut();
                    headers.insert(header::AUTHORIZATION, authorization.clone());
                }
                let answer = channel.call(request);
                Box::pin(async move { Ok(answer.await?) })
            }
        }
    }
}
