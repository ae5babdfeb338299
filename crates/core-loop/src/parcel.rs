//! Work on its way from a handle to the loop. A shutdown may take it out before it arrives.
//!
//! ```text
//!            send                    the loop takes it
//!   PACKED ─────────► ON ITS WAY ─────────────────────────► EMPTY: it starts
//!      │                  └── a shutdown takes it ────────► EMPTY: its job says Shutdown
//!      └── refused, or the loop is closed: back to the sender
//! ```

use crate::jobs::{Jobs, Queued, Ticket};
use crate::sync::{Mutex, lock};
use std::sync::Arc;

/// What a parcel holds.
pub(crate) trait Withdraw: Send {
    /// It will never start: its job ends with `Shutdown`. `false` if it was cancelled before.
    fn withdraw(self) -> bool;
}

pub(crate) struct Parcel<C>(Mutex<Option<C>>);

impl<C: Withdraw + 'static> Parcel<C> {
    /// Hands `contents`, whose ticket is `key`, to `send`, which says whether the loop takes it. Gives it back if nobody
    /// does; what a shutdown has taken meanwhile does not come back, because its job says so.
    pub(crate) fn send(
        contents: C,
        jobs: &Jobs,
        key: u64,
        send: impl FnOnce(Arc<Self>) -> bool,
    ) -> Result<(), C> {
        let parcel = Arc::new(Self(Mutex::new(Some(contents))));
        let queued: Arc<dyn Queued> = parcel.clone();
        // Known to a shutdown before the loop can have it: one that finds no parcel here leaves none behind.
        if Ticket::queued(jobs, key, Arc::downgrade(&queued)) && send(parcel.clone()) {
            return Ok(());
        }
        parcel.take().map_or(Ok(()), Err)
    }

    /// `None` if somebody else was first.
    pub(crate) fn take(&self) -> Option<C> {
        lock(&self.0).take()
    }
}

impl<C: Withdraw + 'static> Queued for Parcel<C> {
    fn withdraw(&self) -> bool {
        self.take().is_some_and(C::withdraw)
    }
}
