//! A typed, indexed view over a snapshot.
