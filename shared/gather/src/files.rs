//! Paths into inputs: files whatever their ending, of directories the `.json`, `.yaml` and `.yml`
//! files, in the order of their names; of a bundle of OLM what OLM would apply.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use opsec_manifests::{Input, Limits, ManifestError};

use crate::bundle::Bundle;
use crate::error::GatherError;

/// A file or directory, or standard input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathOrStdin {
    /// A file or directory.
    Path(PathBuf),
    /// Standard input, written `-`.
    Stdin,
}

impl PathOrStdin {
    /// What a command line's word names.
    pub fn from_arg(word: impl AsRef<OsStr>) -> Self {
        let word = word.as_ref();
        if word == "-" {
            Self::Stdin
        } else {
            Self::Path(PathBuf::from(word))
        }
    }
}

impl From<&OsStr> for PathOrStdin {
    fn from(word: &OsStr) -> Self {
        Self::from_arg(word)
    }
}

impl std::str::FromStr for PathOrStdin {
    type Err = std::convert::Infallible;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(Self::from_arg(word))
    }
}

/// Reads everything that the paths name, in their order.
///
/// # Errors
/// When a path is absent, unreadable or holds no manifest, or when a limit is passed.
pub fn read_files(
    paths: &[PathOrStdin],
    recursive: bool,
    stdin: &mut dyn Read,
    limits: &Limits,
) -> Result<Vec<Input>, GatherError> {
    if paths.is_empty() {
        return Err(GatherError::Nothing);
    }
    if paths
        .iter()
        .filter(|path| **path == PathOrStdin::Stdin)
        .count()
        > 1
    {
        return Err(GatherError::StdinTwice);
    }
    let mut gathering = Gathering {
        limits,
        total: 0,
        inputs: Vec::new(),
    };
    for path in paths {
        match path {
            PathOrStdin::Stdin => gathering.read("-", 0, stdin)?,
            PathOrStdin::Path(path) => gathering.path(path, recursive)?,
        }
    }
    Ok(gathering.inputs)
}

struct Gathering<'a> {
    limits: &'a Limits,
    total: u64,
    inputs: Vec<Input>,
}

impl Gathering<'_> {
    fn path(&mut self, path: &Path, recursive: bool) -> Result<(), GatherError> {
        let name = path.to_string_lossy();
        if name.starts_with("https://") || name.starts_with("http://") {
            return Err(GatherError::Address {
                path: name.into_owned(),
            });
        }
        if !fs::metadata(path)
            .map_err(|error| unreadable(path, error))?
            .is_dir()
        {
            return self.file(path);
        }
        let mut files = Vec::new();
        collect(path, recursive, &mut files)?;
        if files.is_empty() {
            return Err(GatherError::NoManifests {
                path: name.into_owned(),
                recursive,
            });
        }
        files.iter().try_for_each(|file| self.file(file))
    }

    fn file(&mut self, path: &Path) -> Result<(), GatherError> {
        let mut file = File::open(path).map_err(|error| unreadable(path, error))?;
        let bytes = file
            .metadata()
            .map_err(|error| unreadable(path, error))?
            .len();
        self.check(&path.to_string_lossy(), bytes)?;
        let size = usize::try_from(bytes).unwrap_or_default();
        self.read(&path.to_string_lossy(), size, &mut file)
    }

    /// Reads to the end, or to the byte that is too many: a pipe does not say its size before.
    fn read(&mut self, name: &str, size: usize, from: &mut dyn Read) -> Result<(), GatherError> {
        let room = self
            .limits
            .total_bytes
            .saturating_sub(self.total)
            .min(self.limits.file_bytes);
        // Room at once for what a file says it holds, so that nothing is copied while it grows.
        let mut bytes = Vec::with_capacity(size);
        from.take(room.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(Path::new(name), error))?;
        let size = bytes.len() as u64;
        self.check(name, size)?;
        self.total = self.total.saturating_add(size);
        self.inputs.push(Input {
            name: name.to_owned(),
            bytes,
        });
        Ok(())
    }

    fn check(&self, name: &str, bytes: u64) -> Result<(), ManifestError> {
        let file = name.to_owned();
        if bytes > self.limits.file_bytes {
            let limit = self.limits.file_bytes;
            return Err(ManifestError::FileTooLarge { file, bytes, limit });
        }
        let total = self.total.saturating_add(bytes);
        if total > self.limits.total_bytes {
            let limit = self.limits.total_bytes;
            return Err(ManifestError::InputTooLarge {
                file,
                bytes: total,
                limit,
            });
        }
        Ok(())
    }
}

/// The manifests of a directory, by name. Links to directories are not followed, so that no
/// circle is walked.
fn collect(directory: &Path, recursive: bool, files: &mut Vec<PathBuf>) -> Result<(), GatherError> {
    let Some(bundle) = Bundle::at(directory) else {
        return collect_plain(directory, recursive, files);
    };
    collect_plain(&bundle.manifests, false, files)?;
    files.push(bundle.annotations);
    Ok(())
}

fn collect_plain(
    directory: &Path,
    recursive: bool,
    files: &mut Vec<PathBuf>,
) -> Result<(), GatherError> {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.map_err(|error| unreadable(directory, error))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry
            .file_type()
            .map_err(|error| unreadable(&path, error))?
            .is_dir()
        {
            if recursive {
                collect(&path, recursive, files)?;
            }
        } else if is_manifest(&path) && !path.is_dir() {
            files.push(path);
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ["json", "yaml", "yml"].iter().any(|known| ending == *known))
}

