//! The NetworkPolicy cases of the corpus.

#![cfg(test)]

mod admin;
mod cases;
mod plain;
