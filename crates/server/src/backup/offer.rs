//! Backups for the API: what there is, starting one, streaming one.

use std::{
    io::{self, BufWriter, Write},
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
};

use axum::body::Body;
use bytes::Bytes;
use forecourt_api::border::{BackupFacts, Backups, KeptBackup, NotTaken};
use tokio::sync::mpsc;

use super::schedule::Schedule;

const PIECE_BYTES: usize = 256 << 10;
/// Pieces that wait for a slow reader.
const PIECES_AHEAD: usize = 8;

pub fn offered(schedule: Schedule) -> Backups {
    let (looking, starting) = (schedule.clone(), schedule.clone());
    Backups {
        facts: Arc::new(move || facts(&looking)),
        start: Arc::new(move || {
            let schedule = starting.clone();
            Box::pin(async move { schedule.start().await.map_err(|error| NotTaken::Later(format!("{error:#}"))) })
        }),
        stream: Arc::new(move |with_secrets| stream(&schedule, with_secrets)),
    }
}

fn facts(schedule: &Schedule) -> BackupFacts {
    let plan = &schedule.plan;
    let kept = schedule.kept().into_iter().map(|kept| KeptBackup { name: kept.name, at_us: kept.at_us, bytes: kept.bytes });
    BackupFacts {
        folder: plan.dir.display().to_string(),
        every_h: plan.every_h,
        keep: plan.keep as u64,
        with_secrets: plan.with_secrets,
        is_under_way: schedule.is_under_way(),
        kept: kept.collect(),
    }
}

/// The archive as it is made. Whoever stops reading stops the making.
fn stream(schedule: &Schedule, with_secrets: bool) -> Body {
    let (pieces, waiting) = mpsc::channel(PIECES_AHEAD);
    let (taking, failed) = (schedule.taking(), pieces.clone());
    let (written, packed) = sync_channel(1);
    // The archive is written where blocking is allowed but no task may be waited for: a thread stands between.
    tokio::task::spawn_blocking(move || while packed.recv().is_ok_and(|piece| pieces.blocking_send(Ok(piece)).is_ok()) {});
    tokio::spawn(async move {
        let out = BufWriter::with_capacity(PIECE_BYTES, Pieces(written));
        let ended = match taking.write(out, with_secrets, |_, _| {}).await {
            Ok((taken, out)) => out.into_inner().map(|_| taken).map_err(|error| error.into_error().into()),
            Err(error) => Err(error),
        };
        match ended {
            Ok(taken) => tracing::info!(end_offset = taken.end_offset, bytes = taken.bytes, "a backup was taken away"),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "a backup failed");
                // Nobody may be waiting any more.
                let _ = failed.send(Err(io::Error::other("the backup failed"))).await;
            }
        }
    });
    Body::from_stream(futures::stream::unfold(waiting, |mut waiting| async move { waiting.recv().await.map(|piece| (piece, waiting)) }))
}

/// What is written goes to whoever reads the stream.
struct Pieces(SyncSender<Bytes>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .send(Bytes::copy_from_slice(bytes))
            .map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody waits for the backup any more"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
