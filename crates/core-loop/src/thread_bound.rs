//! A value that only its own thread can reach, inside data that other threads share.
#![expect(unsafe_code, reason = "Send and Sync hold because the value is reached on its own thread only")]

use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, Ordering};

/// A thread's number. Never given to a second thread, unlike an address or an id of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(u64);

impl Token {
    /// This thread's.
    #[inline]
    pub(crate) fn here() -> Self {
        thread_local! {
            static HERE: Cell<u64> = const { Cell::new(0) };
        }
        let mut token = HERE.get();
        if token == 0 {
            token = Self::next();
            HERE.set(token);
        }
        Self(token)
    }

    #[cold]
    fn next() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // Relaxed: only the numbers must differ, nothing is published with them.
        NEXT.fetch_add(1, Ordering::Relaxed)
    }
}

/// A value that only the thread that made it can reach, for whoever asks for `Send` and never sends.
///
/// Dropped on its own thread, the value is dropped; dropped elsewhere, it is forgotten. So its owner empties it first.
///
/// # Examples
///
/// ```
/// use core_loop::ThreadBound;
/// use std::rc::Rc;
///
/// let bound = ThreadBound::new(Rc::new(7));
/// assert_eq!(**bound.get().unwrap(), 7);
/// std::thread::spawn(move || assert!(bound.get().is_none())).join().unwrap();
/// ```
pub struct ThreadBound<T> {
    owner: Token,
    value: ManuallyDrop<T>,
}

// SAFETY: another thread can hold and drop the wrapper, but never gets a reference to the value: `get` compares tokens,
// which are unique for all time, and `drop` leaves the value alone off its thread.
unsafe impl<T> Send for ThreadBound<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for ThreadBound<T> {}

impl<T> ThreadBound<T> {
    /// Bound to this thread.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { owner: Token::here(), value: ManuallyDrop::new(value) }
    }

    /// The value, on its own thread; `None` on any other.
    #[inline]
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        (self.owner == Token::here()).then_some(&*self.value)
    }
}

impl<T: fmt::Debug> fmt::Debug for ThreadBound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThreadBound").field(&self.get()).finish()
    }
}

impl<T> Drop for ThreadBound<T> {
    fn drop(&mut self) {
        if self.owner == Token::here() {
            // SAFETY: this is the only place that drops the value, and it runs once.
            unsafe { ManuallyDrop::drop(&mut self.value) }
        }
    }
}
