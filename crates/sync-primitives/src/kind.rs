//! The two kinds of each primitive: one that threads share, and one that stays on its thread and costs no atomics.
//!
//! All that differs between them is here; the state machines above are written once.

use crate::lazy::LazyBox;
use crate::sync::{AtomicUsize, Mutex, MutexGuard, Ordering, const_fn, lock};
use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::marker::PhantomData;
use std::ops::DerefMut;

/// Whether threads can share a primitive: [`Shared`] or [`Local`]. Only this crate implements it.
pub trait Kind: sealed::Sealed + Sized + 'static {
    #[doc(hidden)]
    type Word: Word;
    #[doc(hidden)]
    type Mutex<T>: Guarded<T>;
    #[doc(hidden)]
    type Lazy<T>: Lazy<T>;
}

/// Threads can share it.
#[derive(Debug)]
pub enum Shared {}

/// It stays on its thread, and uses no atomics.
#[derive(Debug)]
pub enum Local {}

/// What only the thread that made it has: else a primitive could be sent away, and with it what others expect of it.
#[derive(Debug)]
pub struct Stays<T>(T, PhantomData<*const ()>);

impl<T> Stays<T> {
    const fn new(value: T) -> Self {
        Self(value, PhantomData)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Shared {}
    impl Sealed for super::Local {}
}

/// A number that says all while nobody waits.
pub trait Word {
    fn load(&self) -> usize;
    fn store(&self, new: usize);
    /// Stores `new` if it is `current`; else the answer is what it is, or was a moment ago.
    fn swap_if(&self, current: usize, new: usize) -> Result<(), usize>;
}

/// Data that one at a time reaches.
pub trait Guarded<T> {
    type Guard<'a>: DerefMut<Target = T>
    where
        Self: 'a,
        T: 'a;

    fn new(value: T) -> Self;
    fn lock(&self) -> Self::Guard<'_>;
}

/// Something that is made when it is first needed, and stays where it is.
pub trait Lazy<T> {
    fn get_or_init(&self, make: impl FnOnce() -> T) -> &T;
}

impl Kind for Shared {
    type Word = AtomicUsize;
    type Mutex<T> = Mutex<T>;
    type Lazy<T> = LazyBox<T>;
}

impl Kind for Local {
    type Word = Stays<Cell<usize>>;
    type Mutex<T> = Stays<RefCell<T>>;
    type Lazy<T> = OnceCell<Box<T>>;
}

impl Shared {
    const_fn! {
        pub(crate) fn word(value: usize) -> AtomicUsize {
            AtomicUsize::new(value)
        }
    }

    const_fn! {
        pub(crate) fn mutex<T>(value: T) -> Mutex<T> {
            Mutex::new(value)
        }
    }

    const_fn! {
        pub(crate) fn lazy<T>() -> LazyBox<T> {
            LazyBox::new()
        }
    }
}

impl Local {
    pub(crate) const fn word(value: usize) -> Stays<Cell<usize>> {
        Stays::new(Cell::new(value))
    }

    pub(crate) const fn mutex<T>(value: T) -> Stays<RefCell<T>> {
        Stays::new(RefCell::new(value))
    }

    pub(crate) const fn lazy<T>() -> OnceCell<Box<T>> {
        OnceCell::new()
    }
}

impl Word for AtomicUsize {
    #[inline]
    fn load(&self) -> usize {
        // Acquire: pairs with the Release of whoever gave something back, so that whoever takes it sees what was done
        // before.
        self.load(Ordering::Acquire)
    }

    #[inline]
    fn store(&self, new: usize) {
        // Release: as in `swap_if`.
        self.store(new, Ordering::Release);
    }

    #[inline]
    fn swap_if(&self, current: usize, new: usize) -> Result<(), usize> {
        // Acquire for whoever takes, Release for whoever gives back: one of them is on the other side.
        self.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire).map(drop)
    }
}

impl Word for Stays<Cell<usize>> {
    #[inline]
    fn load(&self) -> usize {
        self.0.get()
    }

    #[inline]
    fn store(&self, new: usize) {
        self.0.set(new);
    }

    #[inline]
    fn swap_if(&self, current: usize, new: usize) -> Result<(), usize> {
        debug_assert_eq!(self.0.get(), current, "nobody else is on this thread");
        self.0.set(new);
        Ok(())
    }
}

impl<T> Guarded<T> for Mutex<T> {
    type Guard<'a>
        = MutexGuard<'a, T>
    where
        T: 'a;

    fn new(value: T) -> Self {
        Self::new(value)
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, T> {
        lock(self)
    }
}

impl<T> Guarded<T> for Stays<RefCell<T>> {
    type Guard<'a>
        = RefMut<'a, T>
    where
        T: 'a;

    fn new(value: T) -> Self {
        Self::new(RefCell::new(value))
    }

    #[inline]
    fn lock(&self) -> RefMut<'_, T> {
        self.0.borrow_mut()
    }
}

impl<T> Lazy<T> for OnceCell<Box<T>> {
    #[inline]
    fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        self.get_or_init(|| Box::new(make()))
    }
}

/// The same items for both kinds, which `K` names in them: for what must be `const`, which no trait can promise.
macro_rules! for_each_kind {
    ($($items:item)*) => {
        const _: () = {
            type K = $crate::kind::Shared;
            $($items)*
        };
        const _: () = {
            type K = $crate::kind::Local;
            $($items)*
        };
    };
}
pub(crate) use for_each_kind;
