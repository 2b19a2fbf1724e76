//! `fleet --watch`: what changes is printed once and nothing else, over a stream that breaks too.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::proxy::Proxy;
use crate::recorder::{AS_SHIPPED, HARDENED};
use crate::{fleet, opsec};

const PATIENCE: Duration = Duration::from_secs(30);
/// In which nothing is printed that is not to be.
const QUIET: Duration = Duration::from_secs(2);

struct Watch {
    child: Child,
    out: Receiver<String>,
    said: Receiver<String>,
}

impl Watch {
    fn start(server: &str, line: &str) -> Self {
        let mut command = opsec(Some(server), line);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = lines(child.stdout.take().unwrap());
        let said = lines(child.stderr.take().unwrap());
        Self { child, out, said }
    }

    fn line(&self) -> String {
        self.out.recv_timeout(PATIENCE).unwrap()
    }

    fn prints_nothing(&self) {
        if let Ok(line) = self.out.recv_timeout(QUIET) {
            panic!("it prints {line}");
        }
    }

    /// Ctrl-C, and the status that it ends with.
    fn interrupted(mut self) -> i32 {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, Signal::SIGINT).unwrap();
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(pipe: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

#[test]
fn what_changes_is_printed_once_and_ctrl_c_ends_it_with_130() {
    let (server, recorder) = fleet();
    let watch = Watch::start(&server.url(), "fleet --watch --status FAIL");
    let table: Vec<String> = (0..5).map(|_| watch.line()).collect();
    assert!(table[1].starts_with("prod-1 "), "{table:?}");
    assert_eq!(table[4], "1 of 1 operator on 1 cluster fails");
    recorder.record("prod-1", AS_SHIPPED);
    watch.prints_nothing();
    recorder.record("dev-1", AS_SHIPPED);
    assert_eq!(
        watch.line(),
        "dev-1 cache-operator~cache-operator · FAIL · new"
    );
    recorder.record("prod-1", HARDENED);
    let line = watch.line();
    let begins = "prod-1 cache-operator~cache-operator · PASS (was FAIL) · practices ";
    assert!(
        line.starts_with(begins) && line.ends_with(" · gone"),
        "{line}"
    );
    recorder.record("prod-1", HARDENED);
    watch.prints_nothing();
    assert_eq!(watch.interrupted(), 130);
}

#[test]
fn a_stream_that_breaks_goes_on_from_where_it_was() {
    let (server, recorder) = fleet();
    let proxy = Proxy::to(server.address());
    let watch = Watch::start(&proxy.url(), "fleet --watch -o json --cluster prod-*");
    let event = || -> Value { serde_json::from_str(&watch.line()).unwrap() };
    let added = event();
    assert_eq!(
        (&added["type"], &added["object"]["status"]),
        (&"ADDED".into(), &"FAIL".into())
    );
    proxy.cut();
    let said = watch.said.recv_timeout(PATIENCE).unwrap();
    assert!(
        said.starts_with("warning: the watch broke off and is begun again: "),
        "{said}"
    );
    recorder.record("prod-1", HARDENED);
    recorder.record("dev-1", AS_SHIPPED);
    watch.prints_nothing();
    proxy.mend();
    let modified = event();
    assert_eq!(
        (&modified["type"], &modified["object"]["status"]),
        (&"MODIFIED".into(), &"PASS".into())
    );
    assert_eq!(modified["object"]["cluster"], "prod-1");
    watch.prints_nothing();
    assert_eq!(watch.interrupted(), 130);
}

#[test]
fn what_has_nothing_to_watch_yet_says_so_and_goes_on() {
    let (server, recorder) = fleet();
    let watch = Watch::start(&server.url(), "fleet -w --cluster test-1");
    let said = watch.said.recv_timeout(PATIENCE).unwrap();
    assert!(said.starts_with("nothing is recorded yet"), "{said}");
    recorder.register("test-1");
    recorder.record("test-1", AS_SHIPPED);
    assert_eq!(
        watch.line(),
        "test-1 cache-operator~cache-operator · FAIL · new"
    );
    assert_eq!(watch.interrupted(), 130);
}

#[test]
fn a_service_that_is_not_there_or_refuses_ends_it_at_once() {
    let (server, _recorder) = fleet();
    for (server, line) in [
        ("http://127.0.0.1:1", "fleet --watch"),
        (&*server.url(), "fleet --watch --cluster a*b"),
    ] {
        let output = opsec(Some(server), line).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.starts_with("error: ") && output.stdout.is_empty(),
            "{said}"
        );
    }
}
