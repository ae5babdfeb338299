//! Why something did not come out: of a task, of a timeout, of a run.

use crate::debug::WhichTask;
use crate::pool::LoopLost;
use crate::stuck::Stuck;
use contract::{Panic, Report, Unavailable};
use std::borrow::Cow;
use std::fmt;

/// Why a task was cancelled, in the words of whoever did it. May be empty.
///
/// # Python
///
/// The `msg` of `Task.cancel(msg)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason(Cow<'static, str>);

impl Reason {
    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Reason {
    fn from(words: &'static str) -> Self {
        Self(Cow::Borrowed(words))
    }
}

impl From<String> for Reason {
    fn from(words: String) -> Self {
        Self(Cow::Owned(words))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a task gave no output.
///
/// # Python
///
/// What `await task` raises: `CancelledError`, or the task's own exception.
#[derive(Debug)]
#[non_exhaustive]
pub enum JoinError {
    /// It was cancelled.
    Cancelled(Reason),
    /// It panicked.
    Panicked(Panic),
    /// Its loop closed before it ended.
    Shutdown,
}

impl JoinError {
    /// The same once more, for somebody else who asks: of a panic its words and its place, without the payload.
    pub(crate) fn echo(&self) -> Self {
        match self {
            Self::Cancelled(reason) => Self::Cancelled(reason.clone()),
            Self::Panicked(panic) => {
                let place = panic.location().map(str::to_owned);
                Self::Panicked(Panic::from_words(panic.message().to_owned(), place))
            }
            Self::Shutdown => Self::Shutdown,
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled(reason) if reason.as_str().is_empty() => f.write_str("the task was cancelled"),
            Self::Cancelled(reason) => write!(f, "the task was cancelled: {reason}"),
            Self::Panicked(panic) => write!(f, "the task panicked: {panic}"),
            Self::Shutdown => f.write_str(
                "the loop closed before the task ended: await it before the main does, or close with a longer grace",
            ),
        }
    }
}

impl std::error::Error for JoinError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Panicked(panic) => Some(panic),
            Self::Cancelled(_) | Self::Shutdown => None,
        }
    }
}

/// A cancel was asked for: what a [`cancellable`](crate::cancellable) gives then.
///
/// # Python
///
/// `asyncio.CancelledError`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled(Reason);

impl Cancelled {
    pub(crate) fn new(reason: Reason) -> Self {
        Self(reason)
    }

    /// Why, in the words of whoever did it.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.0
    }

    pub(crate) fn into_reason(self) -> Reason {
        self.0
    }
}

impl From<Reason> for Cancelled {
    fn from(reason: Reason) -> Self {
        Self(reason)
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.as_str().is_empty() { f.write_str("cancelled") } else { write!(f, "cancelled: {}", self.0) }
    }
}

impl std::error::Error for Cancelled {}

/// This cannot be done in the state in which it was found. Gives back what it was given.
///
/// # Python
///
/// `InvalidStateError`; for a timeout `RuntimeError`.
pub struct InvalidState<V = ()> {
    found: Found,
    given: V,
}

/// In which state something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Pending,
    Finished,
    Cancelled(Reason),
    Expired,
    Over,
}

impl<V> InvalidState<V> {
    pub(crate) fn new(found: Found, given: V) -> Self {
        Self { found, given }
    }

    /// What could not be set.
    pub fn into_inner(self) -> V {
        self.given
    }
}

impl<V> fmt::Display for InvalidState<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Found::Pending => f.write_str("the future has no outcome yet: await it, or ask `done()` first"),
            Found::Finished => f.write_str(
                "the future has its outcome already: ask `done()` before setting it, or set it from one place only",
            ),
            Found::Cancelled(reason) => write!(
                f,
                "the future was cancelled ({reason}): ask `cancelled()` first; whoever was to set it may let it be"
            ),
            Found::Expired => f.write_str("the timeout has expired: reschedule it before its deadline"),
            Found::Over => f.write_str("the timeout is over: reschedule it inside its body"),
        }
    }
}

