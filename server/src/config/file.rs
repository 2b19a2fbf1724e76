//! The configuration file: TOML, in which an unknown key is an error that names its path and line.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::settings::{LISTS, SETTINGS};
use super::{ConfigError, Place};

/// What stands in a file: values by their keys, and entries of lists.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// Values by key.
    pub(crate) values: BTreeMap<&'static str, (String, Place)>,
    /// Entries by list, in the order of the file.
    pub(crate) lists: BTreeMap<&'static str, Vec<Entry>>,
}

/// An entry of a list.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Where it stands.
    pub(crate) place: Place,
    /// Its values by key.
    pub(crate) values: BTreeMap<&'static str, (String, Place)>,
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    file: File,
}

/// Reads a configuration file.
///
/// # Errors
/// When it is no TOML, a key is not known, or a value is of another type.
pub(crate) fn read(path: &Path, text: &str) -> Result<File, ConfigError> {
    let mut reader = Reader {
        path,
        text,
        file: File::default(),
    };
    let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        place: reader.place(error.span().map_or(0, |span| span.start)),
        problem: error.message().to_owned(),
    })?;
    reader.table("", table.get_ref())?;
    Ok(reader.file)
}

impl Reader<'_> {
    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        Place {
            path: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
        }
    }

    fn table(&mut self, prefix: &str, table: &DeTable<'_>) -> Result<(), ConfigError> {
        for (name, value) in table {
            let key = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            self.key(&key, name.span().start, value)?;
        }
        Ok(())
    }

    fn key(
        &mut self,
        key: &str,
        at: usize,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), ConfigError> {
        let place = self.place(at);
        if let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) {
            let text = scalar(value.get_ref()).ok_or_else(|| ConfigError::Type {
                key: key.to_owned(),
                place: place.clone(),
                expected: "one value",
            })?;
            self.file.values.insert(setting.key, (text, place));
            return Ok(());
        }
        if let Some(&(list, keys)) = LISTS.iter().find(|(list, _)| *list == key) {
            return self.list(list, keys, &place, value.get_ref());
        }
        let within = format!("{key}.");
        let known = SETTINGS.iter().map(|setting| setting.key);
        let mut known = known.chain(LISTS.iter().map(|(list, _)| *list));
        match value.get_ref() {
            DeValue::Table(table) if known.any(|known| known.starts_with(&within)) => {
                self.table(key, table)
            }
            _ => Err(ConfigError::UnknownKey {
                key: key.to_owned(),
                place,
            }),
        }
    }

    fn list(
        &mut self,
        list: &'static str,
        keys: &'static [&'static str],
        place: &Place,
        value: &DeValue<'_>,
    ) -> Result<(), ConfigError> {
        let wrong = || ConfigError::Type {
            key: list.to_owned(),
            place: place.clone(),
            expected: "tables, as in [[identity.oidc]]",
        };
        let DeValue::Array(array) = value else {
            return Err(wrong());
        };
        for item in array {
            let DeValue::Table(table) = item.get_ref() else {
                return Err(wrong());
            };
            let place = self.place(item.span().start);
            let mut values = BTreeMap::new();
            for (name, value) in table {
                let place = self.place(name.span().start);
                let key = format!("{list}.{}", name.get_ref());
                let Some(&known) = keys.iter().find(|known| **known == name.get_ref().as_ref())
                else {
                    return Err(ConfigError::UnknownKey { key, place });
                };
                let text = scalar(value.get_ref()).ok_or_else(|| ConfigError::Type {
                    key,
                    place: place.clone(),
                    expected: "one value",
                })?;
                values.insert(known, (text, place));
            }
            let entry = Entry { place, values };
            self.file.lists.entry(list).or_default().push(entry);
        }
        Ok(())
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}
