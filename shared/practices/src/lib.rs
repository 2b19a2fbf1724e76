//! The six practices: rules, verdicts, findings.
