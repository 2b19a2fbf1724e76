//! Baselines and records on sled.
