//! Which thread of which pool this is.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A pool among all that ever were: a thread may outlive its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PoolId(usize);

thread_local! {
    static SEAT: Cell<Option<(PoolId, usize)>> = const { Cell::new(None) };
}

/// The id of a pool that is being made.
pub(crate) fn new_pool() -> PoolId {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // Relaxed: the numbers need only differ.
    PoolId(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// This thread is number `index` of the pool `pool`, for good.
pub(crate) fn take(pool: PoolId, index: usize) {
    SEAT.set(Some((pool, index)));
}

/// The number of this thread, if it belongs to the pool.
pub(crate) fn of(pool: PoolId) -> Option<usize> {
    SEAT.get().filter(|seat| seat.0 == pool).map(|seat| seat.1)
}
