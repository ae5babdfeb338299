//! Something that is made when it is first needed: a pointer's size until then.
#![expect(unsafe_code, reason = "std has it only with a word more, for a lock of its own")]

use crate::kind::Lazy;
use crate::sync::{AtomicPtr, Ordering, const_fn};
use std::marker::PhantomData;
use std::ptr::null_mut;

/// ```text
///            publish
///  NULL ──────────────► SET       two may race to make one: the loser drops its own
/// ```
#[derive(Debug)]
pub struct LazyBox<T> {
    /// Null, or what [`Box::into_raw`] gave. Changes once.
    made: AtomicPtr<T>,
    owns: PhantomData<T>,
}

// SAFETY: sending it sends the `T` that it owns.
unsafe impl<T: Send> Send for LazyBox<T> {}

// SAFETY: a shared one gives out `&T`, and takes a `T` that another thread made.
unsafe impl<T: Send + Sync> Sync for LazyBox<T> {}

impl<T> LazyBox<T> {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self { made: AtomicPtr::new(null_mut()), owns: PhantomData }
        }
    }

    #[cold]
    fn publish(&self, made: Box<T>) -> *mut T {
        let made = Box::into_raw(made);
        // Release: whoever loads the pointer sees what it points to. Acquire: the winner's, if this one loses.
        match self.made.compare_exchange(null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => made,
            Err(winner) => {
                // SAFETY: it came from `Box::into_raw` a moment ago, and nobody else has seen it.
                drop(unsafe { Box::from_raw(made) });
                winner
            }
        }
    }
}

impl<T> Lazy<T> for LazyBox<T> {
    #[inline]
    fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        // Acquire: pairs with the Release in `publish`.
        let mut made = self.made.load(Ordering::Acquire);
        if made.is_null() {
            made = self.publish(Box::new(make()));
        }
        // SAFETY: it is not null, so it came from a box that is dropped with `self` and not before, and only `&T` are given
        // out until then.
        unsafe { &*made }
    }
}

impl<T> Drop for LazyBox<T> {
    fn drop(&mut self) {
        // Relaxed: whoever drops it has it alone, and got it through something that orders.
        let made = self.made.load(Ordering::Relaxed);
        if !made.is_null() {
            // SAFETY: it came from `Box::into_raw`, and nobody has a reference any more.
            drop(unsafe { Box::from_raw(made) });
        }
    }
}
