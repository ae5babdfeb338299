//! A tiny event loop: tasks in a ready queue, first in, first out. A task that nobody wakes is never polled again.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Display;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// The loop. Dropping it drops its tasks.
#[derive(Default)]
pub(crate) struct Tasks<'a> {
    ready: Arc<Mutex<VecDeque<usize>>>,
    tasks: Vec<Option<Pin<Box<dyn Future<Output = ()> + 'a>>>>,
}

impl<'a> Tasks<'a> {
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + 'a) -> usize {
        let id = self.tasks.len();
        self.tasks.push(Some(Box::pin(task)));
        self.ready.lock().unwrap().push_back(id);
        id
    }

    /// Polls the first ready task. `false` if none is ready.
    pub(crate) fn step(&mut self) -> bool {
        let Some(id) = self.ready.lock().unwrap().pop_front() else { return false };
        if let Some(task) = &mut self.tasks[id] {
            contract::budget::enter_step();
            let waker = Waker::from(Arc::new(ToReady { id, ready: self.ready.clone() }));
            if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                self.tasks[id] = None;
            }
        }
        true
    }

    /// Runs until no task is ready.
    pub(crate) fn run(&mut self) {
        while self.step() {}
    }

    /// Drops the task where it stands.
    pub(crate) fn cancel(&mut self, id: usize) {
        self.tasks[id] = None;
    }

    pub(crate) fn done(&self, id: usize) -> bool {
        self.tasks[id].is_none()
    }

    pub(crate) fn spawned(&self) -> usize {
        self.tasks.len()
    }

    /// How many tasks have neither ended nor been cancelled.
    pub(crate) fn left(&self) -> usize {
        self.tasks.iter().flatten().count()
    }
}

struct ToReady {
    id: usize,
    ready: Arc<Mutex<VecDeque<usize>>>,
}

impl Wake for ToReady {
    fn wake(self: Arc<Self>) {
        let mut ready = self.ready.lock().unwrap();
        if !ready.contains(&self.id) {
            ready.push_back(self.id);
        }
    }
}

/// What happened, in order.
#[derive(Default)]
pub(crate) struct Trace(RefCell<Vec<String>>);

impl Trace {
    pub(crate) fn log(&self, what: impl Display) {
        self.0.borrow_mut().push(what.to_string());
    }

    /// What happened since the last look.
    pub(crate) fn take(&self) -> String {
        self.0.take().join(" ")
    }
}

/// Lets every other ready task run first.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A future that is polled by hand, and a count of its wakes.
pub(crate) struct Hand<F> {
    future: Pin<Box<F>>,
    wakes: Arc<Count>,
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl<F: Future> Hand<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { future: Box::pin(future), wakes: Arc::default() }
    }

    /// Polled once already, and pending.
    pub(crate) fn waiting(future: F) -> Self {
        let mut hand = Self::new(future);
        assert!(hand.poll().is_none(), "it should have to wait");
        hand
    }

    pub(crate) fn poll(&mut self) -> Option<F::Output> {
        let waker = Waker::from(self.wakes.clone());
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    pub(crate) fn wakes(&self) -> usize {
        self.wakes.0.load(Ordering::SeqCst)
    }
}

/// Where a future can stand when it is dropped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum At {
    /// Never polled.
    Made,
    /// In line.
    Waiting,
    /// It was its turn, and it has not been polled since.
    Called,
    /// It was its turn, and it was polled when its budget was gone.
    OutOfBudget,
    /// Its output was dropped.
    Ready,
}

pub(crate) const EVERYWHERE: [At; 5] = [At::Made, At::Waiting, At::Called, At::OutOfBudget, At::Ready];

/// Brings `future`, which has to wait until `release`, to `at`, and drops it there.
pub(crate) fn drop_at<F: Future>(at: At, future: F, release: impl FnOnce()) {
    let mut hand = Hand::new(future);
    if at != At::Made {
        assert!(hand.poll().is_none(), "{at:?}");
    }
    if matches!(at, At::Made | At::Waiting) {
        drop(hand);
        return release();
    }
    release();
    if at == At::OutOfBudget {
        spend_all();
        assert!(hand.poll().is_none(), "{at:?}");
    }
    if at == At::Ready {
        assert!(hand.poll().is_some(), "{at:?}");
    }
}

/// Nothing of the step budget is left.
pub(crate) fn spend_all() {
    let cx = &mut Context::from_waker(Waker::noop());
    contract::budget::enter_step();
    (0..contract::budget::STEP).for_each(|_| assert!(contract::budget::spend(cx).is_ready()));
}

/// Runs `body`, and fails if it hangs.
pub(crate) fn in_bounded_time(body: impl FnOnce() + Send + 'static) {
    let (ended, end) = std::sync::mpsc::channel();
    let body = std::thread::spawn(move || {
        let _ended: std::sync::mpsc::Sender<()> = ended;
        body();
    });
    let waited = end.recv_timeout(std::time::Duration::from_secs(60));
    assert_eq!(waited, Err(std::sync::mpsc::RecvTimeoutError::Disconnected), "it hangs");
    if let Err(panic) = body.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Polls `future` once, with nobody to wake.
pub(crate) fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    Hand::new(future).poll()
}

/// What `action` panics with. Fails if it does not.
pub(crate) fn panic_of<R>(action: impl FnOnce() -> R) -> String {
    let Err(payload) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(action)) else {
        panic!("it should have panicked")
    };
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().expect("panics carry text")).to_owned(),
    }
}

/// The panic of a blocking call on the thread of an event loop.
pub(crate) fn panic_on_a_loop<R>(blocking: impl FnOnce() -> R) -> String {
    let _role = contract::role::enter(contract::role::Role::Loop);
    panic_of(blocking)
}