impl<V> fmt::Debug for InvalidState<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InvalidState").field(&self.found).finish()
    }
}

impl<V> std::error::Error for InvalidState<V> {}

/// The time given to a [`timeout`](crate::timeout) is over.
///
/// # Python
///
/// `TimeoutError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time is over")
    }
}

impl std::error::Error for Elapsed {}

impl From<Elapsed> for std::io::Error {
    fn from(elapsed: Elapsed) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, elapsed)
    }
}

/// Why a run of a loop gave no output. `Debug` prints what `Display` does, so that `fn main() -> Result<(), RunError>`
/// ends with a readable line.
#[non_exhaustive]
pub enum RunError {
    /// The runtime cannot run here.
    Unavailable(Unavailable),
    /// A loop is running on this thread already.
    Nested,
    /// The main task was cancelled.
    Cancelled(Reason),
    /// Ctrl-C has cancelled the main task: [`Runner::cancel_on_ctrl_c`](crate::Runner::cancel_on_ctrl_c).
    Interrupted,
    /// Nothing would ever wake the loop again.
    Stuck(Stuck),
    /// [`Loop::stop`](crate::Loop::stop) ended the run before its task had ended.
    Stopped,
    /// The task belongs to another loop, or its loop is closed.
    Foreign,
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(why) => write!(f, "{why}"),
            Self::Nested => f.write_str(
                "a loop is running on this thread already: `.await` the work there, `spawn` it, or run the other loop \
                 on a thread of its own",
            ),
            Self::Cancelled(reason) if reason.as_str().is_empty() => f.write_str("the main task was cancelled"),
            Self::Cancelled(reason) => write!(f, "the main task was cancelled: {reason}"),
            Self::Interrupted => f.write_str("interrupted by Ctrl-C"),
            Self::Stuck(stuck) => write!(f, "{stuck}"),
            Self::Stopped => f.write_str(
                "the loop was stopped before its task ended: run it again with `run_until_complete`, which goes on where \
                 the task was",
            ),
            Self::Foreign => f.write_str(
                "the task belongs to another loop: spawn it on this one, with `runner.get_loop().spawn(future)`",
            ),
        }
    }
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unavailable(why) => Some(why),
            Self::Stuck(stuck) => Some(stuck),
            Self::Nested | Self::Cancelled(_) | Self::Interrupted | Self::Stopped | Self::Foreign => None,
        }
    }
}

impl From<Unavailable> for RunError {
    fn from(why: Unavailable) -> Self {
        Self::Unavailable(why)
    }
}

/// The loop has closed, or never was: nothing can be sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the loop is closed: end those who send to it before its close, or send to one that runs; `is_closed()` tells",
        )
    }
}

impl std::error::Error for Closed {}

/// How a close went.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CloseReport {
    /// How many tasks were still running when the close began, and were cancelled.
    pub cancelled: usize,
    /// Those whose clean-ups did not end within the grace; they were dropped. Of a task of a [`LoopPool`](crate::LoopPool) the
    /// name says on which of the loops it was.
    pub dropped: Vec<WhichTask>,
    /// How the default executor ended, if it was ever used.
    pub executor: Option<Report>,
    /// The loops of a [`LoopPool`](crate::LoopPool) that had died, or did not answer within the grace.
    pub lost: Vec<LoopLost>,
}

impl CloseReport {
    /// Nothing had to be dropped, no thread was left behind, and no loop was lost.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.dropped.is_empty() && self.lost.is_empty() && self.executor.as_ref().is_none_or(Report::is_clean)
    }
}

impl fmt::Display for CloseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tasks cancelled, {} dropped", self.cancelled, self.dropped.len())?;
        for task in &self.dropped {
            write!(f, "\n  dropped: {task}")?;
        }
        for lost in &self.lost {
            write!(f, "\n  {lost}")?;
        }
        match &self.executor {
            Some(report) => write!(f, "\n  default executor: {report}"),
            None => Ok(()),
        }
    }
}
