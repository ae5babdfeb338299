//! The reference: the same promises from one mutex and one condition variable, so short that it can be read as correct.

use contract::{Drain, Job, JobError, Place, Priority, Runnable, Submit};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// A pool of threads behind one lock.
pub(crate) struct Reference {
    shared: Arc<Shared>,
    threads: Vec<thread::JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    places: usize,
}

#[derive(Default)]
struct State {
    lanes: [VecDeque<Runnable>; 3],
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.lanes.iter_mut().find_map(VecDeque::pop_front) {
                drop(state);
                job.run();
                state = self.lock();
            } else if state.closed {
                return;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

impl Reference {
    pub(crate) fn new(threads: usize, places: usize) -> Self {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), places });
        let threads = (0..threads).map(|_| {
            let shared = shared.clone();
            thread::spawn(move || shared.serve())
        });
        Self { threads: threads.collect(), shared }
    }

    /// `None`: the queue is full, or it is closed.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        priority: Priority,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<Job<T>> {
        let mut state = self.shared.lock();
        state.lanes.iter_mut().for_each(|lane| lane.retain(Runnable::is_queued));
        let queued: usize = state.lanes.iter().map(VecDeque::len).sum();
        if state.closed || queued == self.shared.places {
            return None;
        }
        let (runnable, job) = Job::package(work, &Submit::new(), Place::none(), ());
        state.lanes[priority as usize].push_back(runnable);
        self.shared.changed.notify_one();
        Some(job)
    }

    /// Ends it, and says how many were withdrawn.
    pub(crate) fn shutdown(self, how: Drain) -> usize {
        let mut state = self.shared.lock();
        state.closed = true;
        let withdrawn = match how {
            Drain::Queued => Vec::new(),
            Drain::Started => state.lanes.iter_mut().flat_map(std::mem::take).collect(),
        };
        drop(state);
        self.shared.changed.notify_all();
        let shutdown = || JobError::Shutdown { started: false };
        let withdrawn = withdrawn.into_iter().filter(Runnable::is_queued).map(|job| job.withdraw(shutdown()));
        let withdrawn = withdrawn.map(usize::from).sum();
        self.threads.into_iter().for_each(|thread| thread.join().expect("its jobs keep their panics"));
        withdrawn
    }
}

#[test]
fn the_reference_keeps_its_promises() {
    let reference = Reference::new(2, 4);
    let job = reference.submit(Priority::Normal, || 7).expect("there is room");
    assert_eq!(crate::output(job), 7);
    let job = reference.submit(Priority::Normal, || panic!("no luck")).expect("there is room");
    assert!(matches!(crate::error::<()>(job), JobError::Panicked(_)));
    assert_eq!(reference.shutdown(Drain::Queued), 0);
}
