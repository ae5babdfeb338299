//! Running a loop on a driver of its own.

mod carry;

pub use carry::{Carry, carry};

use crate::close::Closing;
use crate::context;
use crate::current::Loop;
use crate::error::{CloseReport, JoinError, RunError};
use crate::exception::ExceptionContext;
use crate::interrupt::{self, Interrupt};
use crate::lend::Lent;
use crate::native::NativeDriver;
use crate::stuck::Stuck;
use crate::task::{AnyTask, Task};
use contract::Driver;
use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

/// How long a loop that ends by itself waits for its clean-ups and its threads.
///
/// The number is asyncio's `constants.THREAD_JOIN_TIMEOUT`.
pub const GRACE: Duration = Duration::from_secs(300);

/// Runs `main` on a new loop carried by the native driver, closes the loop, and gives `main`'s output.
///
/// `main` may borrow from the caller. What it leaves running is cancelled; the close waits up to [`GRACE`] for clean-ups
/// and for the threads of the default executor.
///
/// # Errors
///
/// [`RunError`]: the driver cannot run here, a loop is running on this thread already, or `main` was cancelled, by
/// [Ctrl-C](Runner::cancel_on_ctrl_c) for example.
///
/// # Panics
///
/// If `main` does, after the close.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// fn main() -> Result<(), core_loop::RunError> {
///     core_loop::run(async {
///         core_loop::sleep(Duration::from_millis(1)).await;
///         println!("hello");
///     })
/// }
/// ```
///
/// # Python
///
/// `asyncio.run(main())`.
#[track_caller]
pub fn run<F: Future>(main: F) -> Result<F::Output, RunError> {
    run_on(NativeDriver::new, main)
}

/// Runs `main` on a new loop carried by the driver that `make` makes, and closes the loop: the `run` of every carrier.
///
/// # Errors
///
/// As [`run`].
///
/// # Panics
///
/// As [`run`].
#[track_caller]
pub fn run_on<D, F>(
    make: impl FnOnce() -> Result<D, contract::Unavailable>,
    main: F,
) -> Result<F::Output, RunError>
where
    D: Driver + 'static,
    F: Future,
{
    refuse_nested()?;
    let mut runner = Runner::new(make()?);
    let outcome = runner.outcome_of(main);
    // Before a panic of main goes on: the other tasks have their clean-ups all the same.
    drop(runner);
    settle(outcome?)
}

fn refuse_nested() -> Result<(), RunError> {
    if Loop::try_current().is_some() { Err(RunError::Nested) } else { Ok(()) }
}

/// A loop and the driver that carries it: runs several mains on one loop, one after the other.
///
/// Dropping it closes the loop with [`GRACE`]; [`close`](Self::close) says how that went.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut runner = core_loop::Runner::new(core_loop::NativeDriver::new()?);
/// let task = runner.run(async { core_loop::spawn(async { "still there" }) })?;
/// assert_eq!(runner.run(task)??, "still there");
/// assert!(runner.close(Duration::from_secs(1)).is_clean());
/// # Ok(())
/// # }
/// ```
///
/// # Python
///
/// `asyncio.Runner`.
pub struct Runner {
    driver: Box<dyn Driver>,
    lp: Loop,
    /// The task-locals of its mains.
    context: Cell<context::Context>,
    /// Whether Ctrl-C cancels what its runs wait for. `None`: on the program's main thread, if nobody else wants it.
    cancel_on_ctrl_c: Option<bool>,
    closed: bool,
}

impl Runner {
    /// A new loop carried by `driver`.
    pub fn new(driver: impl Driver + 'static) -> Self {
        Self::boxed(Box::new(driver))
    }

    /// A new loop carried by a driver whose type was forgotten.
    #[must_use]
    pub fn boxed(driver: Box<dyn Driver>) -> Self {
        let lp = Loop::new(driver.reactor());
        let context = Cell::new(context::Context::current());
        Self { driver, lp, context, cancel_on_ctrl_c: None, closed: false }
    }

    /// Switches debug mode on or off for its loop, whatever the environment says: [`Loop::set_debug`].
    ///
    /// # Python
    ///
    /// `Runner(debug=True)`, `asyncio.run(main(), debug=True)`.
    #[must_use]
    pub fn debug(self, on: bool) -> Self {
        self.lp.set_debug(on);
        self
    }

