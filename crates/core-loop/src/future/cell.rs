//! What the handles of one future share: its outcome, set once, and who waits for it.
//!
//! ```text
//!              set_result, cancel
//!   PENDING ───────────────────────► DONE(outcome)      for good: whoever comes second gets its outcome back
//! ```
//!
//! No wake is lost: whoever waits registers under the lock, and looks at the outcome once more under it; whoever sets
//! writes the outcome first and takes the waiters under the lock afterwards. One of the two comes first, and sees the other
//! or is seen. No foreign code runs under the lock: wakers are cloned, woken and dropped outside.

use crate::callback::CallRef;
use crate::current::Loop;
use crate::debug::{self, Origin};
use crate::error::JoinError;
use crate::exception::{ExceptionContext, report, shielded};
use crate::shared::Shared;
use crate::sync::{AtomicBool, Mutex, Ordering, lock};
use crate::verdict::is_error;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

pub(super) struct Cell<T> {
    outcome: OnceLock<Result<T, JoinError>>,
    /// Somebody has read the outcome, or has no use for it. For debug mode.
    heard: AtomicBool,
    /// Somebody has awaited it, or asked after it. For debug mode.
    asked: AtomicBool,
    origin: Origin,
    waiters: Mutex<Waiters>,
}

/// Who is to be told, in the order in which they came.
#[derive(Default)]
struct Waiters {
    by_number: BTreeMap<u64, Waiter>,
    /// How many ever came.
    came: u64,
}

enum Waiter {
    Awaiter(Waker),
    Callback(Arc<Shared>, u64),
}

/// Which of the waiters one is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number(u64);

impl Waiters {
    fn add(&mut self, waiter: Waiter) -> Number {
        self.came += 1;
        self.by_number.insert(self.came, waiter);
        Number(self.came)
    }
}

impl<T> Cell<T> {
    #[track_caller]
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            outcome: OnceLock::new(),
            heard: AtomicBool::new(false),
            asked: AtomicBool::new(false),
            origin: Origin::here(),
            waiters: Mutex::default(),
        })
    }

    pub(super) fn outcome(&self) -> Option<&Result<T, JoinError>> {
        self.outcome.get()
    }

    /// The outcome, for somebody who wants to know.
    pub(super) fn ask(&self) -> Option<&Result<T, JoinError>> {
        // Relaxed: whoever drops the cell comes after all who had a handle, by the count of these.
        self.asked.store(true, Ordering::Relaxed);
        self.outcome()
    }

    /// Nobody will miss the outcome any more.
    pub(super) fn hear(&self) {
        // Relaxed: as in `ask`.
        self.heard.store(true, Ordering::Relaxed);
    }

    /// Sets the outcome and tells everybody, or gives it back.
    pub(super) fn set(&self, outcome: Result<T, JoinError>) -> Result<(), Result<T, JoinError>> {
        self.outcome.set(outcome)?;
        let waiters = std::mem::take(&mut lock(&self.waiters).by_number);
        for waiter in waiters.into_values() {
            shielded("a waker panicked", || waiter.tell());
        }
        Ok(())
    }

    /// Waits for the outcome as the waiter `number`, who comes last if it is new.
    pub(super) fn poll(
        &self,
        number: &mut Option<Number>,
        cx: &mut Context<'_>,
    ) -> Poll<&Result<T, JoinError>> {
        if let Some(outcome) = self.ask() {
            *number = None;
            return Poll::Ready(outcome);
        }
        let waker = Waiter::Awaiter(cx.waker().clone());
        let mut waiters = lock(&self.waiters);
        if let Some(outcome) = self.outcome.get() {
            *number = None;
            drop(waiters);
            return Poll::Ready(outcome);
        }
        let before = match *number {
            // It keeps its place.
            Some(Number(number)) => waiters.by_number.insert(number, waker),
            None => {
                *number = Some(waiters.add(waker));
                None
            }
        };
        drop(waiters);
        drop(before);
        Poll::Pending
    }

    /// That waiter waits no more.
    pub(super) fn forget(&self, number: &mut Option<Number>) {
        if let Some(Number(number)) = number.take() {
            let waiter = lock(&self.waiters).by_number.remove(&number);
            drop(waiter);
        }
    }

    /// Has `callback` called when the outcome is there: by the loop `lp`, in a turn after that.
    pub(super) fn call_when_done(&self, lp: &Loop, callback: CallRef) {
        let _told_later = self.ask();
        let callback = lp.inner().done_callbacks.keep(callback);
        let waiter = Waiter::Callback(lp.inner().shared.clone(), callback);
        let mut waiters = lock(&self.waiters);
        if self.outcome.get().is_none() {
            waiters.add(waiter);
            return;
        }
        drop(waiters);
        waiter.tell();
    }
}

impl Waiter {
    fn tell(self) {
        match self {
            Self::Awaiter(waker) => waker.wake(),
            Self::Callback(lp, callback) => {
                // A loop that is closed has dropped its callbacks.
                lp.send(|| Box::new(move |lp| lp.inner().done_callbacks.call(lp, callback)));
            }
        }
    }
}

impl<T> Cell<T> {
    /// It goes, and nobody has read the outcome. In debug mode an error is told, and that nobody has ever asked.
    fn tell_unheard(&self) {
        match self.outcome() {
            Some(Ok(output)) if is_error(output) => {
                let type_name = std::any::type_name::<T>();
                if debug::is_on() {
                    let message = format!("an error that nobody read, a `{type_name}`, was set in a future");
                    report(&ExceptionContext::new(message));
                }
                self.origin.unread_error(type_name);
            }
            // Whoever was to set it is gone as well: nothing is lost.
            Some(Err(_)) => {}
            Some(Ok(_)) | None if self.asked.load(Ordering::Relaxed) => {}
            Some(Ok(_)) | None => self.origin.never_awaited(),
        }
    }
}

impl<T> Drop for Cell<T> {
    /// Whoever still waits waits in vain: callbacks are dropped, by their loops.
    fn drop(&mut self) {
        if !self.heard.load(Ordering::Relaxed) {
            self.tell_unheard();
        }
        for waiter in std::mem::take(&mut lock(&self.waiters).by_number).into_values() {
            if let Waiter::Callback(lp, callback) = waiter {
                lp.send(|| Box::new(move |lp| lp.inner().done_callbacks.forget(callback)));
            }
        }
    }
}
