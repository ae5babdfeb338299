//! The trait in the middle: something that runs work.

use crate::{Job, Place, Room};
use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Takes work of kind `W`, runs it elsewhere, hands back a [`Job`] for its output. Usable as `dyn`.
///
/// What counts as work is the implementor's choice: a thread pool takes closures, a process pool takes calls that can be
/// written to a pipe, an event loop takes futures. Code that only needs *somewhere to run this* takes an
/// `impl Executor<W>` and does not learn which. The comfortable methods are in [`ExecutorExt`](crate::ExecutorExt).
///
/// # Ordering
///
/// Work submitted by one thread *starts* in the order it was submitted; but what a job of the same executor waits for may
/// start earlier.
///
/// # Python
///
/// `concurrent.futures.Executor`. There `submit` after `shutdown` raises and the callable is lost; here it comes back
/// inside [`Rejected`].
pub trait Executor<W> {
    /// What the work yields when it finishes.
    type Output;

    /// Accepts `work` and returns at once: never blocks, and the work never runs inside this call.
    ///
    /// # Errors
    ///
    /// [`Rejected`], which holds the work and the reason.
    fn try_submit_with(&self, work: W, options: Submit) -> Result<Job<Self::Output>, Rejected<W>>;

    /// Waits for a place in the queue. An executor without a bound answers [`Room::unbounded`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future, or the [`Place`] it gave, passes the place on to the next in line.
    fn room(&self) -> Room;
}

/// Whoever points to an executor is one.
macro_rules! pointers {
    ($($pointer:ty),*) => { $(
        impl<W, E: Executor<W> + ?Sized> Executor<W> for $pointer {
            type Output = E::Output;

            fn try_submit_with(&self, work: W, options: Submit) -> Result<Job<E::Output>, Rejected<W>> {
                (**self).try_submit_with(work, options)
            }

            fn room(&self) -> Room {
                (**self).room()
            }
        }
    )* };
}

pointers!(&E, Box<E>, Rc<E>, Arc<E>);

/// How a piece of work is to be treated. The default has no deadline and no label.
#[derive(Debug, Default)]
pub struct Submit {
    deadline: Option<Duration>,
    priority: Priority,
    label: Option<Cow<'static, str>>,
    place: Option<Place>,
}

impl Submit {
    /// No deadline, no label.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The job must be done this long after it was accepted, waiting in the queue included.
    ///
    /// A queued job is withdrawn; a worker process is killed; a thread cannot be stopped, so there the work runs to its
    /// end and its output is thrown away. [`JobError::Deadline`](crate::JobError::Deadline) says which.
    #[must_use]
    pub fn deadline(mut self, after: Duration) -> Self {
        self.deadline = Some(after);
        self
    }

    /// Before or after which others it starts, on an executor that has lanes; the others treat all alike.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// A name for reports and errors.
    #[must_use]
    pub fn label(mut self, label: impl Into<Cow<'static, str>>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Uses a place that [`Executor::room`] gave. It is taken back if the work is refused.
    #[must_use]
    pub fn place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// For implementors: when the job must be done, if it is accepted now. `None` also for a time too far to count.
    #[must_use]
    pub fn deadline_from_now(&self) -> Option<Instant> {
        self.deadline.and_then(|after| Instant::now().checked_add(after))
    }

    /// For implementors: whether the deadline has passed already, because it is no time at all. However slowly the executor
    /// comes to ask, it refuses no other work for its deadline.
    #[must_use]
    pub fn deadline_has_passed(&self) -> bool {
        self.deadline == Some(Duration::ZERO)
    }

    /// For implementors: the priority.
    #[must_use]
    pub fn priority_asked(&self) -> Priority {
        self.priority
    }

    /// For implementors: the label.
    #[must_use]
    pub fn label_ref(&self) -> Option<&Cow<'static, str>> {
        self.label.as_ref()
    }

    /// For implementors: takes the place out, if the caller brought one.
    pub fn take_place(&mut self) -> Option<Place> {
        self.place.take()
    }

    /// The same wishes for another attempt; a place serves one attempt only.
    pub(crate) fn again(&self) -> Self {
        Self { label: self.label.clone(), place: None, ..*self }
    }
}

/// Which jobs start first. Jobs of one priority start in the order they were submitted.
///
/// # Ordering
///
/// An executor with lanes ages them: a lane with work is not passed over for ever, however much comes with a higher
/// priority. It says what its bound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// Before all others.
    High,
    /// What nothing is said about.
    #[default]
    Normal,
    /// After all others.
    Low,
}

/// Work that was not accepted, and why. The work comes back whole.
pub struct Rejected<W> {
    /// In a mutex so that the error is `Sync`, and `?` carries it, whatever the work.
    work: Mutex<W>,
    /// Why it was not accepted.
    pub why: Reject,
}

impl<W> Rejected<W> {
    /// Gives `work` back.
    #[must_use]
    pub fn new(work: W, why: Reject) -> Self {
        Self { work: Mutex::new(work), why }
    }

    /// What the caller put in.
    #[must_use]
    pub fn into_work(self) -> W {
        self.work.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same refusal around other work: for executors that wrap another one.
    pub fn map<V>(self, unwrap: impl FnOnce(W) -> V) -> Rejected<V> {
        let why = self.why.clone();
        Rejected::new(unwrap(self.into_work()), why)
    }
}

/// Why work was not accepted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Reject {
    /// The queue is full. Wait for [`room`](Executor::room), or use [`submit`](crate::ExecutorExt::submit), which does.
    Full,
    /// The executor is shutting down or has shut down.
    ShuttingDown,
    /// The executor cannot run anything any more (workers that cannot start, for example), in its own words.
    Broken(Arc<dyn std::error::Error + Send + Sync>),
    /// The work is larger than the executor takes.
    TooLarge {
        /// Its size in bytes.
        len: usize,
        /// The largest size in bytes that is accepted.
        limit: usize,
    },
    /// The work cannot be written to the wire.
    Codec(crate::CodecError),
    /// The deadline was over before the work was accepted.
    DeadlinePassed,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the queue is full; wait for `room()`, or use `submit`, which waits"),
            Self::ShuttingDown => f.write_str(
                "the executor is shutting down, or its loop is closed: submit before that, or to another one",
            ),
            Self::Broken(why) => write!(f, "the executor is broken: {why}"),
            Self::TooLarge { len, limit } => {
                write!(f, "the work takes {len} bytes, more than the limit of {limit}")
            }
            Self::Codec(error) => write!(f, "{error}"),
            Self::DeadlinePassed => f.write_str("the deadline had passed already"),
        }
    }
}

impl std::error::Error for Reject {}

impl<W> fmt::Debug for Rejected<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("why", &self.why).finish_non_exhaustive()
    }
}

impl<W> fmt::Display for Rejected<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the executor refused the work: {}", self.why)
    }
}

impl<W> std::error::Error for Rejected<W> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.why)
    }
}
