//! What the tasks of a loop are doing, and who awaits whom.

mod table;
mod tree;

use crate::callback::Timer;
use crate::current::Loop;
use crate::task::Header;
use std::collections::BTreeMap;
use std::panic::Location;
use std::time::Instant;

pub use table::Ps;
pub use tree::{Branch, PsTree};

/// A task that has not ended, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskInfo {
    /// Counts the loop's tasks from one.
    pub id: u64,
    /// Its name: `Task-7` unless it was given another.
    pub name: String,
    /// The task that spawned it; `None` if a callback or the program itself did. It may have ended.
    pub parent: Option<u64>,
    /// Where it was spawned.
    pub spawned_at: &'static Location<'static>,
    /// What it is doing.
    pub state: TaskState,
    /// The task that awaits it, if one does; of several the last to ask. A task that has given up is named until somebody
    /// else asks, or the handle goes.
    pub awaited_by: Option<u64>,
    /// The tasks that it awaits, in the order of their spawns.
    pub awaits: Vec<u64>,
    /// The earliest of the timers that it waits for, if it waits for one.
    pub timer: Option<Instant>,
}

/// What a task is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskState {
    /// Its step is under way: it is the one that asks, or that blocks the loop.
    Running,
    /// Its next step is queued.
    Ready,
    /// It waits for something.
    Waiting,
    /// Its future is gone; its clean-ups wait for something.
    CleaningUp,
}

/// The tasks of this thread's loop that have not ended, in the order of their spawns.
///
/// What a task waits for is known as far as it is a task or a timer. A socket, a lock or a job of an executor is not known
/// to the loop, and such a task is merely waiting.
///
/// # Panics
///
/// Outside a loop. From another thread, send it: `handle.spawn(async { core_loop::ps() })`.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let reader = core_loop::spawn(std::future::pending::<()>()).named("reader");
///     core_loop::yield_now().await;
///     let ps = core_loop::ps();
///     assert_eq!(ps.named("reader").unwrap().state, core_loop::TaskState::Waiting);
///     println!("{ps}");
///     reader.cancel("enough");
/// })
/// # }
/// ```
///
/// # Python
///
/// `python -m asyncio ps PID` reads the memory of another process; here a process speaks of itself, when it is asked or
/// [by a signal](crate::dump_on_signal), or [through a socket](crate::dump_on_connect).
#[must_use]
#[track_caller]
pub fn ps() -> Ps {
    Loop::current().ps()
}

/// The tasks of this thread's loop as a tree: below each task are those that it awaits.
///
/// # Panics
///
/// Outside a loop.
///
/// # Python
///
/// `python -m asyncio pstree PID`, and `asyncio.print_call_graph`. Where the tasks await each other in a circle, Python
/// prints the circle instead of the tree; here it stands beside it.
#[must_use]
#[track_caller]
pub fn pstree() -> PsTree {
    Loop::current().pstree()
}

impl Loop {
    /// Its tasks that have not ended: [`ps`].
    #[must_use]
    pub fn ps(&self) -> Ps {
        let inner = self.inner();
        let mut tasks: Vec<_> = inner.tasks.to_vec().iter().map(|task| TaskInfo::of(task)).collect();
        let mut timers = BTreeMap::new();
        inner.timers.borrow().for_each(|deadline, timer| {
            let deadline = Instant::from(deadline);
            // A sleep may have gone to a task of another loop.
            if let Timer::Step(task) = timer
                && task.belongs_to(&inner.shared)
            {
                let earliest = timers.entry(task.id()).or_insert(deadline);
                *earliest = deadline.min(*earliest);
            }
        });
        for task in &mut tasks {
            task.timer = timers.get(&task.id).copied();
        }
        Ps::new(tasks, self.time())
    }

    /// Its tasks that have not ended, below those that await them: [`pstree`].
    #[must_use]
    pub fn pstree(&self) -> PsTree {
        PsTree::new(self.ps())
    }
}

impl TaskInfo {
    /// All but the timer, and the tasks that it awaits.
    pub(crate) fn of(task: &Header) -> Self {
        Self {
            id: task.id(),
            name: task.name(),
            parent: task.parent(),
            spawned_at: task.spawned_at(),
            state: task.state(),
            awaited_by: task.awaited_by(),
            awaits: Vec::new(),
            timer: None,
        }
    }
}
