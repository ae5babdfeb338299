//! Futures polled by hand: no runtime, no thread, no clock; those who are ready, first come, first served.
//!
//! ```text
//!          spawn            polled, pending
//!  (none) ──────► READY ───────────────────► WAITING
//!                 │ ▲ ▲        woken           │ │
//!                 │ │ └────────────────────────┘ │ cancel: ready, and dropped instead of polled
//!                 │ └────────────────────────────┘
//!                 └──► GONE: it was ready, or dropped by a cancel
//! ```

use super::form::LocalFuture;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Those who wait for their turn, and who they are.
#[derive(Clone)]
pub(super) struct Hands {
    ready: Arc<Ready>,
    tasks: Rc<RefCell<Vec<Rc<Task>>>>,
}

/// The numbers of those who are ready. Wakers are `Send`, so this is.
#[derive(Default)]
struct Ready(Mutex<VecDeque<usize>>);

/// The scenario itself; tasks are counted from the next one.
const MAIN: usize = 0;

struct Task {
    number: usize,
    /// `None` while it is polled, and once it is gone.
    future: RefCell<Option<LocalFuture<'static, ()>>>,
    state: Cell<State>,
    /// Whoever waits for its end.
    waiting: Cell<Option<Waker>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Alive,
    ToBeDropped,
    Ended,
    Cancelled,
}

/// A task that is polled by hand.
pub(super) struct Puppet {
    task: Rc<Task>,
    ready: Arc<Ready>,
}

impl Hands {
    pub(super) fn new() -> Self {
        Self { ready: Arc::default(), tasks: Rc::default() }
    }

    pub(super) fn spawn(&self, future: LocalFuture<'static, ()>) -> Puppet {
        let number = self.tasks.borrow().len() + 1;
        let (future, state) = (RefCell::new(Some(future)), Cell::new(State::Alive));
        let task = Rc::new(Task { number, future, state, waiting: Cell::new(None) });
        self.tasks.borrow_mut().push(task.clone());
        self.ready.push(number);
        Puppet { task, ready: self.ready.clone() }
    }

    /// Polls whoever is ready until `main` is, and drops the rest. `None` if all wait and nobody is left to wake them.
    pub(super) fn run<T>(&self, main: impl Future<Output = T>) -> Option<T> {
        let mut main = pin!(main);
        self.ready.push(MAIN);
        let output = loop {
            let Some(number) = self.ready.pop() else { break None };
            let waker = self.ready.waker(number);
            let mut cx = Context::from_waker(&waker);
            if number == MAIN {
                if let Poll::Ready(output) = main.as_mut().poll(&mut cx) {
                    break Some(output);
                }
            } else {
                let task = self.tasks.borrow()[number - 1].clone();
                task.step(&mut cx);
            }
        };
        let rest = self.tasks.take();
        rest.iter().for_each(|task| drop(task.future.take()));
        output
    }
}

impl Task {
    fn step(&self, cx: &mut Context<'_>) {
        let future = self.future.take();
        let Some(mut future) = future else { return };
        // As a loop does it: each step has a new budget.
        contract::budget::enter_step();
        if self.state.get() == State::ToBeDropped {
            drop(future);
            self.ends(State::Cancelled);
        } else if future.as_mut().poll(cx).is_ready() {
            drop(future);
            self.ends(State::Ended);
        } else {
            self.future.replace(Some(future));
        }
    }

    fn ends(&self, state: State) {
        self.state.set(state);
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

impl Puppet {
    /// A request: the future is dropped when its turn comes.
    pub(super) fn cancel(&self) {
        if self.task.state.get() == State::Alive {
            self.task.state.set(State::ToBeDropped);
            self.ready.push(self.task.number);
        }
    }

    pub(super) fn done(&self) -> bool {
        matches!(self.task.state.get(), State::Ended | State::Cancelled)
    }

    /// `Some` once it is gone: whether it came to its own end.
    pub(super) fn poll_end(&self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.done() {
            return Poll::Ready(self.task.state.get() == State::Ended);
        }
        self.task.waiting.set(Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl Ready {
    fn push(&self, number: usize) {
        let mut ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !ready.contains(&number) {
            ready.push_back(number);
        }
    }

    fn pop(&self) -> Option<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn waker(self: &Arc<Self>, number: usize) -> Waker {
        Waker::from(Arc::new(ToReady { number, ready: self.clone() }))
    }
}

struct ToReady {
    number: usize,
    ready: Arc<Ready>,
}

impl Wake for ToReady {
    fn wake(self: Arc<Self>) {
        self.ready.push(self.number);
    }
}
