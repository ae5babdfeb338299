//! The way in: open or closed, and how many are on it.
//!
//! A submission passes the gate before it is decided, and leaves it when its job is in its lane. So whoever closes the gate
//! and finds nobody on it knows that no job will come any more; and the last thread does not leave while somebody is on it.

use crate::sync::{AtomicUsize, Ordering};
use crossbeam_utils::CachePadded;

pub(crate) struct Gate(CachePadded<AtomicUsize>);

const CLOSED: usize = 1;
const ON_IT: usize = 2;

/// On the gate until it is dropped.
pub(crate) struct Pass<'a>(&'a Gate);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(CachePadded::new(AtomicUsize::new(0)))
    }

    /// `None` if it is closed.
    pub(crate) fn enter(&self) -> Option<Pass<'_>> {
        // SeqCst: a thread that leaves either sees this, or is seen to be gone.
        let before = self.0.fetch_add(ON_IT, Ordering::SeqCst);
        let pass = Pass(self);
        (before & CLOSED == 0).then_some(pass)
    }

    pub(crate) fn close(&self) {
        self.0.fetch_or(CLOSED, Ordering::SeqCst);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.load(Ordering::SeqCst) & CLOSED != 0
    }

    /// Whether somebody is on it.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.load(Ordering::SeqCst) >= ON_IT
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(ON_IT, Ordering::SeqCst);
    }
}
