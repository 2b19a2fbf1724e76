//! The table of dangerous rights, case by case and cell by cell.
#![cfg(test)]

#[path = "rights/accepted.rs"]
mod accepted;
#[path = "rights/grading.rs"]
mod grading;
#[path = "rights/grid.rs"]
mod grid;
#[path = "rights/ids.rs"]
mod ids;
#[path = "rights/ids_of_attack.rs"]
mod ids_of_attack;
#[path = "rights/ids_of_guards.rs"]
mod ids_of_guards;
#[path = "rights/together.rs"]
mod together;
#[path = "rights/world.rs"]
mod world;

/// Reviewed cell by cell against the page: id by reach by names.
#[test]
fn severities() {
    insta::assert_snapshot!("severities", grid::table());
}
