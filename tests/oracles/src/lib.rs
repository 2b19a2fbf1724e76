//! Oracles: programs around others' implementations that answer the same questions as ours, built
//! with Go from the modules that `go/` pins by go.sum. One that does not build is an error and
//! never a skipped test.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Why an oracle does not answer.
#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    /// A program failed.
    #[error("{what} failed with {status}: {output}")]
    Failed {
        /// What was run.
        what: String,
        /// How it ended.
        status: String,
        /// What it said.
        output: String,
    },
    /// A file or a program cannot be used.
    #[error("cannot {action} {}: {source}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl OracleError {
    fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

/// A program that answers on its standard output what it is asked on its standard input.
#[derive(Debug, Clone)]
pub struct Oracle {
    program: PathBuf,
}

impl Oracle {
    /// The oracle of a folder of `go/`; built unless it was from the same sources and modules.
    ///
    /// # Errors
    /// When Go is missing, or it does not build.
    pub fn built(name: &str) -> Result<Self, OracleError> {
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("go").join(name);
        let mut sum = 0x811c_9dc5;
        for file in ["go.mod", "go.sum", "main.go"] {
            let path = module.join(file);
            let bytes = std::fs::read(&path).map_err(OracleError::file("read", &path))?;
            sum = checksum(sum, &bytes);
        }
        let folder = tools().join(format!("oracle-{name}-{sum:08x}"));
        std::fs::create_dir_all(&folder).map_err(OracleError::file("create", &folder))?;
        let program = folder.join(name);
        let path = folder.join("build.lock");
        let lock = File::create(&path).map_err(OracleError::file("create", &path))?;
        lock.lock().map_err(OracleError::file("lock", &path))?;
        if program.is_file() {
            return Ok(Self { program });
        }
        let output = Command::new("go")
            .current_dir(&module)
            .env("CGO_ENABLED", "0")
            .args(["build", "-trimpath", "-ldflags", "-s -w", "-o"])
            .arg(&program)
            .arg(".")
            .output()
            .map_err(OracleError::file("run", Path::new("go")))?;
        ended(&format!("go build of the oracle {name}"), output)?;
        Ok(Self { program })
    }

    /// What it answers to a question.
    ///
    /// # Errors
    /// When it does not run, or ends with an error.
    pub fn answer(&self, arguments: &[&Path], question: String) -> Result<String, OracleError> {
        let mut child = Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(OracleError::file("run", &self.program))?;
        let input = child.stdin.take();
        let asking = std::thread::spawn(move || match input {
            Some(mut input) => input.write_all(question.as_bytes()),
            None => Ok(()),
        });
        let output = child
            .wait_with_output()
            .map_err(OracleError::file("run", &self.program))?;
        // One that ends early has said why.
        let _ = asking.join();
        ended(&self.program.display().to_string(), output)
    }
}

fn ended(what: &str, output: Output) -> Result<String, OracleError> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(OracleError::Failed {
        what: what.to_owned(),
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// FNV-1a: only tells one state of the sources from another.
fn checksum(start: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(start, |hash, &byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// Where tools are kept between runs: in the target directory of the running program.
fn tools() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let target = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target
        .map_or_else(std::env::temp_dir, Path::to_owned)
        .join("tools")
}
