//! The gRPC contract `opsec.v1`: messages, clients and servers, generated from `opsec/v1/*.proto`
//! by `cargo xtask gen` and checked in, so that no build needs protoc.

/// Version 1 of the contract. What a message or a field means stands in its `.proto` file.
#[expect(
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]
pub mod v1 {
    include!("../gen/opsec.v1.rs");
}

/// The compiled `.proto` files: a `google.protobuf.FileDescriptorSet`, as reflection serves it.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("../gen/descriptor.bin");

/// The domain of every `google.rpc.ErrorInfo` of this API.
pub const ERROR_DOMAIN: &str = "kubectl-opsec.dev";

/// The most bytes of a message that holds a snapshot: for `max_decoding_message_size`.
pub const SNAPSHOT_LIMIT: usize = 64 << 20;

/// The most bytes of raw documents in a request.
pub const DOCUMENTS_LIMIT: usize = 32 << 20;

/// The most bytes of a baseline document.
pub const BASELINE_LIMIT: usize = 256 << 10;
