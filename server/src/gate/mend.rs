//! Errors of the transport, given the code and reason of the contract: tonic says in its own words
//! that a message is too large, is cut off or does not decode.

use opsec_proto::ERROR_DOMAIN;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::Response;

const DETAILS: &str = "grpc-status-details-bin";

/// The answer, with the code and reason of the contract.
pub(super) fn mend(response: Response) -> Response {
    let headers = response.headers();
    if headers.contains_key(DETAILS) {
        return response;
    }
    let Some(status) = Status::from_header_map(headers) else {
        return response;
    };
    match mended(&status) {
        Some(status) => status.into_http(),
        None => response,
    }
}

/// Whether a stored record turned out damaged.
pub(super) fn is_data_loss(response: &Response) -> bool {
    let status = Status::from_header_map(response.headers());
    status.is_some_and(|status| status.code() == Code::DataLoss)
}

fn mended(status: &Status) -> Option<Status> {
    let said = status.message();
    let (code, reason, message) = match status.code() {
        Code::OutOfRange | Code::ResourceExhausted if said.contains("message length too large") => {
            (
                Code::ResourceExhausted,
                "MESSAGE_TOO_LARGE",
                said.to_owned(),
            )
        }
        Code::Internal if is_about_the_request(said) => (
            Code::InvalidArgument,
            "FIELD_INVALID",
            format!("the request does not decode: {said}"),
        ),
        Code::Unimplemented => (
            Code::Unimplemented,
            "METHOD_UNKNOWN",
            "the service does not have this method".to_owned(),
        ),
        Code::Cancelled => (Code::Cancelled, "CANCELLED", said.to_owned()),
        _ => return None,
    };
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, ERROR_DOMAIN, std::collections::HashMap::new());
    if reason == "FIELD_INVALID" {
        details.add_bad_request_violation("", message.clone());
    }
    Some(Status::with_error_details(code, message, details))
}

/// Whether tonic complains of what the client sent.
fn is_about_the_request(said: &str) -> bool {
    let complaints = [
        "failed to decode Protobuf message",
        "Unexpected EOF decoding stream",
        "Missing request message",
        "protocol error: received message with",
    ];
    complaints.iter().any(|complaint| said.contains(complaint))
}
