//! The data of a lock and the guards that reach it: the only unsafe code of this crate.
#![expect(unsafe_code, reason = "the compiler cannot see that there is at most one guard")]

use super::Lock;
use crate::permits::Granted;
use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Data that only the one guard of its lock may touch.
///
/// A guard is made from a [`Granted`], which its lock's permits gave: there is one permit, a `Granted` cannot be copied, and
/// the permit is released by the guard's drop and nowhere else. So at most one guard exists for each lock.
pub(super) struct Data<T: ?Sized>(UnsafeCell<T>);

// SAFETY: sharing a `Data` must not let two threads reach the `T` at once, nor unordered. All that a shared `Data` can do
// is give a reference to its one guard, so threads reach the `T` one after the other, ordered by the mutex in the permits.
// That passes the `T` from thread to thread, hence `T: Send`.
unsafe impl<T: ?Sized + Send> Sync for Data<T> {}

impl<T> Data<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    pub(super) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: ?Sized> Data<T> {
    pub(super) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}

/// The held lock: reaches the data, and releases the lock when it is dropped.
#[must_use = "a lock that is released at once guards nothing"]
pub struct LockGuard<'a, T: ?Sized> {
    lock: &'a Lock<T>,
    /// It hands out references to the data, so it may be shared between threads only if the data may.
    data: PhantomData<&'a mut T>,
}

impl<'a, T: ?Sized> LockGuard<'a, T> {
    /// `granted` is a permit of this very `lock`.
    pub(super) fn new(lock: &'a Lock<T>, _granted: Granted) -> Self {
        Self { lock, data: PhantomData }
    }
}

impl<T: ?Sized> Drop for LockGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.permits.release();
    }
}

impl<T: ?Sized> Deref for LockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: nobody may be writing to the data. Only the one guard reaches it, this is it, and it is borrowed shared.
        unsafe { &*self.lock.data.0.get() }
    }
}

impl<T: ?Sized> DerefMut for LockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody else may reach the data. Only the one guard does, this is it, and it is borrowed exclusively.
        unsafe { &mut *self.lock.data.0.get() }
    }
}

/// The held lock, kept alive by the guard: reaches the data, and releases the lock when it is dropped.
#[must_use = "a lock that is released at once guards nothing"]
pub struct OwnedLockGuard<T: ?Sized> {
    lock: Arc<Lock<T>>,
    /// It hands out references to the data, so it may be shared between threads only if the data may.
    data: PhantomData<T>,
}

impl<T: ?Sized> OwnedLockGuard<T> {
    /// `granted` is a permit of this very `lock`.
    pub(super) fn new(lock: Arc<Lock<T>>, _granted: Granted) -> Self {
        Self { lock, data: PhantomData }
    }
}

impl<T: ?Sized> Drop for OwnedLockGuard<T> {
    fn drop(&mut self) {
        self.lock.permits.release();
    }
}

impl<T: ?Sized> Deref for OwnedLockGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: nobody may be writing to the data. Only the one guard reaches it, this is it, and it is borrowed shared.
        unsafe { &*self.lock.data.0.get() }
    }
}

impl<T: ?Sized> DerefMut for OwnedLockGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody else may reach the data. Only the one guard does, this is it, and it is borrowed exclusively.
        unsafe { &mut *self.lock.data.0.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for LockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for OwnedLockGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for LockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for OwnedLockGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
