//! The gRPC contract: opsec.v1 and its generated code.
