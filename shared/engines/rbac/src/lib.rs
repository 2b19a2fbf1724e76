//! The API server's RBAC authoriser over roles and bindings.
