//! Aligned rows below headings.

use std::io;

use crate::clean::clean;
use crate::layout::width;
use crate::page::{Page, Span};

/// Spaces between two columns.
pub(crate) const GAP: usize = 2;

pub(crate) fn write(
    headings: &[&str],
    rows: &[Vec<String>],
    page: &mut Page<'_>,
) -> io::Result<()> {
    let rows: Vec<Vec<Span>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| Span::plain(clean(cell))).collect())
        .collect();
    spans(headings, &rows, page)
}

/// The same with cells that have a style.
pub(crate) fn spans(headings: &[&str], rows: &[Vec<Span>], page: &mut Page<'_>) -> io::Result<()> {
    let widest = |(column, heading): (usize, &&str)| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let cells = cells.map(|cell| width(&cell.text));
        cells.max().unwrap_or(0).max(width(heading))
    };
    let widths: Vec<usize> = headings.iter().enumerate().map(widest).collect();
    let headings = headings
        .iter()
        .map(|heading| Span::bold(*heading))
        .collect();
    for row in std::iter::once(&headings).chain(rows) {
        let cells = row.iter().zip(&widths);
        let cells = cells.flat_map(|(cell, columns)| {
            [cell.clone().padded(*columns), Span::plain(" ".repeat(GAP))]
        });
        page.line(&cells.collect::<Vec<_>>())?;
    }
    Ok(())
}
