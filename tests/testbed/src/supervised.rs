//! A program that dies with the process that started it, however that ends.
//!
//! The program runs below a shell that waits for the end of its standard input. The pipe to it is
//! held here and closes with this process, be it killed: then the shell ends the program and
//! removes what it leaves behind.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::error::TestbedError;

/// `$1` is the folder to remove in the end, empty for none; the rest is the command. The last line
/// ends what is left of the shell's own process group: the watcher, and the shell itself.
const SUPERVISE: &str = r#"
remove=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
( cat <&3 >/dev/null; kill -TERM "$child"; sleep 10; kill -KILL "$child" ) 2>/dev/null &
exec 3<&-
wait "$child"
if [ -n "$remove" ]; then rm -rf "$remove"; fi
kill -KILL 0
"#;

/// A running program.
#[derive(Debug)]
pub(crate) struct Supervised {
    program: &'static str,
    log: PathBuf,
    shell: Child,
}

impl Supervised {
    /// Starts a program; what it says goes to `log`. In the end `remove` is removed.
    pub(crate) fn start(
        program: &'static str,
        command: &Path,
        arguments: &[String],
        log: PathBuf,
        remove: Option<&Path>,
    ) -> Result<Self, TestbedError> {
        let file = File::create(&log).map_err(TestbedError::file("create", &log))?;
        let errors = file
            .try_clone()
            .map_err(TestbedError::file("write", &log))?;
        let shell = Command::new("sh")
            .arg("-c")
            .arg(SUPERVISE)
            .arg("supervise")
            .arg(remove.unwrap_or(Path::new("")))
            .arg(command)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(file)
            .stderr(errors)
            // A group of its own: Ctrl-C at a terminal reaches the tests, which then end it.
            .process_group(0)
            .spawn()
            .map_err(|source| TestbedError::Start { program, source })?;
        Ok(Self {
            program,
            log,
            shell,
        })
    }

    /// Its name.
    pub(crate) fn program(&self) -> &'static str {
        self.program
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.shell.try_wait(), Ok(None))
    }

    /// The last lines that it logged.
    pub(crate) fn log(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        crate::go::end(&String::from_utf8_lossy(&text), 15)
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Nothing can be done about a shell that cannot be waited for.
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn start(folder: &Path, command: &str, remove: Option<&Path>) -> Supervised {
        let arguments = ["-c".to_owned(), command.to_owned()];
        let log = folder.join("log");
        Supervised::start("sh", Path::new("sh"), &arguments, log, remove).unwrap()
    }

    fn until(mut holds: impl FnMut() -> bool) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            if holds() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    #[test]
    fn dropping_it_ends_it_and_removes_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let removed = folder.path().join("removed");
        std::fs::create_dir(&removed).unwrap();
        let pid = folder.path().join("pid");
        let command = format!("echo $$ > {}; exec sleep 60", pid.display());
        let mut program = start(folder.path(), &command, Some(&removed));
        assert!(until(
            || std::fs::read_to_string(&pid).is_ok_and(|pid| pid.ends_with('\n'))
        ));
        let process = format!("/proc/{}", std::fs::read_to_string(&pid).unwrap().trim());
        assert!(Path::new(&process).exists());
        assert!(!program.has_ended());
        drop(program);
        assert!(!Path::new(&process).exists());
        assert!(!removed.exists());
    }

    #[test]
    fn one_that_ends_by_itself_is_noticed_and_its_log_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut program = start(folder.path(), "echo why >&2; exit 3", None);
        assert!(until(|| program.has_ended()));
        assert_eq!(program.log(), "why");
    }
}
