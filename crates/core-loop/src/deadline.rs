//! Until when something may last: a duration from now on, a time, or for ever.

use crate::current::Loop;
use std::time::{Duration, Instant};

/// Until when something may last: what [`timeout_scope`](crate::timeout_scope()) and
/// [`reschedule`](crate::TimeoutScope::reschedule) take.
///
/// Give them a [`Duration`], which counts from that call on; an [`Instant`] of the loop's [clock](Loop::time); or `None`, for
/// ever. So what [`when`](crate::TimeoutScope::when) gives may be given back. A duration that is too long to count is for ever,
/// too.
///
/// # Examples
///
/// ```
/// use core_loop::{Deadline, Loop, timeout_scope};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// # core_loop::run(async {
/// let second = Duration::from_secs(1);
/// assert!(timeout_scope(second, async |scope| scope.when().is_some()).await.unwrap());
/// assert!(timeout_scope(Loop::current().time() + second, async |scope| scope.when().is_some()).await.unwrap());
/// assert!(timeout_scope(None, async |scope| scope.when().is_none()).await.unwrap());
///
/// let configured: Option<Duration> = None;
/// assert!(timeout_scope(Deadline::after(configured), async |scope| scope.when().is_none()).await.unwrap());
/// # })
/// # }
/// ```
///
/// # Python
///
/// The `delay` of `asyncio.timeout` and the `when` of `asyncio.timeout_at`, which may be `None` both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Until);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    After(Duration),
    At(Instant),
    Never,
}

impl Deadline {
    /// For ever.
    pub const NEVER: Self = Self(Until::Never);

    /// So much later than it is used, or for ever: for a limit that may be there or not.
    pub fn after(delay: impl Into<Option<Duration>>) -> Self {
        Self(delay.into().map_or(Until::Never, Until::After))
    }

    /// At this time, or for ever.
    pub fn at(when: impl Into<Option<Instant>>) -> Self {
        Self(when.into().map_or(Until::Never, Until::At))
    }

    /// The time, by the clock of `lp`; `None` for ever.
    pub(crate) fn of(self, lp: &Loop) -> Option<Instant> {
        match self.0 {
            Until::After(delay) => lp.time().checked_add(delay),
            Until::At(when) => Some(when),
            Until::Never => None,
        }
    }
}

impl From<Duration> for Deadline {
    fn from(delay: Duration) -> Self {
        Self::after(delay)
    }
}

impl From<Instant> for Deadline {
    fn from(when: Instant) -> Self {
        Self::at(when)
    }
}

// None of `Option<Duration>`: then nobody could tell which one a bare `None` is.
impl From<Option<Instant>> for Deadline {
    fn from(when: Option<Instant>) -> Self {
        Self::at(when)
    }
}
