use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::files::{File, read_full};
use crate::frame::{Frame, HEADER_BYTES, Header, MAGIC};

const READ_AHEAD_BYTES: u64 = 256 << 10;

/// Walks the frames of one segment file from a position on; recovery and readers alike.
pub(crate) struct Scanner {
    file: Arc<dyn File>,
    log_id: u64,
    position: u64,
    ahead: Bytes,
    ahead_from: u64,
}

pub(crate) enum Step {
    Frame(Frame),
    Damage(Damage),
    End,
}

/// Bytes that are no good frame, up to the next good one or to the end.
pub(crate) struct Damage {
    pub from: u64,
    /// Of the damaged frame, if only its body is damaged or missing.
    pub header: Option<Header>,
    /// Whether a good frame follows.
    pub followed: bool,
    pub reason: &'static str,
}

struct Bad {
    header: Option<Header>,
    reason: &'static str,
}

impl Scanner {
    pub fn new(file: Arc<dyn File>, log_id: u64, position: u64) -> Scanner {
        Scanner { file, log_id, position, ahead: Bytes::new(), ahead_from: 0 }
    }

    /// The next frame, or what stands in its place; `limit` is where the readable bytes end. It may
    /// grow from call to call: bytes below it never change.
    pub fn step(&mut self, limit: u64) -> io::Result<Step> {
        if limit <= self.position {
            return Ok(Step::End);
        }
        match self.frame_at(self.position, limit)? {
            Ok(frame) => {
                self.position = frame.header.end_position();
                Ok(Step::Frame(frame))
            }
            Err(Bad { header, reason }) => {
                let from = self.position;
                let next = self.find_frame(from + 1, limit)?;
                self.position = next.unwrap_or(limit);
                Ok(Step::Damage(Damage { from, header, followed: next.is_some(), reason }))
            }
        }
    }

    fn frame_at(&mut self, position: u64, limit: u64) -> io::Result<Result<Frame, Bad>> {
        let head = self.bytes(position, HEADER_BYTES as u64, limit)?;
        let Some(header) = Header::decode(&head, self.log_id, position) else {
            return Ok(Err(Bad { header: None, reason: "no frame begins where one should" }));
        };
        if limit < header.end_position() {
            return Ok(Err(Bad { header: Some(header), reason: "a frame is cut short" }));
        }
        let body = self.bytes(position + HEADER_BYTES as u64, u64::from(header.body_bytes), limit)?;
        if !header.fits(&body) {
            return Ok(Err(Bad { header: Some(header), reason: "a frame's content does not match its checksum" }));
        }
        Ok(Ok(Frame::new(header, body)))
    }

    fn find_frame(&mut self, from: u64, limit: u64) -> io::Result<Option<u64>> {
        let mut at = from;
        while at + HEADER_BYTES as u64 <= limit {
            let window = self.window(at, limit)?;
            match window.windows(MAGIC.len()).position(|bytes| bytes == MAGIC) {
                Some(behind) => {
                    at += behind as u64;
                    if self.frame_at(at, limit)?.is_ok() {
                        return Ok(Some(at));
                    }
                    at += 1;
                }
                None if window.len() < HEADER_BYTES => return Ok(None),
                None => at += (window.len() - MAGIC.len() + 1) as u64,
            }
        }
        Ok(None)
    }

    /// What was read ahead from `at` on, read anew only when less than a header of it is left: bytes
    /// full of false frame beginnings must not make the search slow.
    fn window(&mut self, at: u64, limit: u64) -> io::Result<Bytes> {
        let left = (self.ahead_from + self.ahead.len() as u64).saturating_sub(at);
        if self.ahead_from <= at && HEADER_BYTES as u64 <= left {
            return Ok(self.ahead.slice((at - self.ahead_from) as usize..));
        }
        self.bytes(at, READ_AHEAD_BYTES.min(limit - at), limit)
    }

    /// `count` bytes from `from` on, fewer where the limit or the file ends. Shares the read-ahead memory.
    fn bytes(&mut self, from: u64, count: u64, limit: u64) -> io::Result<Bytes> {
        let count = count.min(limit.saturating_sub(from));
        let ahead_to = self.ahead_from + self.ahead.len() as u64;
        if from < self.ahead_from || ahead_to < from + count {
            let read = count.max(READ_AHEAD_BYTES.min(limit.saturating_sub(from)));
            let mut ahead = vec![0; read as usize];
            let done = read_full(&*self.file, &mut ahead, from)?;
            ahead.truncate(done);
            self.ahead = ahead.into();
            self.ahead_from = from;
        }
        let at = (from - self.ahead_from) as usize;
        let to = (at + count as usize).min(self.ahead.len());
        Ok(self.ahead.slice(at.min(to)..to))
    }
}
