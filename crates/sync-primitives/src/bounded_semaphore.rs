//! A semaphore that knows how many permits there are: none comes back that was not taken, and it can be closed.

use crate::blocking::{block_on, block_on_timeout};
use crate::kind::Shared;
use crate::permits::{Acquire, HasPermits, Held, Key, Permits};
use crate::semaphore::Permit;
use crate::sync::{AtomicUsize, Ordering, const_fn};
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A [`Semaphore`](crate::Semaphore) of a fixed number of permits, which can be closed.
///
/// First come, first served, as there. A permit that comes back too often is an error, and so is asking for more than there
/// will ever be. After a [`close`](Self::close) nobody gets a permit any more.
///
/// # Ordering
///
/// As [`Semaphore`](crate::Semaphore).
///
/// # Examples
///
/// ```
/// # contract::block_on(async {
/// use sync_primitives::{AcquireError, BoundedSemaphore};
///
/// static SLOTS: BoundedSemaphore = BoundedSemaphore::new(4);
///
/// let three = SLOTS.acquire_many(3).await?;
/// assert_eq!(SLOTS.try_acquire_many(2).unwrap_err(), AcquireError::Locked);
/// assert!(SLOTS.release(1).is_err());              // the three come back by themselves
/// drop(three);
/// SLOTS.close();
/// assert_eq!(SLOTS.acquire().await.unwrap_err(), AcquireError::Closed);
/// # Ok::<(), AcquireError>(())
/// # }).unwrap();
/// ```
///
/// # Python
///
/// `asyncio.BoundedSemaphore` and `threading.BoundedSemaphore`. There a release is an error once the count would rise above
/// the bound; here also if the permits are still held by their guards. `acquire_many` and `close` are not in Python.
pub struct BoundedSemaphore {
    permits: Permits,
    bound: usize,
    /// Permits that were forgotten and not released yet.
    forgotten: AtomicUsize,
}

/// Why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireError {
    /// There was none at once, or in time.
    Locked,
    /// The semaphore was closed.
    Closed,
    /// More were asked for than there will ever be.
    AboveBound {
        /// How many were asked for.
        count: u32,
        /// How many there are.
        bound: usize,
    },
}

/// [`release`](BoundedSemaphore::release) of more permits than were forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseError;

impl BoundedSemaphore {
    const_fn! {
        /// A semaphore of `bound` permits. With none, every attempt is [`AcquireError::AboveBound`].
        #[must_use]
        pub fn new(bound: usize) -> Self {
            Self { permits: Permits::<Shared>::new(bound), bound, forgotten: AtomicUsize::new(0) }
        }
    }

    /// Waits for a permit.
    ///
    /// # Errors
    ///
    /// [`AcquireError::Closed`]; or `AboveBound`, at once, if there are no permits at all.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up its place in line; a permit that it was called for goes to the next. Nothing is lost.
    pub fn acquire(&self) -> AcquiringBounded<&Self> {
        self.acquire_many(1)
    }

