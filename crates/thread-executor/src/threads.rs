//! The pool's threads: their names, what they are for others, and how they end.

use crate::queue::{Crew, Queue, Worker};
use crate::timers::Timers;
use contract::role::{self, Help, Role};
use std::cell::Cell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::thread;

/// How deep a thread may run jobs inside the waits of other jobs. Each level costs stack; beyond it another thread stands
/// in for the one that waits.
const NESTED_MAX: usize = 32;

/// What the kernel keeps of a thread's name, in bytes.
const NAME_LEN_MAX: usize = 15;

thread_local! {
    /// The queue that this thread serves (its address: it lives as long as the thread does) and its seat there.
    static SERVES: Cell<Option<(*const Queue, usize)>> = const { Cell::new(None) };
}

/// Starts threads for one pool.
pub(crate) struct Threads {
    name: String,
    timers: Arc<Timers>,
}

impl Threads {
    pub(crate) fn new(name: String, timers: Arc<Timers>) -> Self {
        Self { name, timers }
    }
}

impl Crew for Threads {
    fn hire(&self, queue: Arc<Queue>, seat: usize) -> io::Result<()> {
        let name = thread_name(&self.name, &seat.to_string());
        thread::Builder::new().name(name.clone()).spawn(move || serve(&queue, seat, name))?;
        Ok(())
    }

    fn gone(&self) {
        self.timers.close();
    }
}

/// `name-suffix` in what the kernel keeps: a name that is too long is cut, the suffix never. For the pools of loops too.
pub fn thread_name(name: &str, suffix: &str) -> String {
    let room = NAME_LEN_MAX.saturating_sub(suffix.len() + 1);
    let end = (0..=name.len().min(room)).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    // A name ends at a zero byte for the kernel, so that there can be none within it.
    format!("{}-{suffix}", name[..end].replace('\0', "_"))
}

/// The seat of this thread in `queue`, if it serves that.
pub(crate) fn own_seat(queue: &Arc<Queue>) -> Option<usize> {
    // A thread that is going away serves nothing any more.
    let serves = SERVES.try_with(Cell::get).ok().flatten();
    serves.filter(|(serves, _)| *serves == Arc::as_ptr(queue)).map(|(_, seat)| seat)
}

fn serve(queue: &Arc<Queue>, seat: usize, name: String) {
    SERVES.set(Some((Arc::as_ptr(queue), seat)));
    let helper = Helper { queue: queue.clone(), seat, name: name.clone(), depth: AtomicUsize::new(0) };
    let _role = role::enter(Role::Worker(Arc::new(helper)));
    let worker = Worker::new(seat, name);
    while let Some(task) = queue.next(&worker) {
        task.run();
    }
}

/// What a thread does for its pool while a job of its own makes it wait.
struct Helper {
    queue: Arc<Queue>,
    seat: usize,
    name: String,
    /// Jobs that run inside waits on this thread now. Only this thread looks at it.
    depth: AtomicUsize,
}

impl Help for Helper {
    fn help(&self) -> bool {
        // Relaxed, here and below: only this thread looks at it.
        if self.depth.load(Ordering::Relaxed) >= NESTED_MAX {
            self.queue.stand_in();
            return false;
        }
        let Some(task) = self.queue.help(self.seat, &self.name) else { return false };
        self.depth.fetch_add(1, Ordering::Relaxed);
        task.run();
        self.depth.fetch_sub(1, Ordering::Relaxed);
        true
    }

    fn wake_on_work(&self, waker: &Waker) {
        self.queue.wake_on_work(self.seat, waker);
    }
}

#[cfg(test)]
mod tests {
    use super::thread_name;

    #[test]
    fn a_name_keeps_its_index_within_fifteen_bytes() {
        assert_eq!(thread_name("img", "7"), "img-7");
        assert_eq!(thread_name("image-thumbnailer", "12"), "image-thumbn-12");
        assert_eq!(thread_name("ünïcödë-wörkër", "3"), "ünïcödë-w-3");
        assert_eq!(thread_name("a\0b", "0"), "a_b-0");
        assert_eq!(thread_name("", "0"), "-0");
    }
}
