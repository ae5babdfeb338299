//! The least executor that there can be: tasks of one thread in a ring of those that are ready. All contenders run on it, so
//! that what is measured is the primitive.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

type Task<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Runs all of them to the end.
pub(super) fn run<'a>(futures: impl IntoIterator<Item = Task<'a>>) {
    let ready: Arc<Ready> = Arc::default();
    let mut tasks: Vec<_> =
        futures.into_iter().enumerate().map(|(id, task)| Slot::new(id, task, &ready)).collect();
    let mut left = tasks.len();
    while left > 0 {
        let next = ready.lock().pop_front().expect("somebody sleeps for ever");
        left -= usize::from(tasks[next].step());
    }
}

#[derive(Default)]
struct Ready(Mutex<VecDeque<usize>>);

impl Ready {
    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Slot<'a> {
    task: RefCell<Option<Task<'a>>>,
    bell: Arc<Bell>,
    waker: Waker,
}

struct Bell {
    id: usize,
    rung: AtomicBool,
    ready: Arc<Ready>,
}

impl<'a> Slot<'a> {
    fn new(id: usize, task: Task<'a>, ready: &Arc<Ready>) -> Self {
        ready.lock().push_back(id);
        let bell = Arc::new(Bell { id, rung: AtomicBool::new(true), ready: ready.clone() });
        Self { task: RefCell::new(Some(task)), waker: bell.clone().into(), bell }
    }

    /// Whether it has ended by this.
    fn step(&mut self) -> bool {
        // Before the poll: a wake inside it counts. SeqCst: nothing here is to be won.
        self.bell.rung.store(false, Ordering::SeqCst);
        contract::budget::enter_step();
        let task = self.task.get_mut();
        let ended = task.as_mut().is_some_and(|task| {
            matches!(task.as_mut().poll(&mut Context::from_waker(&self.waker)), Poll::Ready(()))
        });
        if ended {
            *task = None;
        }
        ended
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::SeqCst) {
            self.ready.lock().push_back(self.id);
        }
    }
}
