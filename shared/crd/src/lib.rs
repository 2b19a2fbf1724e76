//! The OperatorRights custom resource.
