//! Debug mode: a loop that says what is wrong with the way it is used.

mod board;
mod doing;
mod origin;
mod report;
mod watch;
mod watchdog;
mod which;

use crate::current::{Inner, Loop};
use crate::exception::shielded;
use crate::sync::{Mutex, lock};
use crate::task::Header;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub(crate) use board::Board;
pub use doing::Doing;
pub(crate) use origin::Origin;
pub use report::DebugReport;
pub(crate) use watch::Watch;
pub use which::{Awaitable, StepInfo, WhichTask, WhichThread};

/// The number is asyncio's.
const SLOW: Duration = Duration::from_millis(100);

/// A step that lasts so many times the slow one is reported while it lasts.
const BLOCKED: u32 = 10;

/// Switches debug mode on for every loop whose runner does not say otherwise.
const VARIABLE: &str = "CORE_LOOP_DEBUG";

type Handler = Arc<dyn Fn(&DebugReport) + Send + Sync>;

/// How a loop reports, whether debug mode is on or not.
pub(crate) struct Settings {
    slow: Mutex<Duration>,
    handler: Mutex<Option<Handler>>,
}

impl Settings {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { slow: Mutex::new(SLOW), handler: Mutex::new(None) })
    }

    fn slow(&self) -> Duration {
        *lock(&self.slow)
    }

    fn blocked(&self) -> Duration {
        self.slow().saturating_mul(BLOCKED)
    }

    /// To the handler, or to standard error. On any thread, without a lock.
    fn report(&self, report: &DebugReport) {
        if !self.tell_handler(report) {
            eprintln!("core_loop: {report}");
        }
    }

    /// `false` if there is no handler.
    fn tell_handler(&self, report: &DebugReport) -> bool {
        let handler = lock(&self.handler).clone();
        let Some(handler) = handler else { return false };
        shielded("the debug handler panicked", || handler(report));
        true
    }
}

impl Loop {
    /// Switches debug mode on or off. At the loop's beginning it is on if the environment had `CORE_LOOP_DEBUG`, neither
    /// empty nor `0`, when the first loop of the process was made; [`Runner::debug`](crate::Runner::debug) and this have the last word.
    ///
    /// In debug mode these are [reported](DebugReport):
    /// * a step that took long (see [`set_slow_callback_duration`](Self::set_slow_callback_duration)), once it is over;
    /// * a step that takes ten times as long, while it lasts, and again each time it has lasted twice as long: this is told
    ///   by a thread of its own, the loop being blocked;
    /// * tasks that begin to await each other in a circle, up to a thousand of them;
    /// * a task that is destroyed while it is pending: at the close, after the grace;
    /// * the handle of a pending task that is dropped before it was awaited, cancelled, or [detached](crate::Task::detach);
    /// * a [`core_loop::Future`](crate::Future) that is dropped and was never awaited, asked after or cancelled;
    /// * an `Err` that a task gave, or a [`core_loop::Future`](crate::Future) was set to, and nobody read.
    ///
    /// Calls from a wrong thread need no debug mode: a [`Loop`] is not `Send`, and the free functions panic outside a loop.
    /// A panic that nobody awaits goes to the [exception handler](Self::set_exception_handler), in every mode; an `Err` that
    /// nobody reads goes there as well, in debug mode.
    ///
    /// Off, it costs one branch a step; on, a lock that nobody else wants and a look at the clock.
    ///
    /// # Python
    ///
    /// `loop.set_debug(enabled)`, `PYTHONASYNCIODEBUG`. Its watchdog is ours.
    pub fn set_debug(&self, on: bool) {
        if on != self.get_debug() {
            self.watch(on);
        }
    }

    /// Whether debug mode is on.
    ///
    /// # Python
    ///
    /// `loop.get_debug()`.
    #[must_use]
    pub fn get_debug(&self) -> bool {
        self.own_watch().is_some_and(|watch| watch.debugs())
    }

    /// From how long on a step is reported as slow in debug mode: 100 ms, unless set here.
    ///
    /// # Units
    ///
    /// Time of the machine, also on a loop whose own time is virtual.
    ///
    /// # Python
    ///
    /// `loop.slow_callback_duration = seconds`.
    pub fn set_slow_callback_duration(&self, duration: Duration) {
        *lock(&self.inner().settings.slow) = duration;
        if let Some(watch) = self.own_watch() {
            watch.board().settings_changed();
        }
    }

