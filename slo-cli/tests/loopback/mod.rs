//! A tiny HTTP server on the loopback: answers as a test says, remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `GET /api/v1/users?limit=200`
    pub(crate) line: String,
    /// Header lines, names in lower case.
    pub(crate) headers: Vec<String>,
    /// The body.
    pub(crate) body: String,
}

/// What the server does with a request.
#[derive(Debug)]
pub(crate) enum Reply {
    /// Status, further header lines, body.
    Answer(u16, Vec<String>, String),
    #[allow(dead_code, reason = "only the client's own tests can wait for less than 30 s")]
    /// Says nothing for so long, then hangs up.
    Silence(Duration),
}

impl Reply {
    /// An answer without further headers.
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        Self::Answer(status, Vec::new(), body.into())
    }
}

/// The server; it lives as long as the test process.
pub(crate) struct Loopback {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Loopback {
    /// Starts a server that answers the n-th request (from 0) with `answer(n, request)`.
    pub(crate) fn start(mut answer: impl FnMut(usize, &Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for (n, stream) in listener.incoming().flatten().enumerate() {
                let Some(request) = receive(&stream) else { continue };
                seen.lock().expect("no panic under the lock").push(request.clone());
                respond(stream, answer(n, &request));
            }
        });
        Self { address, requests }
    }

    /// Its address, as for `--url`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no panic under the lock").clone()
    }

    /// The request lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.line).collect()
    }
}

/// An address at which nobody listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("bound"))
}

fn receive(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&n| n > 0)?;
    let line = line.rsplit_once(' ')?.0.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.push(format!("{}:{value}", name.to_ascii_lowercase()));
    }
    let length = headers.iter().find_map(|header| header.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |n| n.parse().expect("a length"))];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line, headers, body: String::from_utf8(body).expect("UTF-8") })
}

fn respond(mut stream: TcpStream, reply: Reply) {
    match reply {
        Reply::Silence(time) => thread::sleep(time),
        Reply::Answer(status, headers, body) => {
            let mut head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
            for header in headers {
                head.push_str(&header);
                head.push_str("\r\n");
            }
            // The client may have hung up; then its test says what it wanted.
            let _ = write!(stream, "{head}\r\n{body}");
        }
    }
}
