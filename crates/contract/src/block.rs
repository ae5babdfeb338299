//! Blocking waits: one function under all of them, which asks the thread's [role] first.

use crate::role::{self, Role};
use crate::sync::{Condvar, Mutex, lock};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// Blocks this thread until `future` is ready.
///
/// On a worker of a pool another thread may serve that pool meanwhile.
///
/// # Panics
///
/// On a thread that is running an event loop: `.await` the future there, or move the blocking call with `to_thread`.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    drive(pin!(future), None).expect("without a deadline there is always an output")
}

/// Blocks this thread until `future` is ready, or until `timeout` has passed: then the answer is `None`, and the future
/// can be waited for again.
///
/// # Panics
///
/// As [`block_on`].
#[track_caller]
pub fn block_on_timeout<F: Future + Unpin>(future: &mut F, timeout: Duration) -> Option<F::Output> {
    // A time too far to count is no bound at all.
    drive(Pin::new(future), Instant::now().checked_add(timeout))
}

#[track_caller]
fn drive<F: Future>(mut future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
    let pool = match role::current() {
        Role::Plain => None,
        Role::Worker(pool) => Some(pool),
        Role::Loop => panic!(
            "this would block the event loop that runs on this thread, and every task on it: `.await` it instead, or \
             move the blocking call to another thread with `to_thread`"
        ),
    };
    let parker = spare::take();
    let waker = Waker::from(parker.clone());
    let cx = &mut Context::from_waker(&waker);
    let output = loop {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            break Some(output);
        }
        // Asked after each poll, not only after a sleep: a future that wakes itself for ever must not outrun it.
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            break None;
        }
        // The pool is told of sleeps, not of the wait: a poll is work, and may wait as well.
        let longest = pool.as_ref().and_then(|pool| pool.sleeps(&waker));
        let again = longest.and_then(|longest| Instant::now().checked_add(longest));
        parker.park(again.into_iter().chain(deadline).min());
        if let Some(pool) = &pool {
            pool.goes_on();
        }
    };
    spare::put(parker);
    output
}

/// The parker of this thread's last wait, so that a wait allocates once per thread. A waker that is left over from that
/// wait may wake the next one: it looks once more and sleeps on.
#[cfg(not(loom))]
mod spare {
    use super::Parker;
    use std::cell::Cell;
    use std::sync::Arc;

    thread_local! {
        static SPARE: Cell<Option<Arc<Parker>>> = const { Cell::new(None) };
    }

    /// A wait within a wait finds none: each needs its own.
    pub(super) fn take() -> Arc<Parker> {
        SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
    }

    pub(super) fn put(parker: Arc<Parker>) {
        // A thread that is going away keeps nothing.
        let _ = SPARE.try_with(|spare| spare.set(Some(parker)));
    }
}

/// Under loom no lock may outlive the model.
#[cfg(loom)]
mod spare {
    use super::Parker;
    use std::sync::Arc;

    pub(super) fn take() -> Arc<Parker> {
        Arc::default()
    }

    pub(super) fn put(_: Arc<Parker>) {}
}

/// Puts a thread to sleep until it is woken. A wake before the sleep is not lost: it is remembered.
#[derive(Default)]
struct Parker {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    /// Sleeps until woken, or until the deadline.
    fn park(&self, deadline: Option<Instant>) {
        let mut woken = lock(&self.woken);
        while !*woken {
            woken = match deadline {
                None => self.changed.wait(woken).unwrap_or_else(std::sync::PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return;
                    }
                    self.changed
                        .wait_timeout(woken, left)
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .0
                }
            };
        }
        *woken = false;
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *lock(&self.woken) = true;
        self.changed.notify_one();
    }
}
