//! What a browser's connection does, and no more: one request after the other over one TCP connection.

use std::io;

use tokio::net::TcpStream;

/// What stands in a request besides its address, about as long as what browsers send.
const HEADERS: &str = "User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/120.0.0.0 Mobile Safari/537.36\r\nAccept: */*\r\nAccept-Language: kk,ru;q=0.9,en;q=0.8\r\n\
    Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\r\n";

/// Bytes read at once.
const READ_BYTES: usize = 64 << 10;
/// Bytes that the head of an answer may have.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// A connection that is used again and again.
pub struct Connection {
    stream: TcpStream,
    host: String,
    /// The other end said that it closes behind its last answer.
    is_closing: bool,
}

/// An answer, with a body where it was wanted.
pub struct Answer {
    pub status: u16,
    pub length: usize,
    pub body: Vec<u8>,
}

impl Connection {
    /// Connects to `host`, which is an address and a port.
    pub async fn open(host: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: host.to_owned(), is_closing: false })
    }

    /// Asks for something and reads all of it; keeps it if `keeps`. Fails where it ends before its length.
    pub async fn get(&mut self, path: &str, keeps: bool) -> io::Result<Answer> {
        if self.is_closing {
            *self = Self::open(&self.host).await?;
        }
        self.send(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{HEADERS}", self.host).as_bytes()).await?;
        let mut head = Vec::new();
        let end = loop {
            self.read(|bytes| head.extend_from_slice(bytes)).await?;
            if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if head.len() > HEAD_BYTES_MAX {
                return Err(odd("an answer whose head does not end"));
            }
        };
        let (status, length) = read_head(&head[..end]).ok_or_else(|| odd("an answer without a status or a length"))?;
        self.is_closing = header(&head[..end], "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let mut body = head.split_off(end);
        let mut received = body.len();
        while received < length {
            received += self
                .read(|bytes| {
                    if keeps {
                        body.extend_from_slice(bytes)
                    }
                })
                .await?;
        }
        if received > length {
            return Err(odd("an answer that is longer than it says"));
        }
        Ok(Answer { status, length, body })
    }

    async fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn read(&self, mut take: impl FnMut(&[u8])) -> io::Result<usize> {
        loop {
            self.stream.readable().await?;
            // Not held while waiting, so that hundreds of viewers share one.
            let mut buffer = [0; READ_BYTES];
            match self.stream.try_read(&mut buffer) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                Ok(count) => {
                    take(&buffer[..count]);
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The status and the length of the body.
fn read_head(head: &[u8]) -> Option<(u16, usize)> {
    let status = std::str::from_utf8(head).ok()?.split(' ').nth(1)?.parse().ok()?;
    Some((status, header(head, "content-length")?.parse().ok()?))
}

fn header<'a>(head: &'a [u8], wanted: &str) -> Option<&'a str> {
    let mut fields = std::str::from_utf8(head).ok()?.split("\r\n").filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
}

fn odd(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_status_and_length() {
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\nContent-Length: 17\r\n\r\n";
        assert_eq!(read_head(head), Some((200, 17)));
        assert_eq!(read_head(b"HTTP/1.1 404 Not Found\r\nretry-after: 1\r\n\r\n"), None);
    }
}
