//! Keeps the collector's sources in step with the control store.

use std::sync::Arc;

use forecourt_collect::{Source, Sources};
use forecourt_store::{
    StoreError,
    control::{self, Control},
};
use tokio::sync::{Mutex, Notify, watch};

/// Hears of changes, and tells the collector.
#[derive(Debug, Clone)]
pub struct SourceKeeper {
    control: Control,
    sender: watch::Sender<Arc<Sources>>,
    changed: Arc<Notify>,
    /// One look at a time: an older one must not undo what a newer one saw.
    looking: Arc<Mutex<()>>,
}

impl SourceKeeper {
    pub async fn open(control: Control) -> Result<Self, StoreError> {
        let (sender, _) = watch::channel(Arc::new(read(&control).await?));
        Ok(Self { control, sender, changed: Arc::default(), looking: Arc::default() })
    }

    pub fn subscribe(&self) -> watch::Receiver<Arc<Sources>> {
        self.sender.subscribe()
    }

    /// The next look will see a change.
    pub fn note_change(&self) {
        self.changed.notify_one();
    }

    /// Done when the change is in force; where the store does not answer, the worker tries once more.
    pub async fn settle_change(&self) {
        if let Err(error) = self.refresh().await {
            tracing::warn!(%error, "a change of sources is looked up again");
            self.note_change();
        }
    }

    pub async fn refresh(&self) -> Result<(), StoreError> {
        let _looking = self.looking.lock().await;
        self.sender.send_replace(Arc::new(read(&self.control).await?));
        Ok(())
    }

    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.changed.notified() => {}
            }
            if let Err(error) = self.refresh().await {
                tracing::error!(%error, "a change of sources is not in force yet: change one again, or restart");
            }
        }
    }
}

async fn read(control: &Control) -> Result<Sources, StoreError> {
    let known = control.sources().await?;
    let collected = |source: control::Source| {
        let mapping = source.mapping.map(Arc::new);
        (source.write_key, Source { id: source.id, name: source.name, enabled: source.enabled, mapping })
    };
    Ok(known.into_iter().map(collected).collect())
}
