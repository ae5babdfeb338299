//! The simplest lock, semaphore and event that keep every promise, for one thread. On request they break exactly one.

use conformance::{AnyEvent, AnyLock, AnySemaphore, Held, LocalFuture};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// A promise that they are made to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    /// What is given back wakes nobody.
    ForgetsTheWake,
    /// A turn that was handed to a waiter who has gone is lost.
    LosesTheTurnOfTheCancelled,
    /// A waiter who has gone stays in line.
    ServesTheCancelled,
    /// Whoever comes at the right moment is served before those in line.
    LetsNewcomersOvertake,
    /// The newest in line is served first.
    LastInFirstOut,
    /// Who was released looks at the flag again.
    LosesThePulse,
}

/// Permits, handed over to those in line.
pub(crate) struct Turns {
    free: Cell<usize>,
    line: RefCell<VecDeque<Rc<Waiter>>>,
    bug: Bug,
}

#[derive(Default)]
struct Waiter {
    /// It has its turn, or was released.
    called: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

/// In line until it is called; says so when it is dropped.
struct InLine<'a> {
    turns: &'a Turns,
    waiter: Rc<Waiter>,
    served: bool,
}

/// A turn.
struct Turn<'a>(&'a Turns);

impl Turns {
    pub(crate) fn new(free: usize, bug: Bug) -> Self {
        Self { free: Cell::new(free), line: RefCell::default(), bug }
    }

    fn take(&self) -> Option<Turn<'_>> {
        let in_line = self.bug != Bug::LetsNewcomersOvertake && !self.line.borrow().is_empty();
        if self.free.get() == 0 || in_line {
            return None;
        }
        self.free.update(|free| free - 1);
        Some(Turn(self))
    }

    async fn wait(&self) -> Turn<'_> {
        if let Some(turn) = self.take() {
            return turn;
        }
        let mut place = InLine { turns: self, waiter: Rc::default(), served: false };
        self.line.borrow_mut().push_back(place.waiter.clone());
        loop {
            place.waiter.called().await;
            // Called, it has its turn; unless it may be overtaken, and was.
            if self.bug != Bug::LetsNewcomersOvertake {
                break;
            }
            if self.free.get() > 0 {
                self.free.update(|free| free - 1);
                break;
            }
            place.waiter.called.set(false);
            self.line.borrow_mut().push_back(place.waiter.clone());
        }
        place.served = true;
        Turn(self)
    }

    fn give_back(&self) {
        if !self.call_next() || self.bug == Bug::LetsNewcomersOvertake {
            self.free.update(|free| free + 1);
        }
    }

    /// Hands a turn to the next in line, or tells it that one is free. `false` if nobody is.
    fn call_next(&self) -> bool {
        let mut line = self.line.borrow_mut();
        let next = if self.bug == Bug::LastInFirstOut { line.pop_back() } else { line.pop_front() };
        drop(line);
        next.is_some_and(|next| {
            next.call(self.bug);
            true
        })
    }
}

impl Waiter {
    fn call(&self, bug: Bug) {
        self.called.set(true);
        if let Some(waker) = self.waker.take().filter(|_| bug != Bug::ForgetsTheWake) {
            waker.wake();
        }
    }

    async fn called(&self) {
        poll_fn(|cx| {
            self.waker.set(Some(cx.waker().clone()));
            if self.called.get() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let bug = self.turns.bug;
        match (self.served, self.waiter.called.get()) {
            (true, _) => {}
            (false, true) if bug == Bug::LosesTheTurnOfTheCancelled => {}
            // The turn was not handed over, only announced.
            (false, true) if bug == Bug::LetsNewcomersOvertake => {
                self.turns.call_next();
            }
            (false, true) => self.turns.give_back(),
            (false, false) if bug == Bug::ServesTheCancelled => {}
            (false, false) => {
                self.turns.line.borrow_mut().retain(|waiter| !Rc::ptr_eq(waiter, &self.waiter));
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl AnyLock for Turns {
    fn lock(&self) -> LocalFuture<'_, Held<'_>> {
        self.acquire()
    }

    fn try_lock(&self) -> Option<Held<'_>> {
        self.try_acquire()
    }
}

impl AnySemaphore for Turns {
    fn acquire(&self) -> LocalFuture<'_, Held<'_>> {
        Box::pin(async { Held::new(self.wait().await) })
    }

    fn try_acquire(&self) -> Option<Held<'_>> {
        self.take().map(Held::new)
    }

    fn release(&self) {
        self.give_back();
    }

    fn locked(&self) -> bool {
        self.free.get() == 0
    }

    fn available(&self) -> usize {
        self.free.get()
    }
}

/// A flag.
pub(crate) struct Flag {
    set: Cell<bool>,
    line: RefCell<Vec<Rc<Waiter>>>,
    bug: Bug,
}

impl Flag {
    pub(crate) fn new(bug: Bug) -> Self {
        Self { set: Cell::new(false), line: RefCell::default(), bug }
    }
}

impl AnyEvent for Flag {
    fn wait(&self) -> LocalFuture<'_, ()> {
        Box::pin(async {
            while !self.set.get() {
                let waiter = Rc::<Waiter>::default();
                self.line.borrow_mut().push(waiter.clone());
                waiter.called().await;
                if self.bug != Bug::LosesThePulse {
                    return;
                }
            }
        })
    }

    fn set(&self) {
        self.set.set(true);
        self.line.take().iter().for_each(|waiter| waiter.call(self.bug));
    }

    fn clear(&self) {
        self.set.set(false);
    }

    fn is_set(&self) -> bool {
        self.set.get()
    }
}
