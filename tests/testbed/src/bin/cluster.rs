//! A control plane to play with: `cluster up [RELEASE]`, `cluster down`.
//!
//! `up` starts this program once more, in the background, as `serve`, which holds the control
//! plane and a lock on its folder. `down` leaves a file that `serve` looks for; no process is
//! ended by its number, which another one may have by then.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use opsec_testbed::{ControlPlane, Options, RELEASE, build_directory, say};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const PAUSE: Duration = Duration::from_millis(100);
/// Building the programs takes minutes.
const PATIENCE: Duration = Duration::from_mins(20);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let folder = Folder(build_directory().join("testbed").join("cluster"));
    let outcome = match arguments.as_slice() {
        ["up"] => up(&folder, RELEASE),
        ["up", release] => up(&folder, release),
        ["down"] => down(&folder),
        ["serve", release] => serve(&folder, release),
        _ => Err("usage: cluster up [RELEASE] | down".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The files by which the processes know of each other.
struct Folder(PathBuf);

impl Folder {
    fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    fn stop(&self) -> PathBuf {
        self.0.join("stop")
    }

    fn kubeconfig(&self) -> PathBuf {
        self.0.join("kubeconfig")
    }

    fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// Whether a control plane holds the folder.
    fn is_held(&self) -> Result<bool, std::io::Error> {
        match File::create(self.lock())?.try_lock() {
            Ok(()) => Ok(false),
            Err(std::fs::TryLockError::WouldBlock) => Ok(true),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

fn up(folder: &Folder, release: &str) -> Outcome {
    std::fs::create_dir_all(&folder.0)?;
    if !folder.is_held()? {
        remove(&folder.stop())?;
        remove(&folder.kubeconfig())?;
        let log = File::create(folder.log())?;
        say(&format!(
            "starting Kubernetes {release}; the first time its programs are built, which takes minutes"
        ));
        let mut server = Command::new(std::env::current_exe()?)
            .args(["serve", release])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // It goes on when this terminal is gone.
            .process_group(0)
            .spawn()?;
        let start = Instant::now();
        while !folder.kubeconfig().is_file() {
            if server.try_wait()?.is_some() || start.elapsed() > PATIENCE {
                return Err(std::fs::read_to_string(folder.log())?.into());
            }
            std::thread::sleep(PAUSE);
        }
    }
    print(&folder.kubeconfig())
}

fn down(folder: &Folder) -> Outcome {
    if !folder.0.is_dir() || !folder.is_held()? {
        say("no control plane is up");
        return Ok(());
    }
    std::fs::write(folder.stop(), "")?;
    let start = Instant::now();
    while folder.is_held()? {
        if start.elapsed() > Duration::from_mins(1) {
            return Err(format!("it is still up; see {}", folder.log().display()).into());
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

fn serve(folder: &Folder, release: &str) -> Outcome {
    let lock = File::create(folder.lock())?;
    lock.try_lock()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let cluster = runtime.block_on(ControlPlane::start(Options {
        release: release.to_owned(),
        ..Options::default()
    }))?;
    // Under another name first: who waits for it must find it whole.
    let unfinished = folder.0.join("kubeconfig.unfinished");
    std::fs::copy(cluster.kubeconfig(), &unfinished)?;
    std::fs::rename(&unfinished, folder.kubeconfig())?;
    while !folder.stop().exists() {
        std::thread::sleep(PAUSE);
    }
    remove(&folder.kubeconfig())?;
    drop(cluster);
    remove(&folder.stop())?;
    Ok(())
}

fn remove(path: &Path) -> Result<(), std::io::Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The one line on standard output: `eval` takes it.
fn print(kubeconfig: &Path) -> Outcome {
    use std::io::Write as _;
    writeln!(
        std::io::stdout(),
        "export KUBECONFIG={}",
        kubeconfig.display()
    )?;
    Ok(())
}
