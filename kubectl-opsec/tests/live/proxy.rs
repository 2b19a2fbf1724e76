//! A proxy on loopback between the program and the control plane, which fails as it is told to.

use std::fs;
use std::io::{BufRead as _, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::{Value, json};

use crate::cluster::{control_plane, runtime};

/// What becomes of a request.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// It is answered by the API server.
    Passed,
    /// The API server's answer ends after so many bytes of its body, and with it the connection.
    Cut(usize),
    /// It is answered so: a status, headers, a body.
    Answered(u16, &'static str, String),
    /// A byte comes every now and then, for ever.
    Dripping,
    /// More and more comes, as fast as it is read.
    Flooding,
    /// Nothing comes.
    Silent,
}

/// The proxy; it answers as long as the process of the tests lives.
pub(crate) struct Proxy {
    pub(crate) kubeconfig: PathBuf,
    asked: Arc<Mutex<Vec<String>>>,
    _folder: tempfile::TempDir,
}

/// What becomes of a path that is asked for the so manieth time, from 1.
type Decide = dyn Fn(&str, usize) -> Fate + Send + Sync;

impl Proxy {
    pub(crate) fn start(decide: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let decide: Arc<Decide> = Arc::new(decide);
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (decide, log) = (Arc::clone(&decide), Arc::clone(&log));
                // A client that goes away early ends its thread, not the test.
                std::thread::spawn(move || serve(stream, &*decide, &log));
            }
        });
        let text = fs::read_to_string(control_plane().kubeconfig()).unwrap();
        let mut config: Value = serde_json::from_str(&text).unwrap();
        config["clusters"][0]["cluster"] = json!({"server": format!("http://127.0.0.1:{port}")});
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        fs::write(&kubeconfig, config.to_string()).unwrap();
        Self {
            kubeconfig,
            asked,
            _folder: folder,
        }
    }

    /// How often something was asked whose path has that in it.
    pub(crate) fn times(&self, part: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|path| path.contains(part)).count()
    }
}

fn serve(stream: TcpStream, decide: &Decide, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut request = http::Request::get(&path);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(": ") else {
            break;
        };
        let passed = ["accept", "impersonate-user", "impersonate-group"];
        if passed.contains(&name.to_ascii_lowercase().as_str()) {
            request = request.header(name, value);
        }
    }
    let nth = {
        let mut log = log.lock().unwrap();
        log.push(path.clone());
        log.iter().filter(|earlier| **earlier == path).count()
    };
    let fate = decide(&path, nth);
    let upstream = || {
        runtime().block_on(async {
            let client = control_plane().client();
            let answer = client.send(request.body(Body::empty()).unwrap()).await;
            let answer = answer.unwrap();
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            (status, body.to_vec())
        })
    };
    match fate {
        Fate::Passed => {
            let (status, body) = upstream();
            answer(stream, status, "", &body, body.len())
        }
        Fate::Cut(bytes) => {
            let (status, body) = upstream();
            let kept = body.get(..bytes).unwrap_or(&body);
            answer(stream, status, "", kept, body.len() + 1)
        }
        Fate::Answered(status, headers, body) => {
            answer(stream, status, headers, body.as_bytes(), body.len())
        }
        Fate::Dripping => endless(stream, b"{", Duration::from_millis(50)),
        Fate::Flooding => endless(stream, &vec![b' '; 1 << 20], Duration::ZERO),
        Fate::Silent => {
            std::thread::sleep(Duration::from_mins(1));
            Ok(())
        }
    }
}

fn answer(
    mut stream: TcpStream,
    status: u16,
    headers: &str,
    body: &[u8],
    length: usize,
) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    )?;
    stream.write_all(body)?;
    stream.flush()
}

/// Ends when nobody listens.
fn endless(mut stream: TcpStream, piece: &[u8], pause: Duration) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 Answer\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    )?;
    loop {
        stream.write_all(piece)?;
        stream.flush()?;
        std::thread::sleep(pause);
    }
}
