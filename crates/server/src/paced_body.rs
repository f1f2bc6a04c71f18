//! Bodies that have to keep moving: a sender who trickles is cut off, however long he would go on.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// A sender may fall behind by this much, once and in all.
const GRACE: Duration = Duration::from_secs(20);
const BYTES_PER_SECOND_MIN: f64 = 1_024.0;

/// A request's body, whose sender is waited for no longer than the least rate allows.
///
/// Only our waiting counts: a body that we read slowly is not its sender's fault.
pub struct PacedBody<B> {
    inner: B,
    budget: Duration,
    waiting_since: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl<B> PacedBody<B> {
    pub fn new(inner: B) -> Self {
        Self { inner, budget: GRACE, waiting_since: None, alarm: Box::pin(sleep(GRACE)) }
    }
}

impl<B> Body for PacedBody<B>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Pending => {
                if this.waiting_since.is_none() {
                    let now = Instant::now();
                    this.waiting_since = Some(now);
                    this.alarm.as_mut().reset(now + this.budget);
                }
                match this.alarm.as_mut().poll(context) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(()) => Poll::Ready(Some(Err(Box::new(io::Error::from(io::ErrorKind::TimedOut))))),
                }
            }
            Poll::Ready(frame) => {
                if let Some(since) = this.waiting_since.take() {
                    this.budget = this.budget.saturating_sub(since.elapsed());
                }
                let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref().map(Bytes::len)).unwrap_or(0);
                this.budget = (this.budget + Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND_MIN)).min(GRACE);
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Holds on to something for as long as the answer is being sent.
pub struct HeldBody<B, H> {
    inner: B,
    _held: H,
}

impl<B, H> HeldBody<B, H> {
    pub fn new(inner: B, held: H) -> Self {
        Self { inner, _held: held }
    }
}

impl<B: Body + Unpin, H: Unpin> Body for HeldBody<B, H> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.get_mut().inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
