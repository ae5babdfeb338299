//! How bytes travel between two ends.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How bytes travel between the two ends of a connection. What is drawn is drawn from the driver's seed.
///
/// As it is made, a link is perfect: bytes arrive at once and whole, and nothing is lost.
///
/// # Ordering
///
/// Bytes of one direction arrive in the order in which they were written, whatever the latency.
///
/// # Examples
///
/// ```
/// use loop_virtual::Link;
/// use std::time::Duration;
///
/// let slow_and_bad = Link::new()
///     .latency(Duration::from_millis(10)..=Duration::from_millis(80))
///     .partial()
///     .lose_after(4096);
/// # let _ = slow_and_bad;
/// ```
#[derive(Debug, Clone)]
pub struct Link {
    pub(super) latency: RangeInclusive<Duration>,
    pub(super) capacity: usize,
    pub(super) partial: bool,
    pub(super) lose_after: Option<u64>,
    pub(super) lose_one_in: Option<NonZeroU32>,
}

/// What a link holds in each direction, unless it is told: about what a socket of the kernel's does.
const CAPACITY: usize = 64 * 1024;

impl Link {
    /// A perfect link.
    #[must_use]
    pub fn new() -> Self {
        Self {
            latency: Duration::ZERO..=Duration::ZERO,
            capacity: CAPACITY,
            partial: false,
            lose_after: None,
            lose_one_in: None,
        }
    }

    /// What is sent takes this long, one way; drawn anew each time from the eighths of the range, so that arrivals meet.
    ///
    /// A range that is empty is its start.
    #[must_use]
    pub fn latency(mut self, latency: RangeInclusive<Duration>) -> Self {
        self.latency = latency;
        self
    }

    /// Each direction holds so many bytes that were written and not read; at least one. 64 KiB unless set.
    #[must_use]
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes.max(1);
        self
    }

    /// A read or a write moves only some of what it could; at least one byte.
    #[must_use]
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// Lets so many bytes through, both directions counted together; the next write loses the connection.
    #[must_use]
    pub fn lose_after(mut self, bytes: u64) -> Self {
        self.lose_after = Some(bytes);
        self
    }

    /// Each write loses the connection once in so many times, also when it is tried again for lack of room. Zero is never.
    #[must_use]
    pub fn lose_one_in(mut self, times: u32) -> Self {
        self.lose_one_in = NonZeroU32::new(times);
        self
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}
