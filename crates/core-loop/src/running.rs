//! Whether a loop runs, and how a run is ended from inside.

use crate::current::Loop;
use crate::exception::ExceptionContext;
use crate::task::{Task, spawn};
use std::panic::Location;

impl Loop {
    /// Starts a task on this loop, whether it runs or not: [`spawn`](crate::spawn), for a loop at hand. It makes its first
    /// step when the loop runs.
    ///
    /// On a loop that is closed `future` is dropped at once, and the task says [`JoinError::Shutdown`](crate::JoinError).
    ///
    /// # Python
    ///
    /// `loop.create_task(coroutine)`.
    #[track_caller]
    pub fn spawn<F: Future + 'static>(&self, future: F) -> Task<F::Output> {
        let _entered = self.enter();
        spawn(future)
    }

    /// Ends the run of this loop after the present turn: everything that was queued when the turn began still runs, and
    /// what it schedules waits for the next run. A loop that stands still ends its next run after one turn.
    ///
    /// Tasks are not cancelled; they go on at the next run. From another thread:
    /// `handle.call_soon_threadsafe(|| Loop::current().stop())`.
    ///
    /// A loop of a [`LoopPool`](crate::LoopPool) runs on: others have work on it, and only the pool's close ends it. The
    /// exception handler is told where it was to be stopped.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut runner = core_loop::Runner::new(core_loop::NativeDriver::new()?);
    /// let lp = runner.get_loop().clone();
    /// let to_stop = lp.clone();
    /// lp.call_later(std::time::Duration::from_millis(1), move || to_stop.stop());
    /// runner.run_forever()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `loop.stop()`.
    #[track_caller]
    pub fn stop(&self) {
        if let Some(name) = self.inner().kept_by.get() {
            let message = format!(
                "`stop` was called at {} on the loop `{name}` of a pool, which goes on: end the task that called it, or close \
                 the pool,",
                Location::caller()
            );
            return self.report(&ExceptionContext::new(message).in_current_task());
        }
        self.inner().stopping.set(true);
        if let Some(ready) = self.inner().shared.ready() {
            // It may sleep: the host of a guest loop runs code on this thread between its polls.
            ready.rouse();
        }
    }

    /// Whether code of this loop is running on this thread: a task, a callback, or a destructor of theirs.
    ///
    /// # Python
    ///
    /// `loop.is_running()`.
    #[must_use]
    pub fn is_running(&self) -> bool {
        Self::try_current().is_some_and(|current| current.is(self))
    }

    /// Whether it is closed: it runs nothing any more, and drops what it is given.
    ///
    /// # Python
    ///
    /// `loop.is_closed()`.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner().shared.is_closed()
    }

    /// One run, asked between its turns whether it is over. However soon it is stopped, it makes one turn first, without
    /// waiting: a stop that came before the run lets those run that were ready.
    pub(crate) fn over<'a>(&'a self, mut ended: impl FnMut() -> bool + 'a) -> impl FnMut() -> bool + 'a {
        if self.stopped() {
            // In the first turn; and something must be ready, or the loop would sleep before it.
            let lp = self.clone();
            self.call_soon(move || lp.stop());
        }
        let stopping = &self.inner().stopping;
        move || stopping.get() || ended()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.inner().stopping.get()
    }

    /// The run is over: the next one is not stopped. Whether this one was.
    pub(crate) fn stopped(&self) -> bool {
        self.inner().stopping.replace(false)
    }
}
