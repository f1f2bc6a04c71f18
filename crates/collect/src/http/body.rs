//! Reads a request's body within the limits of size, memory and time.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{
    body::Body,
    http::{
        HeaderMap,
        header::{CONTENT_ENCODING, CONTENT_LENGTH},
    },
};
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::{inflate::Inflate, rejection::Rejection};
use crate::{Collector, Limits};

/// A body in memory, and its share of the memory that all requests may hold.
pub(crate) struct Received<'a> {
    pub bytes: Vec<u8>,
    pub share: Share<'a>,
}

/// A body that was refused, as far as it had come.
#[derive(Debug)]
pub(crate) struct Stopped {
    pub rejection: Rejection,
    pub beginning: Vec<u8>,
}

impl From<Rejection> for Stopped {
    fn from(rejection: Rejection) -> Self {
        Self { rejection, beginning: Vec::new() }
    }
}

pub(crate) async fn read<'a>(collector: &'a Collector, headers: &HeaderMap, body: Body) -> Result<Received<'a>, Stopped> {
    let limits = collector.limits();
    let length = content_length(headers);
    if length.is_some_and(|length| limits.body_bytes_max < length) {
        return Err(Rejection::BodyTooLarge { limit: limits.body_bytes_max }.into());
    }
    let encoding = headers.get(CONTENT_ENCODING).map(|encoding| encoding.to_str().unwrap_or("unreadable"));
    let mut inflate = Inflate::new(encoding, length, limits)?;
    let mut share = Share::of(collector.inflight_bytes());
    match take_all(&mut inflate, &mut share, body, limits).await {
        Ok(()) => Ok(Received { bytes: inflate.finish()?, share }),
        Err(rejection) => Err(Stopped { rejection, beginning: inflate.into_beginning() }),
    }
}

async fn take_all(inflate: &mut Inflate, share: &mut Share<'_>, body: Body, limits: &Limits) -> Result<(), Rejection> {
    let deadline = Instant::now() + limits.body_time;
    let mut pieces = body.into_data_stream();
    let mut taken_bytes = 0;
    loop {
        let pause_ends = deadline.min(Instant::now() + limits.body_pause);
        let Some(piece) = timeout_at(pause_ends, pieces.next()).await.map_err(|_| Rejection::Slow)? else { return Ok(()) };
        let piece = piece.map_err(|_| Rejection::BrokenOff)?;
        taken_bytes += piece.len();
        if limits.body_bytes_max < taken_bytes {
            return Err(Rejection::BodyTooLarge { limit: limits.body_bytes_max });
        }
        share.grow_to(inflate.take(&piece)?, limits.inflight_bytes_max)?;
    }
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What one request holds of the memory for bodies; given back when dropped.
pub(crate) struct Share<'a> {
    all: &'a AtomicUsize,
    bytes: usize,
}

impl<'a> Share<'a> {
    fn of(all: &'a AtomicUsize) -> Self {
        Self { all, bytes: 0 }
    }

    fn grow_to(&mut self, bytes: usize, all_max: usize) -> Result<(), Rejection> {
        let more = bytes.saturating_sub(self.bytes);
        let before = self.all.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        if all_max < before + more {
            let reason = format!("{all_max} bytes of requests are being read, which is the limit: send again in a moment");
            return Err(Rejection::Later { reason, retry_after_s: 1 });
        }
        Ok(())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
