//! An executor that runs a job when it is told to, and what else the tests need to see every step.

use contract::{Executor, Job, Reject, Rejected, Room, Runnable, Slots, Submit};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// A bounded queue, and nobody who runs it but the test.
pub(crate) struct ByHand {
    queue: Mutex<VecDeque<Runnable>>,
    pub(crate) slots: Slots,
    pub(crate) closed: AtomicBool,
}

impl ByHand {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { queue: Mutex::default(), slots: Slots::new(capacity), closed: AtomicBool::new(false) }
    }

    /// Runs the oldest job that was not withdrawn; `false` if there is none.
    pub(crate) fn run_next(&self) -> bool {
        loop {
            let next = self.queue.lock().unwrap().pop_front();
            match next {
                None => return false,
                Some(runnable) if runnable.is_queued() => {
                    runnable.run();
                    return true;
                }
                Some(_withdrawn) => {}
            }
        }
    }
}

impl<F, R> Executor<F> for ByHand
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    type Output = R;

    fn try_submit_with(&self, work: F, mut options: Submit) -> Result<Job<R>, Rejected<F>> {
        if self.closed.load(SeqCst) {
            return Err(Rejected::new(work, Reject::ShuttingDown));
        }
        let Some(place) = self.slots.claim(&mut options) else {
            return Err(Rejected::new(work, Reject::Full));
        };
        let (runnable, job) = Job::package(work, &options, place, ());
        self.queue.lock().unwrap().push_back(runnable);
        Ok(job)
    }

    fn room(&self) -> Room {
        self.slots.room()
    }
}

/// Counts how often it is woken.
#[derive(Default)]
pub(crate) struct Alarm(AtomicUsize);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Alarm {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let alarm = Arc::new(Self::default());
        (alarm.clone(), Waker::from(alarm))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// Polls `future` once, for nobody.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_for(future, Waker::noop())
}

/// Polls `future` once, for whoever `waker` wakes.
pub(crate) fn poll_for<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// What `future` gives, which must be ready.
#[track_caller]
pub(crate) fn ready<F: Future + Unpin>(future: &mut F) -> F::Output {
    match poll(future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it should have been ready"),
    }
}

/// Calls its closure when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Vec<&'static str>>>);

impl Trace {
    pub(crate) fn note(&self, event: &'static str) {
        self.0.lock().unwrap().push(event);
    }

    /// Something that notes `event` when it is dropped.
    pub(crate) fn on_drop(&self, event: &'static str) -> impl Send + Sync + use<> {
        let trace = self.clone();
        OnDrop(move || trace.note(event))
    }

    pub(crate) fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// The message of the panic that `work` raises.
#[track_caller]
pub(crate) fn panic_of<T>(work: impl FnOnce() -> T) -> String {
    match contract::Panic::catch(work) {
        Ok(_) => panic!("it should have panicked"),
        Err(panic) => panic.message().to_owned(),
    }
}
