//! Why a group, a child, a start or a spawn gave nothing.

use crate::error::Reason;
use std::fmt;

/// What a group's children, and its body, failed with.
///
/// # Ordering
///
/// In the order in which they failed: `first` is what ended the group.
///
/// # Python
///
/// `ExceptionGroup`. A `for` loop over it and a `match` are `except*`. There the body's own exception always comes last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupError<E> {
    /// The failure that ended the group.
    pub first: E,
    /// Those of the others that had failed before the end reached them. Mostly empty.
    pub rest: Vec<E>,
}

impl<E> GroupError<E> {
    /// In order; `None` if nobody failed.
    pub(super) fn of(failures: Vec<E>) -> Option<Self> {
        let mut failures = failures.into_iter();
        Some(Self { first: failures.next()?, rest: failures.collect() })
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

impl<E> IntoIterator for GroupError<E> {
    type Item = E;
    type IntoIter = std::iter::Chain<std::iter::Once<E>, std::vec::IntoIter<E>>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self.first).chain(self.rest)
    }
}

impl<E: fmt::Display> fmt::Display for GroupError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the group failed: {}", self.first)?;
        self.rest.iter().try_for_each(|failure| write!(f, "; and: {failure}"))
    }
}

// Without a source: `Display` tells all of them already, and so `E` may be a `Box<dyn Error>`, which is no `Error`.
impl<E: fmt::Debug + fmt::Display> std::error::Error for GroupError<E> {}

/// Why a child of a group gave no value to whoever holds its handle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChildError {
    /// It was cancelled: by its handle, with its group, or because the group took no more children.
    Cancelled(Reason),
    /// It failed. What it failed with is in the [`GroupError`], or in the [`StartError`].
    Failed,
    /// It panicked. The panic goes on in whoever awaits the group.
    Panicked,
    /// The loop closed before it ended.
    Shutdown,
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled(reason) if reason.as_str().is_empty() => f.write_str("the child was cancelled"),
            Self::Cancelled(reason) => write!(f, "the child was cancelled: {reason}"),
            Self::Failed => f.write_str("the child failed: its group's error says with what"),
            Self::Panicked => f.write_str("the child panicked: whoever awaits its group gets the panic"),
            Self::Shutdown => {
                f.write_str("the loop closed before the child ended: close it with a longer grace")
            }
        }
    }
}

impl std::error::Error for ChildError {}

/// Why [`TaskGroup::start`](super::TaskGroup::start) gave nothing: the child ended before it reported.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartError<E> {
    /// It failed with this, which is no failure of the group.
    Failed(E),
    /// It returned without having reported.
    Unreported,
    /// It was cancelled, panicked, or outlived its loop.
    Ended(ChildError),
}

impl<E: fmt::Display> fmt::Display for StartError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => write!(f, "the child failed before it reported that it had started: {failure}"),
            Self::Unreported => f.write_str(
                "the child ended without having reported that it had started: call `status.started(value)` in it",
            ),
            Self::Ended(why) => write!(f, "before it reported that it had started, {why}"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for StartError<E> {}

/// The group takes no more children: it is shutting down, or it has ended. Gives the future back, unpolled.
pub struct GroupClosed<F> {
    /// What was to be spawned.
    pub future: F,
    /// The group has ended; otherwise it still waits for its children.
    pub ended: bool,
}

impl<F> GroupClosed<F> {
    /// What a child says that was not taken.
    pub(super) fn reason(&self) -> Reason {
        self.words().into()
    }

    fn words(&self) -> &'static str {
        if self.ended {
            "the group has ended and takes no more children: spawn inside its body, or in a child that still runs"
        } else {
            "the group is shutting down and takes no more children: somebody failed, or it was cancelled"
        }
    }
}

impl<F> fmt::Display for GroupClosed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl<F> fmt::Debug for GroupClosed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupClosed").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl<F> std::error::Error for GroupClosed<F> {}
