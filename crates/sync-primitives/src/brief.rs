//! The mutex under every primitive, for critical sections of a few instructions: it is let go by a store.
#![expect(unsafe_code, reason = "a mutex gives out what it guards")]

#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, Ordering};
use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicBool, Ordering};

/// ```text
///            lock: one of those who try
///  FREE ────────────────────────────────► HELD
///    ▲                                      │
///    └───────────── the guard is dropped ───┘
/// ```
///
/// std's mutex must ask, when it is let go, whether somebody sleeps: an exchange, which costs more than all that is done
/// under it. Here nobody sleeps for good: whoever finds it held looks again, at first at once, then after others have run,
/// then after a short sleep, so that also a holder of a lower priority gets to run.
pub struct Brief<T> {
    held: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: a shared one gives the `T` to one thread at a time, ordered by `held`: that passes it from thread to thread, hence
// `T: Send`, and never shares it.
unsafe impl<T: Send> Sync for Brief<T> {}

impl<T> Brief<T> {
    crate::sync::const_fn! {
        pub(crate) fn new(value: T) -> Self {
            Self { held: AtomicBool::new(false), value: UnsafeCell::new(value) }
        }
    }

    #[inline]
    pub(crate) fn lock(&self) -> BriefGuard<'_, T> {
        if !self.try_hold() {
            self.hold();
        }
        BriefGuard { brief: self, stays: PhantomData }
    }

    #[inline]
    fn try_hold(&self) -> bool {
        // Acquire: pairs with the Release of the guard before, so that what it did is seen. Relaxed if it is held: then
        // nothing is reached.
        self.held.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn hold(&self) {
        let mut looks = 0;
        while !self.try_hold() {
            // Relaxed: a look only, which leaves the cache line with the holder; `try_hold` orders.
            while self.held.load(Ordering::Relaxed) {
                give_way(looks);
                looks = looks.saturating_add(1);
            }
        }
    }
}

/// What a [`Brief`] guards, as long as it is held.
pub struct BriefGuard<'a, T> {
    brief: &'a Brief<T>,
    /// Shared between threads only if what it guards may be, as a `&mut T`; and let go by the thread that holds it.
    stays: PhantomData<(*const (), &'a mut T)>,
}

impl<T> Deref for BriefGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: nobody may be writing to it. `held` was false when this guard was made and is true until it is dropped, so
        // there is no other guard, and only a guard reaches the value; this one is borrowed shared.
        unsafe { &*self.brief.value.get() }
    }
}

impl<T> DerefMut for BriefGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody else may reach it. There is no other guard, as above, and this one is borrowed exclusively.
        unsafe { &mut *self.brief.value.get() }
    }
}

impl<T> Drop for BriefGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `try_hold`.
        self.brief.held.store(false, Ordering::Release);
    }
}

impl<T> fmt::Debug for BriefGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BriefGuard").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Brief<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brief").finish_non_exhaustive()
    }
}

/// What whoever has looked for something so often does before the next look.
#[cfg(not(loom))]
fn give_way(looks: u32) {
    match looks {
        // A critical section takes less time than this.
        0..64 => std::hint::spin_loop(),
        // Its thread has lost the processor.
        64..80 => std::thread::yield_now(),
        // To a thread that never runs while this one can.
        _ => std::thread::sleep(std::time::Duration::from_micros(50)),
    }
}

#[cfg(loom)]
fn give_way(_looks: u32) {
    loom::thread::yield_now();
}
