//! Keeps the forms that visitors see in step with the store.

use std::sync::Arc;

use forecourt_collect::Forms;
use forecourt_store::{Store, StoreError};
use tokio::sync::watch;

#[derive(Debug, Clone)]
pub struct FormKeeper {
    store: Store,
    sender: watch::Sender<Arc<Forms>>,
}

impl FormKeeper {
    pub async fn open(store: Store) -> Result<Self, StoreError> {
        let (sender, _) = watch::channel(Arc::new(read(&store).await?));
        Ok(Self { store, sender })
    }

    pub fn subscribe(&self) -> watch::Receiver<Arc<Forms>> {
        self.sender.subscribe()
    }

    /// * `definitions`: moves when a definition changed.
    pub async fn run(self, mut definitions: watch::Receiver<u64>, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                changed = definitions.changed() => if changed.is_err() { return },
            }
            match read(&self.store).await {
                Ok(forms) => {
                    self.sender.send_replace(Arc::new(forms));
                }
                Err(error) => tracing::error!(%error, "a change of forms is not in force yet: change one again, or restart"),
            }
        }
    }
}

async fn read(store: &Store) -> Result<Forms, StoreError> {
    let forms = store.forms().await?;
    Ok(forms.into_iter().map(|form| (form.body.form_id.clone(), Arc::new(form.body))).collect())
}
