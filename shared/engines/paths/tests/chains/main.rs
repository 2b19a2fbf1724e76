//! The chains of one operator: each hop and whom one becomes by it, what cuts it and what does
//! not, and which of several chains is shown.
#![cfg(test)]

mod choice;
mod cuts;
mod rows;
mod world;
