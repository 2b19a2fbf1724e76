//! The table of dangerous rights, case by case and cell by cell.
#![cfg(test)]

#[path = "rights/grading.rs"]
mod grading;
#[path = "rights/grid.rs"]
mod grid;
#[path = "rights/ids.rs"]
mod ids;
#[path = "rights/world.rs"]
mod world;

/// Reviewed cell by cell against the page: id by reach by names.
#[test]
fn severities() {
    insta::assert_snapshot!("severities", grid::table());
}
