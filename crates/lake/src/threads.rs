//! Work that fills processors, off the asynchronous threads.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use crate::LakeError;

/// Runs `work` where blocking is allowed.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, LakeError> + Send + 'static) -> Result<T, LakeError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // A panic is a defect: it goes on where somebody sees it.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(LakeError::Stopped(error.to_string())),
        },
    }
}

/// Does `work` on each item, on up to `count` threads. Returns what was done, in the items' order, and the first error.
pub fn each<I: Send, T: Send>(
    count: usize,
    items: Vec<I>,
    work: impl Fn(I) -> Result<T, LakeError> + Sync,
) -> (Vec<T>, Result<(), LakeError>) {
    let total = items.len();
    let slots: Vec<Mutex<Option<I>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let done: Vec<Mutex<Option<Result<T, LakeError>>>> = (0..total).map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let run = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = slots.get(at) else { break };
            let item = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(item) = item {
                *done[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(work(item));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..count.clamp(1, total.max(1)) {
            scope.spawn(run);
        }
        run();
    });
    let (mut good, mut bad) = (Vec::with_capacity(total), Ok(()));
    for result in done.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)) {
        match result {
            Ok(value) => good.push(value),
            Err(error) if bad.is_ok() => bad = Err(error),
            Err(_) => {}
        }
    }
    (good, bad)
}