    /// Sets who is told what debug mode finds; without one it is printed to standard error. It may be called on the loop's
    /// thread or on that of its watchdog. For `tracing` it is `|report| tracing::warn!("{report}")`.
    ///
    /// A handler that panics is reported to the exception handler, or to standard error.
    pub fn set_debug_handler(&self, handler: impl Fn(&DebugReport) + Send + Sync + 'static) {
        let before = lock(&self.inner().settings.handler).replace(Arc::new(handler));
        drop(before);
    }

    /// What every loop begins with.
    pub(crate) fn begin_watch(&self) {
        /// Asked once: it is a walk through the environment under a lock.
        static BY_VARIABLE: OnceLock<bool> = OnceLock::new();
        let by_variable =
            || std::env::var_os(VARIABLE).is_some_and(|value| !value.is_empty() && value != "0");
        let debug = *BY_VARIABLE.get_or_init(by_variable);
        if debug || crate::dump::is_on() {
            self.watch(debug);
        }
    }

    /// Takes every observer off: the loop is closed.
    pub(crate) fn end_watch(&self) {
        self.change_observers(|observers| observers.take());
    }

    /// Watches the loop for debug mode, or for dumps only, or no more.
    pub(crate) fn watch(&self, debug: bool) {
        let watch = (debug || crate::dump::is_on()).then(|| Watch::new(self, debug));
        self.change_observers(|observers| observers.own.replace(watch));
    }

    pub(crate) fn own_watch(&self) -> Option<std::rc::Rc<Watch>> {
        self.inner().observers.own.borrow().clone()
    }

    /// A task is destroyed by the close.
    pub(crate) fn note_destroyed(&self, task: &Header) {
        self.debug_report(|| DebugReport::DestroyedPending { task: WhichTask::of(task) });
    }

    fn debug_report(&self, report: impl FnOnce() -> DebugReport) {
        if self.get_debug() {
            self.inner().settings.report(&report());
        }
    }
}

/// Whether the loop that runs here is in debug mode.
#[cold]
pub(crate) fn is_on() -> bool {
    Loop::try_current().is_some_and(|lp| lp.get_debug())
}

/// `task` has got its name.
#[cold]
pub(crate) fn named(task: &Header) {
    // Under another loop's step its loop's board is not at hand, and that one's lists another task under this id.
    if let Some(watch) = task.loop_here().and_then(|lp| lp.own_watch()) {
        watch.board().rename(task.id(), task.name());
    }
}

/// Somebody awaits `task`, for the first time or again. Another loop's are no business of this one.
#[cold]
pub(crate) fn awaited(task: &Header) {
    let Some(lp) = task.loop_here() else { return };
    let Some(watch) = lp.own_watch() else { return };
    if let Some(cycle) = watch.awaited(task) {
        lp.debug_report(|| DebugReport::AwaitCycle { tasks: cycle });
    }
}

/// The handle of a pending task is dropped, and nobody ever awaited it.
#[cold]
pub(crate) fn never_awaited(task: &Header) {
    if let Some(lp) = Loop::try_current()
        && !is_unwinding()
    {
        lp.debug_report(|| DebugReport::NeverAwaited { what: Awaitable::Task(WhichTask::of(task)) });
    }
}

/// The error that `task` gave is dropped unread: the debug handler is told, if there is one.
#[cold]
pub(crate) fn unread_error(task: &Header, type_name: &'static str) {
    if let Some(lp) = Loop::try_current() {
        let what = Awaitable::Task(WhichTask::of(task));
        lp.inner().settings.tell_handler(&DebugReport::UnreadError { what, type_name });
    }
}

/// What is dropped here and now goes with somebody who was cancelled, or has panicked, and may have meant to await it.
fn is_unwinding() -> bool {
    let ends = |inner: &Inner| inner.discarding.get() || inner.cancelling.borrow().is_some();
    std::thread::panicking() || Loop::try_current().is_some_and(|lp| ends(lp.inner()))
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("slow", &self.slow()).finish_non_exhaustive()
    }
}
