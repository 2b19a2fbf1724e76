//! Between protobuf messages and the model.
