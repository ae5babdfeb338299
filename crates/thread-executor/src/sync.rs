//! Locks, atomics, parking and the lock-free end of a lane; loom's under `--cfg loom`.

#[cfg(not(loom))]
pub(crate) use crossbeam_utils::sync::{Parker, Unparker};
#[cfg(loom)]
pub(crate) use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};
#[cfg(loom)]
pub(crate) use loom::thread::yield_now;
use std::sync::PoisonError;
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};
#[cfg(not(loom))]
pub(crate) use std::thread::yield_now;

/// Locks, also after a panic of another holder: no foreign code (work, a waker, a destructor) runs inside a critical
/// section of this crate, so each leaves its data whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stands between a write and the look at what others wrote, where either side must see the other.
///
/// The operations around it are all `SeqCst`, which is enough: it does nothing. Loom knows `SeqCst` as acquire and release
/// only, so it gets the fence that says the same.
#[inline]
pub(crate) fn in_one_order() {
    #[cfg(loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
}

/// A queue that many push to at once and one takes from at a time.
#[cfg(not(loom))]
pub(crate) struct Injector<T>(crossbeam_deque::Injector<T>);

#[cfg(not(loom))]
impl<T> Injector<T> {
    pub(crate) fn new() -> Self {
        Self(crossbeam_deque::Injector::new())
    }

    pub(crate) fn push(&self, item: T) {
        self.0.push(item);
    }

    pub(crate) fn take(&self) -> Option<T> {
        loop {
            match self.0.steal() {
                crossbeam_deque::Steal::Success(item) => return Some(item),
                crossbeam_deque::Steal::Empty => return None,
                crossbeam_deque::Steal::Retry => {}
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(loom)]
mod model {
    use super::{AtomicUsize, Condvar, Mutex, Ordering, lock};
    use std::collections::VecDeque;
    use std::sync::{Arc, PoisonError};

    /// The promise of crossbeam's pair in loom's terms: an unpark before the park is remembered, one of them.
    #[derive(Default)]
    pub(crate) struct Parker(Unparker);

    #[derive(Clone, Default)]
    pub(crate) struct Unparker(Arc<(Mutex<bool>, Condvar)>);

    impl Parker {
        pub(crate) fn new() -> Self {
            Self::default()
        }

        pub(crate) fn unparker(&self) -> &Unparker {
            &self.0
        }

        pub(crate) fn park(&self) {
            let (token, changed) = &*self.0.0;
            let mut token = lock(token);
            while !*token {
                token = changed.wait(token).unwrap_or_else(PoisonError::into_inner);
            }
            *token = false;
        }

        /// A model has no time: it is always up.
        pub(crate) fn park_timeout(&self, _: std::time::Duration) {
            *lock(&self.0.0.0) = false;
        }
    }

    impl Unparker {
        pub(crate) fn unpark(&self) {
            *lock(&self.0.0) = true;
            self.0.1.notify_one();
        }
    }

    /// The promises of crossbeam's injector: who sees what was pushed or taken sees what came before it.
    pub(crate) struct Injector<T>(Mutex<VecDeque<T>>, AtomicUsize);

    impl<T> Injector<T> {
        pub(crate) fn new() -> Self {
            Self(Mutex::new(VecDeque::new()), AtomicUsize::new(0))
        }

        pub(crate) fn push(&self, item: T) {
            let mut items = lock(&self.0);
            items.push_back(item);
            self.1.store(items.len(), Ordering::Release);
        }

        pub(crate) fn take(&self) -> Option<T> {
            let mut items = lock(&self.0);
            let item = items.pop_front();
            self.1.store(items.len(), Ordering::Release);
            item
        }

        pub(crate) fn is_empty(&self) -> bool {
            self.len() == 0
        }

        pub(crate) fn len(&self) -> usize {
            self.1.load(Ordering::Acquire)
        }
    }
}
#[cfg(loom)]
pub(crate) use model::{Injector, Parker, Unparker};
