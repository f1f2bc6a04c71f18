//! Just enough of HTTP/1.1: one request at a time on a connection that is kept.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub accepted: u64,
    pub retry_after_s: u64,
    pub closes: bool,
}

impl Client {
    pub async fn connect(host: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4 << 10) })
    }

    pub async fn send(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if let Some(answer) = answer(&self.buffer)? {
                return Ok(answer);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// The answer in `bytes`, once it is whole.
fn answer(bytes: &[u8]) -> io::Result<Option<Answer>> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer");
    let Some(head_end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..head_end]).map_err(|_| malformed())?.to_ascii_lowercase();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim));
    let length: usize = header("content-length").and_then(|length| length.parse().ok()).ok_or_else(malformed)?;
    let Some(body) = bytes.get(head_end + 4..head_end + 4 + length) else { return Ok(None) };
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(malformed)?;
    Ok(Some(Answer {
        status,
        accepted: number_after(body, b"\"accepted\":").unwrap_or(0),
        retry_after_s: header("retry-after").and_then(|seconds| seconds.parse().ok()).unwrap_or(1),
        closes: header("connection") == Some("close"),
    }))
}

fn number_after(body: &[u8], mark: &[u8]) -> Option<u64> {
    let at = body.windows(mark.len()).position(|window| window == mark)? + mark.len();
    let digits = body[at..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 31\r\nDate: x\r\n\r\n{\"success\":true,\"accepted\":97,}";
        for cut in 0..text.len() {
            assert!(matches!(answer(&text[..cut]), Ok(None)), "{cut}");
        }
        let expected = Answer { status: 200, accepted: 97, retry_after_s: 1, closes: false };
        assert_eq!(answer(text).ok().flatten(), Some(expected));
        assert!(answer(b"nonsense\r\n\r\n").is_err());
    }
}
