//! Bytes of manifests into a snapshot, as kubectl reads them.
