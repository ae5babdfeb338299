//! Threads that are there and serve nobody: others stand in for them. And what a thread knows of the pool it serves.

use super::Core;
use crate::sync::lock;
use std::sync::Arc;

impl Core {
    /// A thread serves nobody for a while: one more may be there.
    fn more(self: &Arc<Self>) {
        {
            // Under the lock, as whatever decides how many there may be.
            let _crew = lock(&self.crew);
            self.word.more();
        }
        self.muster();
    }

    /// It serves again.
    fn less(&self) {
        let mut crew = lock(&self.crew);
        self.word.less();
        let now = self.word.load();
        if now.threads() > self.limit(now) && !crew.parked.is_empty() {
            // One too many is asleep: the one that has slept longest leaves.
            let longest = crew.parked.remove(0);
            self.word.unpark();
            drop(crew);
            longest.seat.unparker.unpark();
        }
    }

    /// The deadline of a job passed while it runs: its thread is lost until it ends.
    pub(super) fn abandoned(self: &Arc<Self>) {
        lock(&self.crew).abandoned += 1;
        self.more();
    }

    /// It has ended.
    pub(super) fn recovered(&self) {
        lock(&self.crew).abandoned -= 1;
        self.less();
    }
}

/// Runs `work`, which blocks: on a thread of a pool one more thread may serve that pool meanwhile, if jobs wait.
///
/// For a job that sleeps, waits for a lock or for a device, in a pool that is sized for jobs that compute. It opens at most
/// one thread, which leaves when the section is over and nothing waits; a section within a section opens none, and a pool has
/// at most as many such threads as [`Builder::spare`](crate::Builder::spare) says: beyond that `work` just runs.
/// On any other thread it just runs as well.
///
/// # Examples
///
/// ```
/// use std::{num::NonZeroUsize, sync::mpsc::channel};
/// use thread_executor::{ExecutorExt, ThreadPool, blocking};
///
/// let pool = ThreadPool::new(NonZeroUsize::MIN);
/// let (sender, receiver) = channel();
/// let waits = pool.try_submit(move || blocking(|| receiver.recv())).expect("there is room");
/// // The only thread waits for this one.
/// pool.try_submit(move || sender.send(7)).expect("there is room").detach();
/// assert_eq!(waits.wait().unwrap(), Ok(7));
/// ```
///
/// # Python
///
/// None; `ThreadPoolExecutor` starves.
pub fn blocking<T>(work: impl FnOnce() -> T) -> T {
    let section = own::current(|worker| {
        if worker.blocks.replace(true) {
            return None;
        }
        Some(Section(worker.core().clone()))
    });
    if let Some(section) = section.as_ref().and_then(Option::as_ref) {
        section.0.more();
    }
    work()
}

/// Ends when the work returns or unwinds.
struct Section(Arc<Core>);

impl Drop for Section {
    fn drop(&mut self) {
        own::on(&self.0, |worker| worker.blocks.set(false));
        self.0.less();
    }
}

/// The pools that this thread serves: the innermost last. More than one only while it lends itself to another.
pub(crate) mod own {
    use crate::core::{Core, Worker};
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::Arc;

    #[cfg(not(loom))]
    thread_local! {
        static SERVES: RefCell<Vec<Rc<Worker>>> = const { RefCell::new(Vec::new()) };
    }
    #[cfg(loom)]
    loom::thread_local! {
        static SERVES: RefCell<Vec<Rc<Worker>>> = RefCell::new(Vec::new());
    }

    /// This thread is `worker` while `serve` runs, which does not unwind.
    pub(crate) fn with(worker: Worker, serve: impl FnOnce(&Worker)) {
        let worker = Rc::new(worker);
        SERVES.with(|serves| serves.borrow_mut().push(worker.clone()));
        serve(&worker);
        let own = SERVES.with(|serves| serves.borrow_mut().pop());
        // After the borrow: it may be the last that holds its pool.
        drop(own);
    }

    /// What `look` says of this thread, if it serves `core`.
    pub(crate) fn on<T>(core: &Arc<Core>, look: impl FnOnce(&Worker) -> T) -> Option<T> {
        let worker = find(|worker| Arc::ptr_eq(worker.core(), core))?;
        Some(look(&worker))
    }

    /// What `look` says of this thread, if it serves any.
    pub(crate) fn current<T>(look: impl FnOnce(&Worker) -> T) -> Option<T> {
        let worker = find(|_| true)?;
        Some(look(&worker))
    }

    fn find(which: impl Fn(&Worker) -> bool) -> Option<Rc<Worker>> {
        // A thread that is going away serves nothing any more.
        SERVES
            .try_with(|serves| serves.borrow().iter().rev().find(|worker| which(worker)).cloned())
            .ok()
            .flatten()
    }
}
