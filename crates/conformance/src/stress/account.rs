//! The account of one thing that must end exactly once: what was done to it, and what became of it.

use super::Progress;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, ThreadId};

/// A counter that threads share. It only counts: nothing is ordered by it.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU32);

impl Count {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts its own drop, for whatever owns it, and on which thread it came.
pub(super) struct Gone {
    gone: Arc<Count>,
    astray: Option<(ThreadId, Arc<Count>)>,
    progress: Option<Arc<Progress>>,
}

impl Gone {
    /// Its drop adds to `gone`.
    pub(super) fn new(gone: &Arc<Count>) -> Self {
        Self { gone: gone.clone(), astray: None, progress: None }
    }

    /// Its drop is an end that the watchdog counts: of something of which there are only so many in a round.
    pub(super) fn counted_as_progress(mut self, progress: &Arc<Progress>) -> Self {
        self.progress = Some(progress.clone());
        self
    }

    /// A drop on any other thread than this one adds to `astray`.
    pub(super) fn only_here(mut self, astray: &Arc<Count>) -> Self {
        self.astray = Some((thread::current().id(), astray.clone()));
        self
    }
}

impl Drop for Gone {
    fn drop(&mut self) {
        self.gone.add();
        if let Some(progress) = &self.progress {
            progress.end();
        }
        if let Some((home, astray)) = &self.astray
            && *home != thread::current().id()
        {
            astray.add();
        }
    }
}
