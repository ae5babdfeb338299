//! Work with a name that holds across programs: for workers that are a program of their own.

use crate::cx::{self, JobCx};
use crate::token::Mode;
use crate::trampoline::{self, Trampoline};
use crate::{entry, worker};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::fmt;

/// Work that is found by its name and not by its place in the program: the value is the argument.
///
/// A pool whose workers are [another program](crate::Builder::worker_binary) runs nothing else; a pool whose workers are
/// this program runs it as any [call](crate::call).
///
/// # Examples
///
/// The worker, a program of its own:
///
/// ```no_run
/// # use process_executor::{JobCx, Task, Tasks, worker_main};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Serialize, Deserialize)]
/// struct Area {
///     width: u32,
///     height: u32,
/// }
///
/// impl Task for Area {
///     type Output = u32;
///     const NAME: &'static str = "area";
///
///     fn run(self, _cx: &JobCx) -> u32 {
///         self.width * self.height
///     }
/// }
///
/// worker_main(Tasks::new().with::<Area>())
/// ```
///
/// and the program that uses it, which shares the type: `pool.try_submit(task(Area { width: 6, height: 7 }))`.
///
/// # Python
///
/// Functions go by qualified name always; here only where the programs differ.
pub trait Task: Serialize + DeserializeOwned + Send + 'static {
    /// What comes back.
    type Output: Serialize + DeserializeOwned + Send + 'static;

    /// The same in both programs, and different from that of any other task.
    const NAME: &'static str;

    /// Does it, in a worker.
    fn run(self, cx: &JobCx) -> Self::Output;
}

/// What an executor takes for a task: [`task`] makes it.
#[derive(Debug, Clone)]
pub struct Named<T> {
    pub(crate) task: T,
    pub(crate) retries: u32,
}

/// Work for a [`ProcessPool`](crate::ProcessPool): `task.run()` in a worker.
pub fn task<T: Task>(task: T) -> Named<T> {
    Named { task, retries: 0 }
}

impl<T> Named<T> {
    /// As [`Call::retry_on_death`](crate::Call::retry_on_death).
    #[must_use]
    pub fn retry_on_death(mut self, times: u32) -> Self {
        self.retries = times;
        self
    }

    /// The task, from work that was refused.
    #[must_use]
    pub fn into_task(self) -> T {
        self.task
    }
}

/// Runs a task in a worker.
pub(crate) fn perform<T: Task>(task: T) -> T::Output {
    task.run(&cx::current().unwrap_or_else(JobCx::nobody))
}

/// What a worker program can do.
#[derive(Clone, Default)]
pub struct Tasks {
    by_name: HashMap<&'static str, Trampoline>,
}

impl Tasks {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And this.
    ///
    /// # Panics
    ///
    /// If another task has the same name.
    #[must_use]
    pub fn with<T: Task>(mut self) -> Self {
        let before = self.by_name.insert(T::NAME, trampoline::of_task::<T>());
        assert!(before.is_none(), "two tasks are called `{}`", T::NAME);
        self
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<Trampoline> {
        self.by_name.get(std::str::from_utf8(name).ok()?).copied()
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

/// The `main` of a worker program: serves the pool that started it, and never returns. Call it first thing.
///
/// Started by anybody else, it says what it is for and ends with exit code 2.
pub fn worker_main(tasks: Tasks) -> ! {
    if let Some(ticket) = entry::ticket(Mode::Tasks) {
        worker::run(ticket, tasks);
    }
    eprintln!(
        "this program is a worker: it is started by a process pool (`Builder::worker_binary`), and does nothing by itself"
    );
    std::process::exit(2)
}
