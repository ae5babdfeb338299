//! The watchdog: a stress that stands still is a failure that names its seed.
//!
//! It does not ask how long a stress takes, only whether anything comes to an end at all: so it holds on any machine, and
//! under a tool that makes everything a hundred times slower.

use super::SEED;
use crate::Miss;
use contract::Panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Longer than the watchdog waits: no grace and no wait of a stress ends before it speaks.
pub(super) const LONG: Duration = Duration::from_secs(3600);

/// How far a stress is. All of it is counting: nothing is ordered by it.
#[derive(Default)]
pub(super) struct Progress {
    seed: AtomicU64,
    operations: AtomicU64,
    /// Of what was begun, how much has ended: bounded by what is begun, so it stands still when the rest is lost.
    ends: AtomicU64,
}

impl Progress {
    /// The round with this seed begins.
    pub(super) fn begin(&self, seed: u64) {
        self.seed.store(seed, Ordering::Relaxed);
        self.end();
    }

    /// Counts an operation.
    pub(super) fn count(&self) {
        self.operations.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// Something has ended.
    pub(super) fn end(&self) {
        self.ends.fetch_add(1, Ordering::Relaxed);
    }
}

/// Does `work` on a thread of its own. A panic, and a standstill for as long as `stall`, are failures; each failure names
/// the seed of its round. After a standstill the thread is left behind.
pub(super) fn watched<T: Send + 'static>(
    stall: Duration,
    work: impl FnOnce(&Arc<Progress>) -> Result<T, Miss> + Send + 'static,
) -> Result<T, Miss> {
    let progress = Arc::new(Progress::default());
    let (sender, receiver) = mpsc::channel();
    let watched = progress.clone();
    thread::Builder::new().name("stress".to_owned()).spawn(move || {
        let outcome = Panic::catch(|| work(&watched))
            .unwrap_or_else(|panic| Err(Miss::Fail(format!("it panicked: {panic}"))));
        // Whoever asked may have stopped waiting.
        let _unheard = sender.send(outcome);
    })?;
    let mut seen = 0;
    let outcome = loop {
        match receiver.recv_timeout(stall) {
            Ok(outcome) => break outcome,
            Err(RecvTimeoutError::Disconnected) => {
                break Err(Miss::Fail("its thread ended without an answer".to_owned()));
            }
            Err(RecvTimeoutError::Timeout) => {
                let ends = progress.ends.load(Ordering::Relaxed);
                if ends == seen {
                    break Err(Miss::Fail(format!("nothing has ended for {stall:?}: something is lost")));
                }
                seen = ends;
            }
        }
    };
    let seed = progress.seed.load(Ordering::Relaxed);
    outcome.map_err(|miss| match miss {
        Miss::Fail(why) => Miss::Fail(format!("{why}\nto repeat this round: {SEED}={seed}")),
        skip @ Miss::Skip(_) => skip,
    })
}

#[cfg(test)]
mod tests {
    use super::watched;
    use crate::Miss;
    use std::time::Duration;

    fn failure(outcome: Result<(), Miss>) -> String {
        match outcome {
            Err(Miss::Fail(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_stress_that_stands_still_fails_with_its_seed() {
        // Long enough for its thread to begin on a machine that is busy.
        let outcome = watched(Duration::from_secs(1), |progress| {
            progress.begin(7);
            loop {
                std::thread::park();
            }
        });
        let why = failure(outcome);
        assert!(why.contains("something is lost") && why.ends_with("STRESS_SEED=7"), "{why}");
    }

    #[test]
    fn a_panic_fails_with_its_seed() {
        let why = failure(watched(Duration::from_secs(60), |progress| {
            progress.begin(8);
            std::panic::resume_unwind(Box::new("no luck"));
        }));
        assert_eq!(why, "it panicked: no luck\nto repeat this round: STRESS_SEED=8");
    }
}
