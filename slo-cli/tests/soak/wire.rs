//! HTTP by hand, because a library's client would not hang up in the middle.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use super::plan::draw;

/// How long a writer waits for the connection or for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection closes so long after the request was sent, before its answer: it is applied, or
    /// in part, or not at all.
    Cut(Duration),
    /// It is applied and answered, and the writer does not learn it.
    Unheard,
    /// The connection closes in the middle of the request: it must not be applied.
    Half,
}

/// What happens to a request of a writer.
pub(crate) fn planned(seed: u64, place: u64) -> Option<Fault> {
    let random = draw(seed, place);
    Some(match random % 100 {
        0..3 => Fault::Cut(Duration::ZERO),
        3..7 => Fault::Cut(Duration::from_micros(random / 100 % 8_000)),
        7..12 => Fault::Unheard,
        12..16 => Fault::Half,
        _ => return None,
    })
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A connection that is opened when it is needed.
#[derive(Default)]
pub(crate) struct Wire(Option<(SocketAddr, BufReader<TcpStream>)>);

impl Wire {
    /// Opens the connection unless it is open; fails when nobody listens.
    pub(crate) fn connect(&mut self, address: SocketAddr) -> io::Result<()> {
        if self.0.as_ref().is_none_or(|(open, _)| *open != address) {
            let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            stream.set_nodelay(true)?;
            self.0 = Some((address, BufReader::new(stream)));
        }
        Ok(())
    }

    /// Sends a body and waits for the answer, unless a fault prevents it.
    pub(crate) fn post(&mut self, path: &str, body: &str, fault: Option<Fault>) -> io::Result<Option<Answer>> {
        // Open again only after an answer.
        let (address, mut stream) = self.0.take().ok_or(io::ErrorKind::NotConnected)?;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let sent = if fault == Some(Fault::Half) { request.len() - body.len().div_ceil(2) } else { request.len() };
        stream.get_mut().write_all(&request.as_bytes()[..sent])?;
        match fault {
            Some(Fault::Half) => return Ok(None),
            Some(Fault::Cut(after)) => {
                sleep(after);
                return Ok(None);
            }
            Some(Fault::Unheard) | None => {}
        }
        let answer = receive(&mut stream)?;
        self.0 = Some((address, stream));
        Ok(Some(answer))
    }
}

fn receive(stream: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let mut line = || {
        let mut line = String::new();
        match stream.read_line(&mut line)? {
            0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            _ => Ok(line),
        }
    };
    let status = line()?.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("no status"))?;
    let mut length = 0;
    // As many header lines as any answer of ours has, and some more.
    for _ in 0..50 {
        match line()?.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().map_err(io::Error::other)?;
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Answer { status, body: String::from_utf8(body).map_err(io::Error::other)? })
}
