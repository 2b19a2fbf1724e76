//! `config print`: every setting with its value, its default and where the value is from.

use std::io::{self, Write};

use super::Resolved;
use super::settings::{LISTS, SETTINGS};

/// Writes every setting; no secret is among them, since secrets stand in files of their own.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn print(resolved: &Resolved, to: &mut dyn Write) -> io::Result<()> {
    for setting in SETTINGS {
        let (value, source) = match resolved.values.get(setting.key) {
            Some((value, source)) => (value.as_str(), source.to_string()),
            None => ("", String::new()),
        };
        writeln!(
            to,
            "{} = {value:?}  # {}; default {:?}; from {source}; {}",
            setting.key,
            setting.about,
            setting.default,
            setting.variable(),
        )?;
    }
    for &(list, keys) in LISTS {
        let entries = resolved.file.lists.get(list).map_or(&[][..], Vec::as_slice);
        if entries.is_empty() {
            writeln!(to, "{list} = []  # keys: {}; from default", keys.join(", "))?;
        }
        for (index, entry) in entries.iter().enumerate() {
            for (key, (value, place)) in &entry.values {
                writeln!(to, "{list}[{index}].{key} = {value:?}  # from {place}")?;
            }
        }
    }
    Ok(())
}
