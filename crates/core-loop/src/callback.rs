//! Plain callbacks: soon, later, at a time, and from another thread.

mod cell;

use crate::context::Context;
use crate::current::Loop;
use crate::error::Closed;
use crate::handle::LoopHandle;
use crate::shared::{Entry, Ready};
use crate::sync::{Mutex, lock};
use crate::task::{TaskRef, Waiter};
pub(crate) use cell::CallRef;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// What a timer does when it is due. Two words: every sleep has one, and hardly any sleep is of a foreign waker.
pub(crate) enum Timer {
    Step(TaskRef),
    Wake(Box<Waker>),
    Call(CallRef),
}

impl Timer {
    #[inline]
    pub(crate) fn wakes(waker: &Waker) -> Self {
        TaskRef::of(waker).map_or_else(|| Self::Wake(Box::new(waker.clone())), Self::Step)
    }

    pub(crate) fn will_wake(&self, other: &Waker) -> bool {
        match self {
            Self::Step(task) => task.is_woken_by(other),
            Self::Wake(waker) => waker.will_wake(other),
            Self::Call(_) => false,
        }
    }

    /// It is due. Does not panic: a waker of somebody else's that does is reported.
    pub(crate) fn fire(self, ready: &Ready) {
        match self {
            // Perhaps of another loop of this thread.
            Self::Step(task) => task.schedule(),
            Self::Wake(waker) => Waiter::Other(*waker).wake(),
            Self::Call(call) => ready.push(Entry::Call(call)),
        }
    }
}

/// A callback that was registered with the loop. Dropping it changes nothing: the callback still runs.
///
/// # Python
///
/// `asyncio.Handle` and `asyncio.TimerHandle`.
#[derive(Clone)]
pub struct Handle {
    call: CallRef,
    lp: Loop,
}

impl Handle {
    /// The callback will not run; it is dropped at once. Once it has run, this changes nothing.
    pub fn cancel(&self) {
        if let Some(key) = self.call.timer.take() {
            let timer = self.lp.inner().timers.borrow_mut().cancel(key);
            drop(timer);
        }
        self.call.cancel();
    }

    /// Whether it was cancelled before it ran, by its handle or by the loop's close.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.call.cancelled.get()
    }

    /// When it is due; `None` for a callback that was registered to run soon.
    #[must_use]
    pub fn when(&self) -> Option<Instant> {
        self.call.when
    }
}

impl Loop {
    /// Calls `function` in the next turn, after everything that is queued already. A loop that is closed drops it at once,
    /// and the handle says that it was cancelled.
    ///
    /// # Panics
    ///
    /// Not here: if `function` panics, the exception handler is told and the loop goes on.
    ///
    /// # Python
    ///
    /// `loop.call_soon(callback)`.
    #[track_caller]
    pub fn call_soon(&self, function: impl FnOnce() + 'static) -> Handle {
        let handle = self.callback(None, function);
        let ready = self.ready();
        if ready.is_closed() {
            handle.call.cancel();
        } else {
            ready.push(Entry::Call(handle.call.clone()));
        }
        handle
    }

    /// Calls `function` when `delay` has passed, never early. A delay too long to count never ends.
    ///
    /// # Python
    ///
    /// `loop.call_later(delay, callback)`.
    #[track_caller]
    pub fn call_later(&self, delay: Duration, function: impl FnOnce() + 'static) -> Handle {
        let now = self.time();
        self.call_at(now.checked_add(delay).unwrap_or_else(|| far_from(now)), function)
    }

    /// Calls `function` at `when`, never early; in the next turn if that is past. Equal times run in order of
    /// registration. A loop that is closed drops it at once, and the handle says that it was cancelled.
    ///
    /// # Python
    ///
    /// `loop.call_at(when, callback)`, where equal times may run in any order.
    #[track_caller]
    pub fn call_at(&self, when: Instant, function: impl FnOnce() + 'static) -> Handle {
        let handle = self.callback(Some(when), function);
        if self.ready().is_closed() {
            handle.call.cancel();
            return handle;
        }
        let key = self.inner().timers.borrow_mut().arm(when.into(), Timer::Call(handle.call.clone()));
        handle.call.timer.set(Some(key));
        handle
    }

    /// A callback that waits for somebody to queue it.
    #[track_caller]
    pub(crate) fn prepare(&self, function: impl FnOnce() + 'static) -> (Handle, CallRef) {
        let handle = self.callback(None, function);
        let call = handle.call.clone();
        (handle, call)
    }

    #[track_caller]
    fn callback(&self, when: Option<Instant>, function: impl FnOnce() + 'static) -> Handle {
        let (shared, ready, place) = (&self.inner().shared, self.ready(), Some(Location::caller()));
        let context = Context::current();
        let call = if context.is_empty() {
            CallRef::new(shared, ready, place, when, function)
        } else {
            CallRef::new(shared, ready, place, when, move || context.call(function))
        };
        Handle { call, lp: self.clone() }
    }
}

/// A time that never comes: thirty years on, as far as every clock can count.
pub(crate) fn far_from(now: Instant) -> Instant {
    now + Duration::from_secs(30 * 365 * 86_400)
}

/// A callback that was sent to a loop, as seen from any thread. Dropping it changes nothing.
#[derive(Clone)]
pub struct ThreadsafeHandle(Arc<Mutex<Sent>>);

enum Sent {
    Waiting(Box<dyn FnOnce() + Send>),
    Called,
    Cancelled,
}

impl ThreadsafeHandle {
    /// The callback will not run. `false` if it has run, or is running: never both.
    pub fn cancel(&self) -> bool {
        let mut sent = lock(&self.0);
        if !matches!(*sent, Sent::Waiting(_)) {
            return matches!(*sent, Sent::Cancelled);
        }
        let function = std::mem::replace(&mut *sent, Sent::Cancelled);
        drop(sent);
        drop(function);
        true
    }

    /// Whether it was cancelled before it ran, by a handle or by the loop's close.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        matches!(*lock(&self.0), Sent::Cancelled)
    }

    fn call(&self) {
        let mut sent = lock(&self.0);
        if !matches!(*sent, Sent::Waiting(_)) {
            return;
        }
        let before = std::mem::replace(&mut *sent, Sent::Called);
        drop(sent);
        if let Sent::Waiting(function) = before {
            function();
        }
    }
}

/// A call on its way. Dropped undelivered, by the close, it cancels the call.
struct Delivery(ThreadsafeHandle);

impl Drop for Delivery {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl LoopHandle {
    /// Calls `function` on the loop's thread, in order of the calls; wakes the loop if it sleeps. From any thread, also
    /// from the loop's own.
    ///
    /// # Errors
    ///
    /// [`Closed`] once the loop is closed; `function` is dropped then.
    ///
    /// # Python
    ///
    /// `loop.call_soon_threadsafe(callback)`.
    pub fn call_soon_threadsafe(
        &self,
        function: impl FnOnce() + Send + 'static,
    ) -> Result<ThreadsafeHandle, Closed> {
        let handle = ThreadsafeHandle(Arc::new(Mutex::new(Sent::Waiting(Box::new(function)))));
        let delivery = Delivery(handle.clone());
        let context = Context::current();
        if self.shared().send(|| Box::new(move |_: &Loop| context.call(|| delivery.0.call()))) {
            Ok(handle)
        } else {
            Err(Closed)
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("registered_at", &self.call.registered_at().map(ToString::to_string))
            .field("cancelled", &self.cancelled())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ThreadsafeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadsafeHandle").field("cancelled", &self.cancelled()).finish_non_exhaustive()
    }
}
