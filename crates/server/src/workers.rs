//! What runs beside the requests: started, watched, begun again where that can help.
//!
//! A worker that gives up with an error names something outside of it (a damaged file, a database that refuses): it is
//! begun again after a while, so that whoever mends the cause need not restart anything, and events are taken in
//! meanwhile. A worker that ends by a defect leaves memory that nobody vouches for: the process ends, and a new one begins
//! from what is on the disk, as after a crash. See docs/decisions/0006-fallen-workers.md.

use std::{any::Any, collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

const PATIENCE: Patience =
    Patience { retry_first: Duration::from_secs(1), retry_last: Duration::from_secs(60), well_after: Duration::from_secs(10) };

/// How a worker that gave up is begun again: sooner at first, then less often.
#[derive(Debug, Clone, Copy)]
struct Patience {
    retry_first: Duration,
    retry_last: Duration,
    /// A worker that was begun again and has run so long is taken for well.
    well_after: Duration,
}

/// How the workers are, for those who ask. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Board(Arc<watch::Sender<BTreeMap<&'static str, State>>>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Runs,
    /// It gave up, and is begun again from time to time.
    Waits {
        reason: String,
    },
    /// It ended by a defect: the process must end too.
    Fell {
        reason: String,
    },
}

impl State {
    /// Why it does not work, if it does not.
    pub fn trouble(&self) -> Option<&str> {
        match self {
            Self::Runs => None,
            Self::Waits { reason } | Self::Fell { reason } => Some(reason),
        }
    }
}

impl Board {
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(BTreeMap::new())))
    }

    pub fn states(&self) -> BTreeMap<&'static str, State> {
        self.0.borrow().clone()
    }

    /// The first worker that ended by a defect, with the reason.
    pub fn fallen(&self) -> Option<(&'static str, String)> {
        fallen(&self.0.borrow())
    }

    /// Waits until a worker ends by a defect.
    pub async fn wait_for_fall(&self) -> (&'static str, String) {
        let mut states = self.0.subscribe();
        loop {
            if let Some(fallen) = fallen(&states.borrow_and_update()) {
                return fallen;
            }
            // The sender is in `self`.
            let _ = states.changed().await;
        }
    }

    /// Waits until one of the named workers does not work, whether or not it is begun again.
    pub async fn wait_for_trouble(&self, of: &[&str]) -> (&'static str, String) {
        let mut states = self.0.subscribe();
        loop {
            let mut found = states.borrow_and_update().clone().into_iter().filter(|(name, _)| of.contains(name));
            let trouble = found.find_map(|(name, state)| Some((name, state.trouble()?.to_owned())));
            if let Some(trouble) = trouble {
                return trouble;
            }
            let _ = states.changed().await;
        }
    }

    fn set(&self, name: &'static str, state: State) {
        self.0.send_modify(|states| {
            states.insert(name, state);
        });
    }
}

fn fallen(states: &BTreeMap<&'static str, State>) -> Option<(&'static str, String)> {
    states.iter().find_map(|(name, state)| match state {
        State::Fell { reason } => Some((*name, reason.clone())),
        _ => None,
    })
}

/// The workers of one process.
pub struct Workers {
    board: Board,
    stop: watch::Receiver<bool>,
    running: Vec<JoinHandle<()>>,
    patience: Patience,
}

impl Workers {
    /// * `stop`: turns true when all are to end.
    pub fn new(board: Board, stop: watch::Receiver<bool>) -> Self {
        Self { board, stop, running: Vec::new(), patience: PATIENCE }
    }

    /// Begins a worker and keeps it at work.
    ///
    /// * `begin`: called for each beginning; the work ends well only after it was told to stop.
    pub fn add<F>(&mut self, name: &'static str, begin: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.board.set(name, State::Runs);
        self.running.push(tokio::spawn(keep(name, begin, self.board.clone(), self.stop.clone(), self.patience)));
    }

    /// Waits for all to end.
    pub async fn join(self) {
        for running in self.running {
            // It only watches: what it watches has told of itself.
            let _ = running.await;
        }
    }
}

async fn keep<F>(name: &'static str, mut begin: impl FnMut() -> F, board: Board, mut stop: watch::Receiver<bool>, patience: Patience)
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let mut wait = patience.retry_first;
    loop {
        let mut work = tokio::spawn(begin());
        let ended = match timeout(patience.well_after, &mut work).await {
            Ok(ended) => ended,
            Err(_) => {
                board.set(name, State::Runs);
                wait = patience.retry_first;
                work.await
            }
        };
        let is_stopping = *stop.borrow();
        let reason = match ended {
            Ok(Ok(())) if is_stopping => return,
            Ok(Err(error)) => {
                let reason = format!("{error:#}");
                tracing::error!(worker = name, error = reason, "a worker stopped: mend what it names, it tries again by itself");
                if is_stopping {
                    return;
                }
                board.set(name, State::Waits { reason });
                tokio::select! {
                    () = sleep(wait) => {}
                    _ = stop.wait_for(|stop| *stop) => return,
                }
                wait = (wait * 2).min(patience.retry_last);
                continue;
            }
            Ok(Ok(())) => "it ended though nobody told it to".to_owned(),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => said(&*panic),
                Err(_) => return,
            },
        };
        tracing::error!(worker = name, reason, "a worker ended by a defect: the process ends, a new one goes on from the disk");
        board.set(name, State::Fell { reason });
        return;
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_worker_that_gives_up_is_begun_again_until_it_is_well() {
        let (stop, stopping) = watch::channel(false);
        let board = Board::new();
        let mut workers = Workers::new(board.clone(), stopping.clone());
        let moment = Duration::from_millis(5);
        workers.patience = Patience { retry_first: moment, retry_last: moment, well_after: moment };
        let begun = Arc::new(AtomicU32::new(0));
        let counted = begun.clone();
        workers.add("lake", move || {
            let (number, mut stopping) = (counted.fetch_add(1, Ordering::Relaxed), stopping.clone());
            async move {
                anyhow::ensure!(2 < number, "the file x is damaged");
                stopping.wait_for(|stop| *stop).await?;
                Ok(())
            }
        });
        assert_eq!(board.wait_for_trouble(&["lake"]).await, ("lake", "the file x is damaged".to_owned()));
        assert_eq!(board.fallen(), None);
        let mut states = board.0.subscribe();
        states.wait_for(|states| states["lake"] == State::Runs).await.unwrap();
        assert_eq!(begun.load(Ordering::Relaxed), 4);
        stop.send_replace(true);
        workers.join().await;
    }

    #[tokio::test]
    async fn a_defect_ends_it_for_good() {
        let (_stop, stopping) = watch::channel(false);
        let board = Board::new();
        let mut workers = Workers::new(board.clone(), stopping);
        workers.add("fold", || async { panic!("on purpose") });
        workers.add("ticks", || async { Ok(()) });
        workers.join().await;
        assert_eq!(board.wait_for_fall().await, ("fold", "on purpose".to_owned()));
        assert_eq!(board.states()["ticks"].trouble(), Some("it ended though nobody told it to"));
    }
}