fn unreadable(path: &Path, source: std::io::Error) -> GatherError {
    let path = path.to_string_lossy().into_owned();
    match source.kind() {
        ErrorKind::NotFound => GatherError::NotFound { path },
        ErrorKind::PermissionDenied => GatherError::Unreadable {
            path,
            reason: "permission denied".to_owned(),
            source,
        },
        _ => {
            let reason = source.to_string().to_lowercase();
            GatherError::Unreadable {
                path,
                reason,
                source,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("deep/er")).unwrap();
        fs::create_dir(root.join("empty")).unwrap();
        for name in [
            "b.yaml",
            "a.yml",
            "c.json",
            "notes.txt",
            "deep/d.yaml",
            "deep/er/e.yaml",
        ] {
            fs::write(root.join(name), name).unwrap();
        }
        folder
    }

    fn read(paths: &[PathOrStdin], recursive: bool, limits: Limits) -> Result<Vec<Input>, String> {
        read_files(paths, recursive, &mut &b"from stdin"[..], &limits)
            .map_err(|error| error.to_string())
    }

    fn names(root: &Path, paths: &[&str], recursive: bool) -> Result<Vec<String>, String> {
        let paths: Vec<PathOrStdin> = paths
            .iter()
            .map(|path| match *path {
                "-" => PathOrStdin::Stdin,
                path => PathOrStdin::Path(root.join(path)),
            })
            .collect();
        let prefix = format!("{}/", root.display());
        let inputs = read(&paths, recursive, Limits::default());
        inputs
            .map(|inputs| {
                inputs
                    .iter()
                    .map(|input| input.name.trim_start_matches(&prefix).to_owned())
                    .collect()
            })
            .map_err(|error| error.replace(&prefix, ""))
    }

    #[test]
    fn files_directories_and_standard_input_are_read_in_order() {
        let folder = folder();
        let root = folder.path();
        let read = |paths: &[&str], recursive| names(root, paths, recursive).unwrap();
        assert_eq!(read(&["b.yaml"], false), ["b.yaml"]);
        assert_eq!(read(&["notes.txt"], false), ["notes.txt"]);
        assert_eq!(
            read(&["b.yaml", "-", "a.yml", "b.yaml"], false),
            ["b.yaml", "-", "a.yml", "b.yaml"]
        );
        let directory: Vec<String> = read(&["."], false)
            .iter()
            .map(|name| name.trim_start_matches("./").to_owned())
            .collect();
        assert_eq!(directory, ["a.yml", "b.yaml", "c.json"]);
        assert_eq!(read(&["deep"], true), ["deep/d.yaml", "deep/er/e.yaml"]);
    }

    #[test]
    fn of_a_bundle_its_manifests_and_its_annotations_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for directory in ["b/manifests/more", "b/metadata", "b/tests/scorecard"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        for name in [
            "b/bundle.Dockerfile",
            "b/ci.yaml",
            "b/manifests/crd.yaml",
            "b/manifests/csv.yaml",
            "b/manifests/more/x.yaml",
            "b/metadata/annotations.yaml",
            "b/metadata/dependencies.yaml",
            "b/tests/scorecard/config.yaml",
        ] {
            fs::write(root.join(name), name).unwrap();
        }
        let expected = [
            "b/manifests/crd.yaml",
            "b/manifests/csv.yaml",
            "b/metadata/annotations.yaml",
        ];
        for (path, recursive) in [("b", false), ("b/manifests", false), ("", true)] {
            assert_eq!(names(root, &[path], recursive).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn errors_name_the_path_and_what_to_do() {
        let folder = folder();
        let error = |paths: &[&str], recursive| names(folder.path(), paths, recursive).unwrap_err();
        assert_eq!(
            error(&["absent.yaml"], false),
            "`absent.yaml` does not exist"
        );
        assert_eq!(
            error(&["empty"], false),
            "the directory `empty` holds no .json, .yaml or .yml file itself; -R looks into its subdirectories"
        );
        assert_eq!(
            error(&["empty"], true),
            "the directory `empty` holds no .json, .yaml or .yml file"
        );
        assert_eq!(
            error(&["-", "-"], false),
            "`-` is named more than once, and standard input can be read once"
        );
        assert_eq!(
            error(&[], false),
            "no input: name files, directories or `-` with -f"
        );
        let address = [PathOrStdin::from_arg("https://example.com/a.yaml")];
        assert!(
            read(&address, false, Limits::default())
                .unwrap_err()
                .contains("curl -fsSL")
        );
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let folder = folder();
        let file = PathOrStdin::Path(folder.path().join("deep/er/e.yaml"));
        let limits = |file_bytes, total_bytes| Limits {
            file_bytes,
            total_bytes,
            ..Limits::default()
        };
        let error = read(std::slice::from_ref(&file), false, limits(13, 100)).unwrap_err();
        assert!(
            error.ends_with(
                "e.yaml holds 14 bytes; the limit is 13 (raise it with --max-file-bytes)"
            ),
            "{error}"
        );
        assert!(read(std::slice::from_ref(&file), false, limits(14, 14)).is_ok());
        let error = read(&[file.clone(), file], false, limits(14, 27)).unwrap_err();
        assert!(
            error.starts_with("the input holds 28 bytes up to "),
            "{error}"
        );
        // Of a pipe the size is not known before; no more than one byte too many is read.
        let error = read(&[PathOrStdin::Stdin], false, limits(4, 100)).unwrap_err();
        assert_eq!(
            error,
            "- holds 5 bytes; the limit is 4 (raise it with --max-file-bytes)"
        );
    }

    #[test]
    fn content_is_read_as_it_is() {
        let inputs = read(&[PathOrStdin::Stdin], false, Limits::default()).unwrap();
        assert_eq!(
            inputs,
            [Input {
                name: "-".into(),
                bytes: b"from stdin".to_vec()
            }]
        );
    }
}
