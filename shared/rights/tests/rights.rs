//! The table of dangerous rights, case by case and cell by cell.
#![cfg(test)]

#[path = "rights/ids.rs"]
mod ids;
#[path = "rights/world.rs"]
mod world;
