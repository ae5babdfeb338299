//! The part of a loop that other threads may hold: its ready queue, for wakes on its own thread, and its inbox, for all
//! others.

use crate::callback::CallRef;
use crate::current::Loop;
use crate::exception;
use crate::inbox::Inbox;
use crate::jobs::Jobs;
use crate::memory::Memory;
use crate::task::{AfarRef, TaskRef};
use crate::thread_bound::ThreadBound;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

pub(crate) struct Shared {
    pub(crate) inbox: Inbox<Remote>,
    pub(crate) jobs: Arc<Jobs>,
    ready: ThreadBound<Ready>,
}

/// What another thread sends.
pub(crate) enum Remote {
    Wake(AfarRef),
    Call(RemoteCall),
}

pub(crate) type RemoteCall = Box<dyn FnOnce(&Loop) + Send>;

/// What a turn runs.
pub(crate) enum Entry {
    Step(TaskRef),
    Call(CallRef),
}

impl Shared {
    pub(crate) fn new() -> Arc<Self> {
        let ready = Ready {
            queue: RefCell::new(VecDeque::new()),
            awake: Cell::new(false),
            host: RefCell::new(None),
            closed: Cell::new(false),
            memory: Memory::new(),
        };
        Arc::new(Self { inbox: Inbox::new(), jobs: Jobs::new(), ready: ThreadBound::new(ready) })
    }

    /// The ready queue, on the loop's own thread.
    #[inline]
    pub(crate) fn ready(&self) -> Option<&Ready> {
        self.ready.get()
    }

    /// Queues a call on the loop's thread, from any thread, in order. `make` is not called once the loop is closed: then
    /// the answer is `false`.
    pub(crate) fn send(self: &Arc<Self>, make: impl FnOnce() -> RemoteCall) -> bool {
        match self.ready() {
            Some(ready) if ready.closed.get() => false,
            Some(ready) => {
                ready.push_remote(self, make());
                true
            }
            None => self.inbox.push_with(|| Remote::Call(make())),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.ready().map_or_else(|| self.inbox.is_closed(), |ready| ready.closed.get())
    }
}

/// Everything that is ready to run, first in, first out.
///
/// ```text
///            push: rings the host            push
///   ASLEEP ─────────────────────────► AWAKE ───────┐ (nobody rings)
///     ▲                                 │  ▲───────┘
///     └─────────────────────────────────┘
///       the loop found nothing ready and returned to the host
/// ```
pub(crate) struct Ready {
    queue: RefCell<VecDeque<Entry>>,
    /// The host will poll the root anyhow: it is doing so, or it was rung. Keeps wakes by the host's own reactor, on this
    /// thread between turns, to one ring.
    awake: Cell<bool>,
    host: RefCell<Option<Waker>>,
    closed: Cell<bool>,
    pub(crate) memory: Memory,
}

/// A queue keeps the memory of so many entries, however few there are.
const KEEP: usize = 1 << 14;

impl Ready {
    #[inline]
    pub(crate) fn push(&self, entry: Entry) {
        if self.closed.get() {
            return;
        }
        self.queue.borrow_mut().push_back(entry);
        self.rouse();
    }

    /// What another thread has sent, or this one as others do.
    pub(crate) fn push_remote(&self, shared: &Arc<Shared>, call: RemoteCall) {
        let call = move || call(&Loop::current());
        self.push(Entry::Call(CallRef::new(shared, self, None, None, call)));
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Makes the host poll the root.
    #[inline]
    pub(crate) fn rouse(&self) {
        if !self.awake.replace(true) {
            self.ring();
        }
    }

    #[cold]
    fn ring(&self) {
        // Cloned, and shielded: it is the host's code, which may come back here, and panic.
        let host = self.host.borrow().clone();
        if let Some(host) = host {
            exception::shielded("the host's waker panicked", || host.wake());
        }
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<Entry> {
        self.queue.borrow_mut().pop_front()
    }

    /// Gives the memory of a past burst back. Asked now and then.
    pub(crate) fn tidy(&self) {
        let mut queue = self.queue.borrow_mut();
        if queue.capacity() > KEEP && queue.len() < KEEP / 2 {
            queue.shrink_to(KEEP);
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.queue.borrow().len()
    }

    /// The host polls the root. `true` if its waker is another than last time.
    pub(crate) fn wake_up(&self, host: &Waker) -> bool {
        self.awake.set(true);
        let mut known = self.host.borrow_mut();
        if known.as_ref().is_some_and(|known| known.will_wake(host)) {
            return false;
        }
        *known = Some(host.clone());
        true
    }

    /// The root returns to the host with nothing to do: the next push must ring. `false` if there is something to do after
    /// all, which the reactor has woken while it was told of the timer, and rung for nobody.
    pub(crate) fn fall_asleep(&self) -> bool {
        let asleep = self.len() == 0;
        self.tidy();
        self.awake.set(!asleep);
        asleep
    }

    /// Takes nothing more, and keeps nothing. What was queued is for the caller to drop.
    pub(crate) fn close(&self) -> VecDeque<Entry> {
        self.closed.set(true);
        self.host.take();
        self.memory.close();
        self.queue.take()
    }
}

#[cfg(test)]
mod tests {
    use super::{KEEP, Shared};
    use crate::callback::CallRef;
    use crate::shared::Entry;

    #[test]
    fn a_queue_gives_the_memory_of_a_past_burst_back() {
        let shared = Shared::new();
        let ready = shared.ready().expect("it was made here");
        for _ in 0..4 * KEEP {
            ready.push(Entry::Call(CallRef::new(&shared, ready, None, None, || ())));
        }
        while ready.len() > KEEP / 4 {
            drop(ready.pop());
        }
        assert!(ready.queue.borrow().capacity() >= 4 * KEEP);
        ready.tidy();
        assert!(ready.queue.borrow().capacity() <= 2 * KEEP);
        assert_eq!(ready.close().len(), KEEP / 4);
    }
}
