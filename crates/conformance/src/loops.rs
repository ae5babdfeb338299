//! The behaviours of loops, an area a file.

use crate::behaviour::{Behaviour, Kind, Miss, Verdict, ensure};
use crate::catalogue::registry;
use crate::{Subject, Trace, differential, spy};
use contract::{Driver, Unavailable};
use core_loop::{Cancelled, Loop, Runner, cancellable, current_task, spawn_cooperative};
use std::panic::Location;
use std::rc::Rc;
use std::time::{Duration, Instant};

mod as_completed;
mod bridge;
pub(crate) mod bytes;
mod datagram;
mod debug;
mod driver;
mod eager;
mod exc;
mod file;
mod future;
mod gather;
mod generator;
mod idle;
mod interrupt;
mod introspect;
mod io;
mod r#loop;
mod nesting;
mod pipe;
mod pool;
mod runner;
mod sendfile;
mod server;
mod shield;
mod signal;
mod sleep;
mod stream;
mod subprocess;
mod survives;
mod task;
mod taskgroup;
mod timeout;
mod timer;
mod transport;
mod udp;
mod unix;
mod wait;
mod wait_for;
pub(crate) mod wire;

/// The kind of subject that is a loop: a driver under core-loop's scheduler.
#[derive(Debug, Clone, Copy)]
pub enum Loops {}

crate::loop_behaviours!(registry, Loops);

impl Kind for Loops {
    type Made = Box<dyn Driver>;
    const NAME: &'static str = "loop";

    fn behaviours() -> &'static [Behaviour<Self>] {
        BEHAVIOURS
    }
}

/// How long a close may wait for work that does end.
pub(crate) const GRACE: Duration = Duration::from_secs(60);

/// A time that no behaviour waits for.
const NEVER: Duration = Duration::from_secs(3600);

impl Subject<Loops> {
    /// A loop carried by the driver that `make` makes, fresh for each behaviour.
    pub fn driver<D: Driver + 'static>(
        name: impl Into<String>,
        make: impl Fn() -> Result<D, Unavailable> + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, move || Ok(Box::new(make()?)))
    }

    /// A fresh loop that has not run yet.
    fn runner(&self) -> Result<Runner, Miss> {
        Ok(Runner::boxed(self.fresh()?))
    }

    /// Runs `main` on a fresh loop and closes it.
    fn run(&self, main: impl AsyncFnOnce() -> Verdict) -> Verdict {
        run(self.fresh()?, main)
    }

    /// `time.sleep(duration)`: keeps the loop that runs here for so long, by its own clock.
    pub(crate) fn let_time_pass(&self, duration: Duration) {
        let lp = here();
        let end = lp.time() + duration;
        loop {
            let left = end.saturating_duration_since(lp.time());
            if left.is_zero() {
                return;
            }
            (self.pass)(left);
        }
    }

    /// As [`run`](Self::run), with the clock that measures it.
    fn run_timed(&self, main: impl AsyncFnOnce(Rc<dyn Fn() -> Instant>) -> Verdict) -> Verdict {
        let driver = self.fresh()?;
        let clock = Rc::new(clock(&*driver));
        run(driver, async || main(clock).await)
    }

    /// As [`run`](Self::run), on a driver that is watched.
    fn run_watched(&self, main: impl AsyncFnOnce(Rc<spy::Log>) -> Verdict) -> Verdict {
        let (driver, log) = spy::watch(self.fresh()?);
        let mut runner = Runner::new(driver);
        let verdict = runner.run(main(log));
        runner.close(GRACE);
        verdict?
    }
}

/// What time is measured with: a clock of one's own, so that one of the driver's that is wrong is found out; that of the loop
/// where time jumps.
fn clock(driver: &dyn Driver) -> impl Fn() -> Instant + 'static {
    let reactor = driver.reactor();
    let jumps = reactor.outside(Location::caller()).is_some();
    move || if jumps { reactor.now() } else { Instant::now() }
}

/// Runs `main` on a fresh loop that `driver` carries, and closes it.
pub(crate) fn run(driver: Box<dyn Driver>, main: impl AsyncFnOnce() -> Verdict) -> Verdict {
    let mut runner = Runner::boxed(driver);
    let verdict = runner.run(main());
    let report = runner.close(GRACE);
    verdict??;
    ensure(report.is_clean(), format!("the close reports: {report}"))
}

pub(crate) use wire::{reports, until};

/// Runs `main` in a cooperative task that nobody cancels.
async fn asked(main: impl Future<Output = Result<Verdict, Cancelled>> + 'static) -> Verdict {
    spawn_cooperative(main).await?
}

/// Waits in a cooperative task until somebody asks it to end.
async fn interrupted() -> Cancelled {
    loop {
        if let Err(cancelled) = cancellable(std::future::pending::<()>()).await {
            return cancelled;
        }
    }
}

/// How many requests the task that runs here has.
fn requests() -> u32 {
    current_task().map_or(0, |task| task.cancelling())
}

/// Gives up `count` turns.
pub(crate) async fn turns(count: usize) {
    for _ in 0..count {
        core_loop::yield_now().await;
    }
}

/// What tasks of a report are called.
fn names(tasks: &[core_loop::WhichTask]) -> Vec<&str> {
    tasks.iter().map(|task| &*task.name).collect()
}

/// The loop that runs here.
fn here() -> Loop {
    Loop::current()
}

/// A panic with these words, of which the panic hook prints nothing.
pub(crate) fn quiet_panic(words: &'static str) {
    std::panic::resume_unwind(Box::new(words));
}
