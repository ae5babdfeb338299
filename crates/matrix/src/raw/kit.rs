//! What the observations are made of.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Long enough for whatever is ready to run, also on a busy machine.
pub(super) const SETTLE: Duration = Duration::from_millis(40);

/// How long another thread gets, also one that has to be started.
const SOON: Duration = Duration::from_secs(1);

/// Runs a piece of program, or gives what it panicked with.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(run))
}

/// Awaits a future, or gives what a poll of it panicked with.
pub(super) async fn caught_async<T>(future: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| match caught(|| future.as_mut().poll(context)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Awaits a future and counts how often it is pending.
pub(super) async fn pendings(future: impl Future<Output = ()>) -> usize {
    let mut future = pin!(future);
    let mut count = 0;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(count),
        Poll::Pending => {
            count += 1;
            Poll::Pending
        }
    })
    .await
}

/// Polls once, and tells whether that was all it took.
pub(super) async fn is_ready_at_once<T>(future: impl Future<Output = T>) -> bool {
    let mut future = pin!(future);
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}

/// Something that happened, or not; any thread may ask.
#[derive(Clone, Default)]
pub(super) struct Flag(Arc<AtomicBool>);

impl Flag {
    pub(super) fn raise(&self) {
        self.0.store(true, SeqCst);
    }

    pub(super) fn raised(&self) -> bool {
        self.0.load(SeqCst)
    }

    /// Waits for another thread to raise it, for long enough to be sure that none will.
    pub(super) fn raised_soon(&self) -> bool {
        let begin = Instant::now();
        while !self.raised() && begin.elapsed() < SOON {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.raised()
    }

    /// Raises the flag when it is dropped.
    pub(super) fn guard(&self) -> Guard {
        Guard(self.clone())
    }
}

pub(super) struct Guard(Flag);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// What happened, in order.
#[derive(Clone, Default)]
pub(super) struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    pub(super) fn push(&self, word: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(word);
    }

    pub(super) fn words(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a word down when it is dropped.
    pub(super) fn epitaph(&self, word: String) -> Epitaph {
        Epitaph(self.clone(), word)
    }
}

pub(super) struct Epitaph(Trace, String);

impl Drop for Epitaph {
    fn drop(&mut self) {
        self.0.push(std::mem::take(&mut self.1));
    }
}

/// A gate to wait at until it is opened.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<Mutex<(bool, Option<Waker>)>>);

impl Gate {
    pub(super) fn open(&self) {
        let waker = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.0 = true;
            state.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0 {
            return Poll::Ready(());
        }
        state.1 = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Gives up one turn, by waking itself.
pub(super) fn yield_once() -> impl Future<Output = ()> + Send + 'static {
    let mut given_up = false;
    std::future::poll_fn(move |cx| {
        if std::mem::replace(&mut given_up, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
}