    /// Whether Ctrl-C cancels what [`run`](Self::run) and [`run_until_complete`](Self::run_until_complete) wait for. It then
    /// gives [`RunError::Interrupted`], after the clean-ups; a cooperative task that swallows the request gives its output. One
    /// that ends before it could be cancelled gives it too, and its output is dropped, as in asyncio. A second Ctrl-C does what it does by default, and ends the program: also while the loop is blocked.
    ///
    /// Unless you say `true` or `false` here, it does on the program's main thread, and on no other, and only while SIGINT does
    /// what it does by default: a handler of the program's own and an ignored signal (a shell ignores it for what it starts in
    /// the background) are left alone. `true` takes it on any thread, whatever was there. [`ctrl_c`](crate::ctrl_c()) and
    /// [`Loop::add_signal_handler`] have the last word in any case. When the run ends, what was there before is back.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// match core_loop::run(std::future::pending::<()>()) {
    ///     Err(core_loop::RunError::Interrupted) => println!("bye"),
    ///     over => over?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `Runner.run`, where it cannot be switched off; `RunError::Interrupted` is `KeyboardInterrupt`.
    #[must_use]
    pub fn cancel_on_ctrl_c(mut self, on: bool) -> Self {
        self.cancel_on_ctrl_c = Some(on);
        self
    }

    /// Runs `main` to its end. Other tasks stay on the loop and go on at the next run, and what `main` sets of
    /// [task-locals](crate::TaskLocal) is there for the mains that follow.
    ///
    /// `main` may borrow from the caller, so it ends with the run in any case: a [`stop`](Loop::stop) drops it on the spot.
    /// [`run_until_complete`](Self::run_until_complete) runs a task that outlives a stop.
    ///
    /// # Errors
    ///
    /// A loop is running on this thread already, `main` was cancelled, by [Ctrl-C](Self::cancel_on_ctrl_c) for example, the
    /// loop was stopped, or the driver gave up.
    ///
    /// # Panics
    ///
    /// If `main` does.
    ///
    /// # Python
    ///
    /// `Runner.run(main())`.
    #[track_caller]
    pub fn run<F: Future>(&mut self, main: F) -> Result<F::Output, RunError> {
        settle(self.outcome_of(main)?)
    }

    #[track_caller]
    fn outcome_of<F: Future>(&mut self, main: F) -> Result<Result<F::Output, JoinError>, RunError> {
        refuse_nested()?;
        let output = Cell::new(None);
        let main = async {
            let _kept = context::KeptIn(&self.context);
            output.set(Some(main.await));
        };
        let context = self.context.take();
        self.context.set(context.clone());
        // Not in a closure, which would hide from where this was called.
        let outer = context::swap(context);
        let lent = Lent::new(&self.lp, Box::pin(main));
        drop(context::swap(outer));
        let mut interrupt = self.interrupt(lent.task().any());
        let main = lent.task().header();
        let over = self.turns_until(interrupt.as_mut(), || main.is_done());
        let completed = main.is_done();
        let outcome = lent.end();
        let interrupted = interrupt.is_some_and(|interrupt| interrupt.ended(&outcome));
        if !completed {
            over?;
        }
        if interrupted {
            return Err(RunError::Interrupted);
        }
        Ok(outcome.map(|()| output.take().expect("a main that ended left its output")))
    }

    /// Runs the loop until `task`, one of its own, has ended. A task that was not waited for to the end is still there, and
    /// so is its handle: a later run goes on.
    ///
    /// # Errors
    ///
    /// A loop is running on this thread already, the task is another loop's, the loop was stopped first, or the driver gave
    /// up. The task's own errors are inside.
    ///
    /// # Panics
    ///
    /// If the task gave its output before.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use core_loop::{Loop, RunError, Runner};
    ///
    /// let mut runner = Runner::new(core_loop::NativeDriver::new()?);
    /// let mut task = runner.get_loop().spawn(async {
    ///     Loop::current().stop();
    ///     core_loop::yield_now().await;
    ///     "went on"
    /// });
    /// assert!(matches!(runner.run_until_complete(&mut task), Err(RunError::Stopped)));
    /// assert_eq!(runner.run_until_complete(&mut task)??, "went on");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `loop.run_until_complete(future)`.
    pub fn run_until_complete<T>(&mut self, task: &mut Task<T>) -> Result<Result<T, JoinError>, RunError> {
        refuse_nested()?;
        if !task.belongs_to(&self.lp) {
            return Err(RunError::Foreign);
        }
        let mut interrupt = self.interrupt(task.any());
        let over = self.turns_until(interrupt.as_mut(), || task.done());
        if !task.done() {
            over?;
        }
        let outcome = task.take_outcome();
        if interrupt.is_some_and(|interrupt| interrupt.ended(&outcome)) {
            return Err(RunError::Interrupted);
        }
        Ok(outcome)
    }

