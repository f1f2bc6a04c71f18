//! Attempts written by one task: those that wait together share a transaction, and with it the disk's time.

use forecourt_store::attempts::{Attempts, Note};
use tokio::sync::{mpsc, oneshot};

/// Notes in one transaction at most.
const TOGETHER_MAX: usize = 256;

#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    notes: mpsc::Sender<(Note, oneshot::Sender<bool>)>,
}

/// It is not written: what needs it written must not happen.
#[derive(Debug, thiserror::Error)]
#[error("the attempt could not be recorded")]
pub(crate) struct NotRecorded;

impl Recorder {
    pub fn start(attempts: Attempts) -> Self {
        let (notes, waiting) = mpsc::channel(TOGETHER_MAX);
        tokio::spawn(write(attempts, waiting));
        Self { notes }
    }

    /// Returns once it is durable.
    pub async fn record(&self, note: Note) -> Result<(), NotRecorded> {
        let (answer, answered) = oneshot::channel();
        self.notes.send((note, answer)).await.map_err(|_| NotRecorded)?;
        if answered.await.unwrap_or(false) { Ok(()) } else { Err(NotRecorded) }
    }
}

async fn write(attempts: Attempts, mut waiting: mpsc::Receiver<(Note, oneshot::Sender<bool>)>) {
    let mut together = Vec::with_capacity(TOGETHER_MAX);
    while 0 < waiting.recv_many(&mut together, TOGETHER_MAX).await {
        let (notes, answers): (Vec<Note>, Vec<_>) = together.drain(..).unzip();
        let written = match attempts.record(&notes).await {
            Ok(()) => vec![true; notes.len()],
            Err(error) if notes.len() == 1 => {
                tracing::error!(%error, "an attempt is not recorded");
                vec![false]
            }
            // One that cannot be written must not keep the others from it.
            Err(_) => one_by_one(&attempts, &notes).await,
        };
        for (answer, written) in answers.into_iter().zip(written) {
            // Whoever asked may have been stopped.
            let _ = answer.send(written);
        }
    }
}

async fn one_by_one(attempts: &Attempts, notes: &[Note]) -> Vec<bool> {
    let mut written = Vec::with_capacity(notes.len());
    for note in notes {
        let recorded = attempts.record(std::slice::from_ref(note)).await;
        if let Err(error) = &recorded {
            tracing::error!(%error, "an attempt is not recorded");
        }
        written.push(recorded.is_ok());
    }
    written
}
