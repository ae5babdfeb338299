//! The least executor that there can be, a ring of ready tasks: all run on it, so that what is measured is the primitive.
#![expect(unsafe_code, reason = "a waker of `Arc` would cost more than some of what is measured")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

type Task<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

thread_local! {
    /// Numbers of the tasks that are ready.
    static READY: RefCell<VecDeque<usize>> = const { RefCell::new(VecDeque::new()) };
    static BELLS: Cell<&'static [Bell]> = const { Cell::new(&[]) };
}

/// Runs all of them to the end.
pub(super) fn run<'a>(futures: impl IntoIterator<Item = Task<'a>>) {
    READY.with_borrow_mut(VecDeque::clear);
    let futures: Vec<_> = futures.into_iter().collect();
    let bells = bells(futures.len());
    let mut tasks: Vec<_> =
        futures.into_iter().zip(bells).map(|(task, bell)| Slot::new(task, bell)).collect();
    let mut left = tasks.len();
    while left > 0 {
        let next = READY.with_borrow_mut(VecDeque::pop_front).expect("somebody sleeps for ever");
        left -= usize::from(tasks[next].step());
    }
}

/// At least so many, numbered from zero.
fn bells(count: usize) -> &'static [Bell] {
    let made = BELLS.get();
    if made.len() >= count {
        return made;
    }
    let more = (0..count).map(|id| Bell { id, rung: AtomicBool::new(false) }).collect::<Vec<_>>().leak();
    BELLS.set(more);
    more
}

struct Slot<'a> {
    task: Option<Task<'a>>,
    bell: &'static Bell,
    waker: Waker,
}

/// What rings for a task. It is never freed, so that a waker is a pointer and nothing else, and serves the next run.
struct Bell {
    id: usize,
    /// Relaxed throughout, which costs nothing: only one thread is about.
    rung: AtomicBool,
}

impl<'a> Slot<'a> {
    fn new(task: Task<'a>, bell: &'static Bell) -> Self {
        bell.rung.store(false, Ordering::Relaxed);
        bell.ring();
        Self { task: Some(task), bell, waker: bell.waker() }
    }

    /// Whether it has ended by this.
    fn step(&mut self) -> bool {
        // Before the poll: a wake inside it counts.
        self.bell.rung.store(false, Ordering::Relaxed);
        contract::budget::enter_step();
        let ended = self.task.as_mut().is_some_and(|task| {
            matches!(task.as_mut().poll(&mut Context::from_waker(&self.waker)), Poll::Ready(()))
        });
        if ended {
            self.task = None;
        }
        ended
    }
}

const BELL: RawWakerVTable = RawWakerVTable::new(
    |bell| RawWaker::new(bell, &BELL),
    |bell| of(bell).ring(),
    |bell| of(bell).ring(),
    |_| (),
);

/// The bell that a waker points to.
fn of(bell: *const ()) -> &'static Bell {
    // SAFETY: only `Bell::waker` makes wakers with `BELL`, of a bell that lives for ever and is shared only.
    unsafe { &*bell.cast::<Bell>() }
}

impl Bell {
    fn ring(&self) {
        if !self.rung.load(Ordering::Relaxed) {
            self.rung.store(true, Ordering::Relaxed);
            READY.with_borrow_mut(|ready| ready.push_back(self.id));
        }
    }

    fn waker(&'static self) -> Waker {
        // SAFETY: the functions of `BELL` ask for a pointer to a bell that lives for ever, which this is. They may be called
        // on any thread: a bell is `Sync`, and another thread would ring in its own ring, where nobody listens.
        unsafe { Waker::from_raw(RawWaker::new(std::ptr::from_ref(self).cast(), &BELL)) }
    }
}
