//! Blocking waits: one function under all of them, which asks the thread's [role](crate::role) first.

use crate::role::{self, Role};
use crate::sync::{Condvar, Mutex, lock};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// Blocks this thread until `future` is ready.
///
/// On a worker of a pool it runs other jobs of that pool meanwhile.
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
    let help = match role::current() {
        Role::Plain => None,
        Role::Worker(help) => Some(help),
        Role::Loop => panic!(
            "this would block the event loop that runs on this thread, and every task on it: `.await` it instead, or \
             move the blocking call to another thread with `to_thread`"
        ),
    };
    let parker = Arc::new(Parker::default());
    let waker = Waker::from(parker.clone());
    let cx = &mut Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Some(output);
        }
        if let Some(help) = &help {
            // Asked for before the attempt, so that work queued after it is not missed.
            help.wake_on_work(&waker);
            if help.help() {
                continue;
            }
        }
        if !parker.park(deadline) {
            return match future.as_mut().poll(cx) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            };
        }
    }
}

/// Puts a thread to sleep until it is woken. A wake before the sleep is not lost: it is remembered.
#[derive(Default)]
struct Parker {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    /// Sleeps until woken; `false` if the deadline came first.
    fn park(&self, deadline: Option<Instant>) -> bool {
        let mut woken = lock(&self.woken);
        while !*woken {
            woken = match deadline {
                None => self.changed.wait(woken).unwrap_or_else(std::sync::PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.changed
                        .wait_timeout(woken, left)
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .0
                }
            };
        }
        *woken = false;
        true
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
