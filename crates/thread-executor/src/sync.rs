//! Locks and parking, loom's under `--cfg loom`.

#[cfg(not(loom))]
pub(crate) use crossbeam_utils::sync::{Parker, Unparker};
#[cfg(loom)]
pub(crate) use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
};
use std::sync::PoisonError;
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
};

/// Locks, also after a panic of another holder: no foreign code (work, a waker, a destructor) runs inside a critical
/// section of this crate, so each leaves its data whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The promise of crossbeam's pair in loom's terms: an unpark before the park is remembered, one of them.
#[cfg(loom)]
mod model {
    use super::{Condvar, Mutex, lock};
    use std::sync::{Arc, PoisonError};

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
    }

    impl Unparker {
        pub(crate) fn unpark(&self) {
            *lock(&self.0.0) = true;
            self.0.1.notify_one();
        }
    }
}
#[cfg(loom)]
pub(crate) use model::{Parker, Unparker};
