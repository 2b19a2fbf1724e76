//! The service as a process of its own, on loopback and in a directory that goes with it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::error::ClientError;
use crate::programs::{program, run};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// Settings beside its defaults, in its directory.
const SETTINGS: &str = "opsec.toml";

/// A running service.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: String,
    _directory: tempfile::TempDir,
}

impl Server {
    /// Starts it for development, without identity.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start() -> Result<Self, ClientError> {
        Self::over(directory()?)
    }

    /// The same with a key that signs statements.
    ///
    /// # Errors
    /// When it does not start.
    pub fn signing() -> Result<Self, ClientError> {
        Self::signing_by("ed25519")
    }

    /// The same with a key of an algorithm, as `keys generate --algorithm` takes it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn signing_by(algorithm: &str) -> Result<Self, ClientError> {
        let directory = directory()?;
        generate(&directory, algorithm)?;
        Self::over(directory)
    }

    /// One that signs, and reads a cluster itself: its id, and the kubeconfig that it is read with.
    ///
    /// # Errors
    /// When it does not start.
    pub fn collecting(cluster: &str, kubeconfig: &Path) -> Result<Self, ClientError> {
        let directory = directory()?;
        generate(&directory, "ed25519")?;
        let path = directory.path().join(SETTINGS);
        let read_with = kubeconfig.display().to_string();
        let settings =
            format!("[[collection]]\ncluster = {cluster:?}\nkubeconfig = {read_with:?}\n");
        std::fs::write(&path, settings)
            .map_err(|error| ClientError::file("write", &path, error))?;
        Self::over(directory)
    }

    fn over(directory: tempfile::TempDir) -> Result<Self, ClientError> {
        let server = program("opsec-server")?;
        let mut command = Command::new(&server);
        let settings = directory.path().join(SETTINGS);
        if settings.is_file() {
            command.arg("--config").arg(settings);
        }
        let mut child = command
            .args(["--dev", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory.path())
            .env("OPSEC_ATTESTATION_VERIFIER_ID", "https://opsec.example.org")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| ClientError::file("run", &server, error))?;
        let stderr = child.stderr.take();
        let (sender, receiver) = mpsc::channel();
        // It goes on reading what the service logs, so that the service never waits for a reader.
        std::thread::spawn(move || {
            for line in stderr
                .into_iter()
                .flat_map(|pipe| BufReader::new(pipe).lines())
            {
                let Ok(line) = line else { return };
                let _ = sender.send(line);
            }
        });
        let mut said = String::new();
        while let Ok(line) = receiver.recv_timeout(PATIENCE) {
            if let Some(address) = line.strip_prefix("listening on ") {
                return Ok(Self {
                    child,
                    address: address.trim().to_owned(),
                    _directory: directory,
                });
            }
            said.push_str(&line);
            said.push('\n');
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(ClientError::NotListening(said))
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// As `--server` takes it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A key that signs at once.
fn generate(directory: &tempfile::TempDir, algorithm: &str) -> Result<(), ClientError> {
    let mut generate = Command::new(program("opsec-server")?);
    generate.args(["keys", "generate", "--algorithm", algorithm, "--data-dir"]);
    run(generate.arg(directory.path()), "keys generate").map(|_| ())
}

fn directory() -> Result<tempfile::TempDir, ClientError> {
    let made = tempfile::tempdir();
    made.map_err(|error| ClientError::file("create", Path::new("a directory"), error))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