    /// Waits until there are `count` permits, and takes them all at once; whoever comes later waits behind.
    ///
    /// # Errors
    ///
    /// [`AcquireError::Closed`]; or `AboveBound`, at once, instead of a wait without an end.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_many(&self, count: u32) -> AcquiringBounded<&Self> {
        AcquiringBounded { acquire: Acquire::new(self, count), fits: self.fits(count) }
    }

    /// [`acquire_many`](Self::acquire_many), of permits that keep the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`acquire_many`](Self::acquire_many).
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_many_owned(self: &Arc<Self>, count: u32) -> AcquiringBounded<Arc<Self>> {
        AcquiringBounded { acquire: Acquire::new(self.clone(), count), fits: self.fits(count) }
    }

    /// Blocks this thread until there is a permit.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: use [`acquire`](Self::acquire) there.
    #[track_caller]
    pub fn acquire_blocking(&self) -> Result<Permit<&Self>, AcquireError> {
        block_on(self.acquire())
    }

    /// Blocks this thread for at most `timeout`.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire), and [`AcquireError::Locked`] if there was no permit by then.
    ///
    /// # Panics
    ///
    /// As [`acquire_blocking`](Self::acquire_blocking).
    #[track_caller]
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<Permit<&Self>, AcquireError> {
        block_on_timeout(&mut self.acquire(), timeout).unwrap_or(Err(AcquireError::Locked))
    }

    /// A permit, if there is one and nobody is in line.
    ///
    /// # Errors
    ///
    /// [`AcquireError`], which says whether waiting would help.
    pub fn try_acquire(&self) -> Result<Permit<&Self>, AcquireError> {
        self.try_acquire_many(1)
    }

    /// So many permits, if there are so many and nobody is in line.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_many(&self, count: u32) -> Result<Permit<&Self>, AcquireError> {
        self.fits(count)?;
        match Held::try_acquire(self, count) {
            Some(held) => Ok(Permit::new(held)),
            None if self.is_closed() => Err(AcquireError::Closed),
            None => Err(AcquireError::Locked),
        }
    }

    /// Brings back `count` permits that were [forgotten](Permit::forget). All others come back by themselves.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] if not so many are forgotten; nothing changes then.
    pub fn release(&self, count: u32) -> Result<(), ReleaseError> {
        // Relaxed: it only counts. What the permits order is ordered by the permits.
        let less = |forgotten: usize| forgotten.checked_sub(count as usize);
        let counted = self.forgotten.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        counted.map_err(|_| ReleaseError)?;
        self.permits.release(count as usize);
        Ok(())
    }

    /// Closes it, for good: nobody gets a permit any more, also of those who wait. Permits that are held stay valid, and
    /// whoever was called for one before the close may still come and take it.
    pub fn close(&self) {
        self.permits.close();
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.permits.closed()
    }

    /// How many permits there are, held or not.
    #[must_use]
    pub const fn bound(&self) -> usize {
        self.bound
    }

    /// Whether a permit cannot be had at once.
    #[must_use]
    pub fn locked(&self) -> bool {
        self.permits.exhausted()
    }

    /// How many permits are neither held nor promised to somebody in line.
    #[must_use]
    pub fn available(&self) -> usize {
        self.permits.available()
    }

    fn fits(&self, count: u32) -> Result<(), AcquireError> {
        let bound = self.bound;
        if count as usize > bound { Err(AcquireError::AboveBound { count, bound }) } else { Ok(()) }
    }
}

impl HasPermits for BoundedSemaphore {
    type Kind = Shared;

    fn permits(&self) -> &Permits {
        &self.permits
    }

    fn forgotten(&self, _key: Key, count: u32) {
        // Relaxed: as in `release`.
        self.forgotten.fetch_add(count as usize, Ordering::Relaxed);
    }
}

/// Waits for permits. Made by [`BoundedSemaphore::acquire`] and its like.
#[must_use = "a future does nothing unless it is awaited"]
pub struct AcquiringBounded<H: HasPermits> {
    acquire: Acquire<H>,
    fits: Result<(), AcquireError>,
}

// A holder is a pointer, which nobody pins.
impl<H: HasPermits> Unpin for AcquiringBounded<H> {}

impl<H: HasPermits> Future for AcquiringBounded<H> {
    type Output = Result<Permit<H>, AcquireError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.fits?;
        let held = ready!(self.acquire.poll_open(cx));
        Poll::Ready(held.map(Permit::new).ok_or(AcquireError::Closed))
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => f.write_str("there is no permit; `acquire` waits for one"),
            Self::Closed => f.write_str("the semaphore was closed"),
            Self::AboveBound { count, bound } => {
                write!(f, "{count} permits were asked for, and there are {bound}; ask for fewer at a time")
            }
        }
    }
}

impl fmt::Display for ReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "release() of more permits than were forgotten; a permit that is dropped comes back by itself",
        )
    }
}

impl Error for AcquireError {}
impl Error for ReleaseError {}

impl fmt::Debug for BoundedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedSemaphore")
            .field("available", &self.available())
            .field("bound", &self.bound)
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

impl<H: HasPermits> fmt::Debug for AcquiringBounded<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquiringBounded").finish_non_exhaustive()
    }
}
