//! A report as table, wide text, JSON and YAML.
