//! A Python environment of its own, with the packages that `python/requirements.txt` pins and code
//! that grpcio-tools generates from the protos: as whoever writes a client in Python begins.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::ClientError;
use crate::go::checksum;
use crate::programs::{proto, run, tools};

/// The environment.
#[derive(Debug, Clone)]
pub struct Python {
    program: PathBuf,
    generated: PathBuf,
}

/// Makes the environment, unless it was made from the same pins and protos already.
///
/// # Errors
/// When Python is missing, or a package cannot be installed.
pub fn python() -> Result<Python, ClientError> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let requirements = own.join("requirements.txt");
    let mut pinned = std::fs::read(&requirements)
        .map_err(|error| ClientError::file("read", &requirements, error))?;
    let protos = protos()?;
    for path in &protos {
        let text = std::fs::read(path).map_err(|error| ClientError::file("read", path, error))?;
        pinned.extend(text);
    }
    let folder = tools().join(format!("python-{:08x}", checksum(&pinned)));
    std::fs::create_dir_all(&folder)
        .map_err(|error| ClientError::file("create", &folder, error))?;
    let path = folder.join("build.lock");
    let lock = File::create(&path).map_err(|error| ClientError::file("create", &path, error))?;
    lock.lock()
        .map_err(|error| ClientError::file("lock", &path, error))?;
    let python = Python {
        program: folder.join("venv/bin/python"),
        generated: folder.join("generated"),
    };
    let done = folder.join("done");
    if done.is_file() {
        return Ok(python);
    }
    if Command::new("python3").arg("--version").output().is_err() {
        return Err(ClientError::Missing {
            program: "python3",
            advice: "a client of the tests is written in it; install Python 3 with venv",
        });
    }
    let venv = folder.join("venv");
    run(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv),
        "python3 -m venv",
    )?;
    run(
        Command::new(&python.program)
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(&requirements),
        "pip install",
    )?;
    std::fs::create_dir_all(&python.generated)
        .map_err(|error| ClientError::file("create", &python.generated, error))?;
    let mut generate = Command::new(&python.program);
    generate
        .args(["-m", "grpc_tools.protoc", "-I"])
        .arg(proto())
        .arg("--python_out")
        .arg(&python.generated)
        .arg("--grpc_python_out")
        .arg(&python.generated)
        .args(&protos);
    run(&mut generate, "grpc_tools.protoc")?;
    std::fs::write(&done, b"").map_err(|error| ClientError::file("write", &done, error))?;
    Ok(python)
}

impl Python {
    /// Runs a script of `python/` with arguments; what it printed.
    ///
    /// # Errors
    /// When it fails: what it said is in the error.
    pub fn run(&self, script: &str, arguments: &[&str]) -> Result<String, ClientError> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("python")
            .join(script);
        let mut command = Command::new(&self.program);
        command
            .env("PYTHONPATH", &self.generated)
            .arg(&path)
            .args(arguments);
        run(&mut command, script)
    }
}

fn protos() -> Result<Vec<PathBuf>, ClientError> {
    let folder = proto().join("opsec/v1");
    let entries =
        std::fs::read_dir(&folder).map_err(|error| ClientError::file("read", &folder, error))?;
    let mut protos: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    protos.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "proto")
    });
    protos.sort();
    Ok(protos)
}
