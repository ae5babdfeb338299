//! A semaphore whose number of permits can change while they are held, and which knows who holds them.

use crate::blocking::{block_on, block_on_timeout};
use crate::kind::Shared;
use crate::permits::{HasPermits, Held, Key, MOST, Permits};
use crate::semaphore::{Acquiring, Permit};
use crate::sync::{Mutex, const_fn, lock};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// At most so many at a time, where "so many" can be changed while it is in use, and borrowers can have names.
///
/// First come, first served, as [`Semaphore`](crate::Semaphore). With fewer tokens than are borrowed, nobody gets one until
/// enough have come back. A name can borrow one token at a time.
///
/// # Ordering
///
/// As [`Semaphore`](crate::Semaphore).
///
/// # Examples
///
/// ```
/// # contract::block_on(async {
/// static LIMIT: sync_primitives::CapacityLimiter = sync_primitives::CapacityLimiter::new(1);
///
/// let upload = LIMIT.acquire_on_behalf_of("upload")?.await;
/// assert!(LIMIT.try_acquire().is_none());
/// LIMIT.set_total_tokens(2);
/// let download = LIMIT.acquire().await;
/// assert_eq!(LIMIT.borrowers(), ["upload"]);
/// # drop((upload, download));
/// # Ok::<(), sync_primitives::AlreadyBorrowing>(())
/// # }).unwrap();
/// ```
///
/// # Python
///
/// AnyIO's `CapacityLimiter`. There a task that borrows without a name borrows as itself; here such a borrower has no name,
/// and may borrow several.
pub struct CapacityLimiter {
    /// `free + borrowed = total + debt`.
    permits: Permits,
    ledger: Mutex<Ledger>,
}

struct Ledger {
    total: usize,
    /// Tokens that are borrowed above the total, which do not come back to anybody.
    debt: usize,
    /// Those who hold a token or wait for one.
    names: BTreeSet<Cow<'static, str>>,
}

/// A name that holds a token, or waits for one, asked for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlreadyBorrowing(Cow<'static, str>);

impl CapacityLimiter {
    const_fn! {
        /// A limiter of `total` tokens. With none, all wait until there are [more](Self::set_total_tokens).
        ///
        /// # Panics
        ///
        /// Above `usize::MAX / 4` tokens.
        #[must_use]
        pub fn new(total: usize) -> Self {
            let ledger = Ledger { total, debt: 0, names: BTreeSet::new() };
            Self { permits: Permits::<Shared>::new(total), ledger: Mutex::new(ledger) }
        }
    }

    /// Waits for a token.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up its place in line; a token that it was called for goes to the next. Nothing is lost.
    pub fn acquire(&self) -> Acquiring<&Self> {
        Acquiring::new(self, 1)
    }

