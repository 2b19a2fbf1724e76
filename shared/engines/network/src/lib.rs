//! Reachability by the NetworkPolicy specification.
