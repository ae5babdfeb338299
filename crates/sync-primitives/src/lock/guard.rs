//! The data of a lock and the guards that reach it: the only unsafe code of this crate.
#![expect(unsafe_code, reason = "the compiler cannot see that there is at most one guard")]

use super::LockOf;
use crate::kind::{Kind, Local, Shared};
use crate::permits::{HasPermits, Held};
use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;

/// Data that only the one guard of its lock may touch.
///
/// A guard is made from a [`Held`], which its lock's permits gave: there is one permit, a `Held` cannot be copied, and the
/// permit is released by its drop and nowhere else. So at most one guard exists for each lock.
pub(super) struct Data<T: ?Sized>(UnsafeCell<T>);

// SAFETY: sharing a `Data` must not let two threads reach the `T` at once, nor unordered. All that a shared `Data` can do
// is give a reference to its one guard, so threads reach the `T` one after the other, ordered by the permits. That passes
// the `T` from thread to thread, hence `T: Send`.
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

/// A lock, borrowed (`&Lock<T>`) or owned with others (`Arc<Lock<T>>`, `Rc<local::Lock<T>>`). Only this crate implements it.
pub trait HoldsLock: HasPermits + Clone {
    /// What the lock guards.
    type Data: ?Sized;

    #[doc(hidden)]
    fn data(&self) -> *mut Self::Data;
}

impl<T: ?Sized, K: Kind> HoldsLock for &LockOf<T, K> {
    type Data = T;

    fn data(&self) -> *mut T {
        self.data.0.get()
    }
}

impl<T: ?Sized> HoldsLock for Arc<LockOf<T, Shared>> {
    type Data = T;

    fn data(&self) -> *mut T {
        self.data.0.get()
    }
}

impl<T: ?Sized> HoldsLock for Rc<LockOf<T, Local>> {
    type Data = T;

    fn data(&self) -> *mut T {
        self.data.0.get()
    }
}

/// The held lock: reaches the data, and releases the lock when it is dropped. `H` is how it holds the lock: by a reference
/// ([`LockGuard`]), or as one of its owners ([`OwnedLockGuard`]).
///
/// # Python
///
/// The inside of `async with lock:`.
#[must_use = "a lock that is released at once guards nothing"]
pub struct Guard<H: HoldsLock> {
    held: Held<H>,
    /// It hands out references to the data, so it may be shared between threads only if the data may.
    data: PhantomData<H::Data>,
}

/// A [`Guard`] that borrows its lock.
pub type LockGuard<'a, T> = Guard<&'a LockOf<T, Shared>>;

/// A [`Guard`] that keeps its lock alive.
pub type OwnedLockGuard<T> = Guard<Arc<LockOf<T, Shared>>>;

// The data is in the lock, not in the guard.
impl<H: HoldsLock> Unpin for Guard<H> {}

impl<H: HoldsLock> Guard<H> {
    pub(super) fn new(held: Held<H>) -> Self {
        Self { held, data: PhantomData }
    }

    pub(crate) fn holder(&self) -> &H {
        self.held.holder()
    }

    /// A guard of a part of the data. A function and not a method, so that it hides none of the data's.
    ///
    /// # Examples
    ///
    /// ```
    /// use sync_primitives::{Guard, Lock};
    ///
    /// let lock = Lock::new((1, "one"));
    /// let mut name = Guard::map(lock.try_lock().unwrap(), |pair| &mut pair.1);
    /// *name = "uno";
    /// assert!(lock.locked());
    /// drop(name);
    /// assert_eq!(lock.into_inner(), (1, "uno"));
    /// ```
    pub fn map<U: ?Sized>(
        mut this: Self,
        part: impl FnOnce(&mut H::Data) -> &mut U,
    ) -> MappedLockGuard<H, U> {
        let part = NonNull::from(part(&mut this));
        MappedLockGuard { held: this.held, part, data: PhantomData }
    }
}

impl<H: HoldsLock> Deref for Guard<H> {
    type Target = H::Data;

    fn deref(&self) -> &H::Data {
        // SAFETY: nobody may be writing to the data. Only the one guard reaches it, this is it, and it is borrowed shared.
        // The data is there: the holder keeps its lock alive, and `&`, `Arc` and `Rc` always lead to the same one.
        unsafe { &*self.held.holder().data() }
    }
}

impl<H: HoldsLock> DerefMut for Guard<H> {
    fn deref_mut(&mut self) -> &mut H::Data {
        // SAFETY: nobody else may reach the data. Only the one guard does, this is it, and it is borrowed exclusively. The
        // data is there, as above.
        unsafe { &mut *self.held.holder().data() }
    }
}

/// The held lock, for a part of its data. Made by [`Guard::map`].
#[must_use = "a lock that is released at once guards nothing"]
pub struct MappedLockGuard<H: HoldsLock, U: ?Sized> {
    held: Held<H>,
    /// Inside the lock's data, which stays where it is as long as `held` keeps the lock alive; nobody else reaches it as
    /// long as `held` is held.
    part: NonNull<U>,
    /// As a `&mut U`, so invariant.
    data: PhantomData<*mut U>,
}

// SAFETY: sending it sends the turn, and a `&mut U`. The rest of the data is not reached through it, but by whoever locks
// next: what that needs, `H: Send` asks for.
unsafe impl<H: HoldsLock + Send, U: ?Sized + Send> Send for MappedLockGuard<H, U> {}

// SAFETY: a shared one gives out `&U`, and shows its holder to nobody.
unsafe impl<H: HoldsLock + Sync, U: ?Sized + Sync> Sync for MappedLockGuard<H, U> {}

impl<H: HoldsLock, U: ?Sized> MappedLockGuard<H, U> {
    /// A guard of a part of that part.
    pub fn map<V: ?Sized>(mut this: Self, part: impl FnOnce(&mut U) -> &mut V) -> MappedLockGuard<H, V> {
        let part = NonNull::from(part(&mut this));
        MappedLockGuard { held: this.held, part, data: PhantomData }
    }
}

impl<H: HoldsLock, U: ?Sized> Deref for MappedLockGuard<H, U> {
    type Target = U;

    fn deref(&self) -> &U {
        // SAFETY: it points to a part of the data: `map` took it from there, and the data has not moved since, see the
        // field. Nobody may be writing to it: only the one guard reaches the data, this is it, and it is borrowed shared.
        unsafe { self.part.as_ref() }
    }
}

impl<H: HoldsLock, U: ?Sized> DerefMut for MappedLockGuard<H, U> {
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: it points to a part of the data, as above. Nobody else reaches it: this is the one guard, and it is
        // borrowed exclusively.
        unsafe { self.part.as_mut() }
    }
}

impl<H: HoldsLock<Data: fmt::Debug>> fmt::Debug for Guard<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<H: HoldsLock<Data: fmt::Display>> fmt::Display for Guard<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<H: HoldsLock, U: ?Sized + fmt::Debug> fmt::Debug for MappedLockGuard<H, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<H: HoldsLock, U: ?Sized + fmt::Display> fmt::Display for MappedLockGuard<H, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
