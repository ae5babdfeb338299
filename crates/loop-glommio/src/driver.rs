//! A glommio executor that carries the loop.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use contract::driver::{Driver, Reactor, Unavailable};
use glommio::{LocalExecutor, LocalExecutorBuilder, Placement};

use crate::bell::{self, Bell, Rope};
use crate::carry::{carry, finish};
use crate::probe::probe;
use crate::reactor::GlommioReactor;

/// How long tasks that were spawned through glommio itself, and never wait, may keep it from its I/O.
///
/// Not less: a preempt timer that fires between glommio's look at its I/O and its first task makes glommio 0.9 sleep with
/// that task ready to run. At 1 ms a busy machine shows it within seconds. The root needs no preempt timer (see `carry`).
const PREEMPT_TIMER: Duration = Duration::from_secs(1);

/// The registered memory of an executor, which only files in direct mode use: glommio's default is 10 MiB.
const IO_MEMORY_BYTES: usize = 1 << 20;

thread_local! {
    /// An executor of ours runs on this thread. glommio panics where a second one would.
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `future` on `executor`, and notes it for as long as that lasts.
fn run_on<T>(executor: &LocalExecutor, future: impl Future<Output = T>) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            RUNNING.set(self.0);
        }
    }
    let _restore = Restore(RUNNING.replace(true));
    executor.run(future)
}

/// Carries the loop on a glommio executor, on the thread that made it.
///
/// glommio's own files, timers and channels work inside the loop's tasks. A panic in a task that was spawned through
/// `glommio::spawn_local` ends the run, as it does in glommio; one in a task of the loop stays in that task.
#[derive(Debug)]
pub struct GlommioDriver {
    reactor: Rc<GlommioReactor>,
    /// Made once for many runs: to make it costs milliseconds, and one eventfd that glommio 0.9 never closes.
    executor: LocalExecutor,
    /// `None` while it runs, and for good once a task of glommio's own has panicked in it: in another run glommio would
    /// wait for ever.
    bell: RefCell<Option<Bell>>,
    rope: Arc<Rope>,
}

impl GlommioDriver {
    /// Starts an executor on this thread: three rings and an idle helper thread.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the kernel is too old, `io_uring` is forbidden, or too little memory may be locked; and inside a
    /// loop that glommio carries. All this is asked before glommio is, whose answer would be a panic or an `exit`.
    pub fn new() -> Result<Self, Unavailable> {
        if RUNNING.get() {
            return Err(Unavailable::new(
                "glommio",
                "a glommio executor runs on this thread already",
                "make the driver before the loop runs, or on a thread of its own",
            ));
        }
        let pair = bell::pair().map_err(|error| no_descriptors(&error))?;
        probe()?;
        // Unbound, so never spinning before it parks.
        let executor = LocalExecutorBuilder::new(Placement::Unbound)
            .preempt_timer(PREEMPT_TIMER)
            .io_memory(IO_MEMORY_BYTES)
            .make()
            .map_err(|error| no_descriptors(&error.into()))?;
        let (bell, rope) = run_on(&executor, async { bell::hang(pair) });
        Ok(Self { reactor: Rc::default(), executor, bell: RefCell::new(Some(bell)), rope: Arc::new(rope) })
    }
}

/// What goes wrong before the probe, or after it when another thread took something in between.
fn no_descriptors(error: &io::Error) -> Unavailable {
    Unavailable::new(
        "glommio",
        error.to_string(),
        "close descriptors, or raise the limits (ulimit -n, ulimit -l)",
    )
}

impl Driver for GlommioDriver {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.reactor.clone()
    }

    /// # Panics
    ///
    /// Inside a glommio executor; and after a task of glommio's own has panicked in an earlier run.
    fn run(&self, root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        let bell = self.bell.take();
        let mut bell = bell.expect("a task of glommio's own has panicked in this driver: make a new one");
        run_on(&self.executor, carry(root, &mut bell, self.rope.clone(), self.reactor.orphans()));
        self.reactor.disarm();
        self.bell.replace(Some(bell));
    }
}

impl Drop for GlommioDriver {
    fn drop(&mut self) {
        // Inside another executor this one cannot run: what is left goes with its ring.
        if self.bell.take().is_some() && !RUNNING.get() {
            // What was dropped since the last run: its sockets close, its accepts end.
            run_on(&self.executor, finish(self.reactor.orphans()));
        }
    }
}
