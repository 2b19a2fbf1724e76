//! Stories over the real corpus, and end to end.