    /// Runs the loop until it is [stopped](Loop::stop).
    ///
    /// # Errors
    ///
    /// A loop is running on this thread already, or the driver gave up.
    ///
    /// # Python
    ///
    /// `loop.run_forever()`.
    pub fn run_forever(&mut self) -> Result<(), RunError> {
        refuse_nested()?;
        match self.turns_until(None, || false) {
            Err(RunError::Stopped) => Ok(()),
            over => over,
        }
    }

    /// Runs turns until `ended`; else says what ended the run: a stop, or the driver.
    fn turns_until(
        &self,
        mut interrupt: Option<&mut Interrupt<'_>>,
        mut ended: impl FnMut() -> bool,
    ) -> Result<(), RunError> {
        {
            let mut over = self.lp.over(&mut ended);
            self.driver.run(pin!(poll_fn(|cx| {
                let polled = self.lp.poll_turns(cx, &mut over);
                interrupt::before_sleep(polled, &mut interrupt)
            })));
        }
        if self.lp.stopped() {
            return Err(RunError::Stopped);
        }
        if ended() {
            return Ok(());
        }
        Err(RunError::Stuck(Stuck::of(&self.lp, self.driver.gave_up())))
    }

    /// Lets Ctrl-C cancel `awaited` for as long as this lives, if that is wanted here.
    fn interrupt(&self, awaited: AnyTask) -> Option<Interrupt<'_>> {
        let asked = self.cancel_on_ctrl_c;
        (asked != Some(false)).then(|| Interrupt::begin(&self.lp, awaited, asked == Some(true)))?
    }

    /// The loop, to register callbacks or make a handle before it runs.
    #[must_use]
    pub fn get_loop(&self) -> &Loop {
        &self.lp
    }

    /// Refuses jobs from its handles, cancels all tasks, drives the loop until they have ended, and shuts the default executor
    /// down: all within `grace`. What has not ended by then is dropped, and named in the report. A job that was accepted and
    /// has not started never does, and says `Shutdown`. Inside another loop, which it would block, it drops everything on the
    /// spot.
    ///
    /// The loop that runs cannot be closed: its run borrows the runner.
    ///
    /// ```compile_fail,E0505
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut runner = core_loop::Runner::new(core_loop::NativeDriver::new()?);
    /// runner.run(async { runner.close(core_loop::GRACE) })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `Runner.close()`, which has no bound and no report. `loop.close()` of a loop that runs raises.
    pub fn close(mut self, grace: Duration) -> CloseReport {
        self.close_within(grace)
    }

    pub(crate) fn close_within(&mut self, grace: Duration) -> CloseReport {
        self.closed = true;
        if Loop::try_current().is_some() {
            // Driving it would block the loop that runs here, clean-ups and all; some runtimes even refuse.
            return Closing::abandon(&self.lp);
        }
        let mut closing = Closing::begin(&self.lp, grace);
        if !closing.is_over() {
            self.driver.run(pin!(poll_fn(|cx| closing.poll(cx))));
        }
        closing.shut_executor_down();
        closing.finish()
    }
}

impl Runner {
    /// Drops everything on the spot: for a driver that cannot be run any more.
    pub(crate) fn abandon(&mut self) -> CloseReport {
        self.closed = true;
        Closing::abandon(&self.lp)
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if !self.closed {
            let report = self.close_within(if std::thread::panicking() { Duration::ZERO } else { GRACE });
            report_unclean(&report);
        }
    }
}

/// For a close whose report nobody asked for: it is told what did not go well.
pub(crate) fn report_unclean(report: &CloseReport) {
    if !report.is_clean() {
        crate::exception::report(&ExceptionContext::new(format!("the loop did not close cleanly: {report}")));
    }
}

/// What came of a main task.
fn settle<T>(outcome: Result<T, JoinError>) -> Result<T, RunError> {
    match outcome {
        Ok(output) => Ok(output),
        Err(JoinError::Cancelled(reason)) => Err(RunError::Cancelled(reason)),
        Err(JoinError::Shutdown) => Err(RunError::Cancelled("its loop was closed".into())),
        Err(JoinError::Panicked(panic)) => panic.resume(),
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("loop", &self.lp).finish_non_exhaustive()
    }
}
