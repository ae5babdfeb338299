//! One loop of a pool.

use super::error::LoopLost;
use crate::handle::{LoopHandle, Pinned};
use contract::{Executor, ExecutorExt, Job, Reject, Rejected, Room, Submit};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// One loop of a [`LoopPool`](crate::LoopPool), as seen from any thread. Cheap to clone; it does not keep the loop running.
///
/// An executor as its [handle](Self::handle) is, whose refusals name a loop that has died.
#[derive(Clone)]
pub struct PoolLoop(Arc<Member>);

struct Member {
    name: String,
    cpu: Option<usize>,
    handle: LoopHandle,
    fate: Fate,
}

/// Set once, if the thread of a loop dies.
pub(super) type Fate = Arc<OnceLock<LoopLost>>;

impl PoolLoop {
    pub(super) fn new(name: String, cpu: Option<usize>, handle: LoopHandle, fate: Fate) -> Self {
        Self(Arc::new(Member { name, cpu, handle, fate }))
    }

    /// Its name, which is its thread's.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The processor that its thread keeps to, if it was [pinned](crate::PoolBuilder::pin_to_cpus), by the kernel's number.
    #[must_use]
    pub fn cpu(&self) -> Option<usize> {
        self.0.cpu
    }

    /// The loop for callbacks, and to be passed on.
    #[must_use]
    pub fn handle(&self) -> &LoopHandle {
        &self.0.handle
    }

    /// How many jobs it has accepted that have not ended; `None` if it takes nothing more.
    #[must_use]
    pub fn load(&self) -> Option<usize> {
        self.0.handle.shared().jobs.load()
    }

    /// Runs `future` on this loop.
    ///
    /// # Errors
    ///
    /// The loop takes nothing more, or has died. The future comes back.
    pub fn spawn<F>(&self, future: F) -> Result<Job<F::Output>, Rejected<F>>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.try_submit(future)
    }

    /// Runs `function` on this loop, whose thread builds the future, so that this need not be `Send`.
    ///
    /// # Errors
    ///
    /// The loop takes nothing more, or has died. The function comes back.
    pub fn spawn_pinned<F, T>(&self, function: F) -> Result<Job<T>, Rejected<Pinned<F>>>
    where
        F: AsyncFnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.try_submit(crate::pinned(function))
    }

    /// A refusal of the handle, which does not know of threads.
    fn refusal<W>(&self, refused: Rejected<W>) -> Rejected<W> {
        match (&refused.why, self.0.fate.get()) {
            (Reject::ShuttingDown, Some(died)) => {
                let why = Reject::Broken(Arc::new(died.clone()));
                Rejected::new(refused.into_work(), why)
            }
            _ => refused,
        }
    }
}

impl<W> Executor<W> for PoolLoop
where
    LoopHandle: Executor<W>,
{
    type Output = <LoopHandle as Executor<W>>::Output;

    fn try_submit_with(&self, work: W, options: Submit) -> Result<Job<Self::Output>, Rejected<W>> {
        self.0.handle.try_submit_with(work, options).map_err(|refused| self.refusal(refused))
    }

    fn room(&self) -> Room {
        Executor::<W>::room(&self.0.handle)
    }
}

impl fmt::Debug for PoolLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolLoop")
            .field("name", &self.0.name)
            .field("load", &self.load())
            .finish_non_exhaustive()
    }
}
