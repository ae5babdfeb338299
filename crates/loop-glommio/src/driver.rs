//! A glommio executor that carries the loop.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use contract::driver::{Driver, Reactor, Unavailable};
use glommio::{LocalExecutor, LocalExecutorBuilder, Placement};

use crate::carry::{carry, finish};
use crate::probe::probe;
use crate::reactor::GlommioReactor;

/// How long tasks that were spawned through glommio itself may keep it from its I/O; its own default is 100 ms.
const PREEMPT_TIMER: Duration = Duration::from_millis(1);

/// The registered memory of an executor, which only files in direct mode use: glommio's default is 10 MiB.
const IO_MEMORY_BYTES: usize = 1 << 20;

/// Carries the loop on a glommio executor, on the thread that made it.
///
/// glommio's own files, timers and channels work inside the loop's tasks. A panic in a task that was spawned through
/// `glommio::spawn_local` ends the run, as it does in glommio; one in a task of the loop stays in that task.
#[derive(Debug)]
pub struct GlommioDriver {
    reactor: Rc<GlommioReactor>,
    /// Made once for many runs: to make it costs milliseconds, and one eventfd that glommio 0.9 never closes.
    executor: LocalExecutor,
    state: Cell<State>,
}

/// What may be done with the executor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has never run.
    Fresh,
    /// It runs, or a task of glommio's own has panicked in it: glommio would wait for ever in another run.
    Running,
    /// It can run again, and the last run may have left it something to do.
    Rested,
}

impl GlommioDriver {
    /// Starts an executor on this thread: three rings and an idle helper thread.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the kernel is too old, `io_uring` is forbidden, or too little memory may be locked. All this
    /// is asked before glommio is, whose answer would be a panic or an `exit`.
    pub fn new() -> Result<Self, Unavailable> {
        probe()?;
        // Unbound, so never spinning before it parks.
        let executor = LocalExecutorBuilder::new(Placement::Unbound)
            .preempt_timer(PREEMPT_TIMER)
            .io_memory(IO_MEMORY_BYTES)
            .make()
            .map_err(|error| {
                Unavailable::new(
                    "glommio",
                    error.to_string(),
                    "close other io_uring programs, or raise their limits",
                )
            })?;
        Ok(Self { reactor: Rc::default(), executor, state: Cell::new(State::Fresh) })
    }
}

impl Driver for GlommioDriver {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.reactor.clone()
    }

    fn run(&self, root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        let before = self.state.replace(State::Running);
        assert_ne!(
            before,
            State::Running,
            "a task of glommio's own has panicked in this driver: make a new one"
        );
        self.executor.run(carry(root, self.reactor.orphans()));
        self.reactor.disarm();
        self.state.set(State::Rested);
    }
}

impl Drop for GlommioDriver {
    fn drop(&mut self) {
        if self.state.get() == State::Rested {
            // What was dropped since the last run: its sockets close, its accepts end.
            self.executor.run(finish(self.reactor.orphans()));
        }
    }
}