    /// Waits for a token that keeps the limiter alive.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_owned(self: &Arc<Self>) -> Acquiring<Arc<Self>> {
        Acquiring::new(self.clone(), 1)
    }

    /// Waits for a token under a name, which is taken from this call on until the token, or the future, is dropped.
    ///
    /// # Errors
    ///
    /// [`AlreadyBorrowing`] if the name is taken.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire); the name is free again.
    pub fn acquire_on_behalf_of(
        &self,
        name: impl Into<Cow<'static, str>>,
    ) -> Result<Acquiring<Borrower<&Self>>, AlreadyBorrowing> {
        Ok(Acquiring::new(Borrower::new(self, name.into())?, 1))
    }

    /// [`acquire_on_behalf_of`](Self::acquire_on_behalf_of), with a token that keeps the limiter alive.
    ///
    /// # Errors
    ///
    /// [`AlreadyBorrowing`] if the name is taken.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire_on_behalf_of`](Self::acquire_on_behalf_of).
    pub fn acquire_owned_on_behalf_of(
        self: &Arc<Self>,
        name: impl Into<Cow<'static, str>>,
    ) -> Result<Acquiring<Borrower<Arc<Self>>>, AlreadyBorrowing> {
        Ok(Acquiring::new(Borrower::new(self.clone(), name.into())?, 1))
    }

    /// Blocks this thread until there is a token.
    ///
    /// # Panics
    ///
    /// On a thread that is running an event loop: use [`acquire`](Self::acquire) there.
    #[track_caller]
    pub fn acquire_blocking(&self) -> Permit<&Self> {
        block_on(self.acquire())
    }

    /// Blocks this thread for at most `timeout`; `None` if there was no token by then.
    ///
    /// # Panics
    ///
    /// As [`acquire_blocking`](Self::acquire_blocking).
    #[track_caller]
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<Permit<&Self>> {
        block_on_timeout(&mut self.acquire(), timeout)
    }

    /// A token, if there is one and nobody is in line.
    #[must_use]
    pub fn try_acquire(&self) -> Option<Permit<&Self>> {
        Held::try_acquire(self, 1).map(Permit::new)
    }

    /// A token under a name, if there is one and nobody is in line.
    ///
    /// # Errors
    ///
    /// [`AlreadyBorrowing`] if the name is taken.
    pub fn try_acquire_on_behalf_of(
        &self,
        name: impl Into<Cow<'static, str>>,
    ) -> Result<Option<Permit<Borrower<&Self>>>, AlreadyBorrowing> {
        Ok(Held::try_acquire(Borrower::new(self, name.into())?, 1).map(Permit::new))
    }

    /// From now on there are `total` tokens. If they are more than before, those who wait get them; if they are fewer than
    /// are borrowed, those that come back go to nobody until there are so few.
    ///
    /// # Panics
    ///
    /// Above `usize::MAX / 4` tokens; nothing changes then.
    #[track_caller]
    pub fn set_total_tokens(&self, total: usize) {
        assert!(total <= MOST, "a limiter counts at most usize::MAX / 4 tokens");
        let mut ledger = lock(&self.ledger);
        let before = std::mem::replace(&mut ledger.total, total);
        let mut more = total.saturating_sub(before);
        let fewer = before.saturating_sub(total);
        let paid = ledger.debt.min(more);
        ledger.debt -= paid;
        more -= paid;
        ledger.debt += fewer - self.permits.withdraw(fewer);
        let wakes = self.permits.add(more);
        drop(ledger);
        wakes.wake_all();
    }

    /// How many tokens there are, borrowed or not.
    #[must_use]
    pub fn total_tokens(&self) -> usize {
        lock(&self.ledger).total
    }

    /// How many tokens are borrowed: more than there are, if their number was lowered meanwhile.
    #[must_use]
    pub fn borrowed_tokens(&self) -> usize {
        let ledger = lock(&self.ledger);
        ledger.total + ledger.debt - self.permits.free()
    }

    /// How many tokens are neither borrowed nor promised to somebody in line.
    #[must_use]
    pub fn available_tokens(&self) -> usize {
        self.permits.available()
    }

    /// The names of those who hold a token or wait for one, sorted.
    #[must_use]
    pub fn borrowers(&self) -> Vec<Cow<'static, str>> {
        lock(&self.ledger).names.iter().cloned().collect()
    }
}

impl HasPermits for CapacityLimiter {
    type Kind = Shared;

    fn permits(&self) -> &Permits {
        &self.permits
    }

    fn give_back(&self, _key: Key, count: u32) {
        let mut ledger = lock(&self.ledger);
        let paid = ledger.debt.min(count as usize);
        ledger.debt -= paid;
        // Still under the mutex: else a change of the total could come between, and not find them.
        let wakes = self.permits.add(count as usize - paid);
        drop(ledger);
        wakes.wake_all();
    }
}

/// Whoever holds a token of a [`CapacityLimiter`] under a name, or waits for one.
pub struct Borrower<H: HasPermits + AsRef<CapacityLimiter>> {
    limiter: H,
    name: Cow<'static, str>,
}

impl AsRef<Self> for CapacityLimiter {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl<H: HasPermits + AsRef<CapacityLimiter>> Borrower<H> {
    fn new(limiter: H, name: Cow<'static, str>) -> Result<Self, AlreadyBorrowing> {
        if lock(&limiter.as_ref().ledger).names.insert(name.clone()) {
            Ok(Self { limiter, name })
        } else {
            Err(AlreadyBorrowing(name))
        }
    }
}

impl<H: HasPermits + AsRef<CapacityLimiter>> Drop for Borrower<H> {
    fn drop(&mut self) {
        lock(&self.limiter.as_ref().ledger).names.remove(&self.name);
    }
}

impl<H: HasPermits + AsRef<CapacityLimiter>> HasPermits for Borrower<H> {
    type Kind = H::Kind;

    fn permits(&self) -> &Permits<H::Kind> {
        self.limiter.permits()
    }

    fn give_back(&self, key: Key, count: u32) {
        self.limiter.give_back(key, count);
    }
}

impl AlreadyBorrowing {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlreadyBorrowing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` has borrowed a token already; drop that one, or borrow under another name", self.0)
    }
}

impl Error for AlreadyBorrowing {}

impl fmt::Debug for CapacityLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapacityLimiter")
            .field("total_tokens", &self.total_tokens())
            .field("borrowed_tokens", &self.borrowed_tokens())
            .field("borrowers", &self.borrowers())
            .finish_non_exhaustive()
    }
}

impl<H: HasPermits + AsRef<CapacityLimiter>> fmt::Debug for Borrower<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Borrower").field("name", &self.name).finish_non_exhaustive()
    }
}
