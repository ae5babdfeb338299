//! Values that a task carries, and that the tasks it spawns inherit.

use crate::context::{self, Context, Scope};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;

/// A value for each task, inherited by the tasks that it spawns: who asks, which request, which deadline.
///
/// It is a `static`. A task sees the value that it [`set`](Self::set) itself; else the one that was current where it was
/// spawned. Callbacks see what was current where they were registered, the closures of [`to_thread`](crate::to_thread) and
/// jobs of a [`LoopHandle`](crate::LoopHandle) what was current where they were submitted. Nothing flows back.
/// [`run_in_executor`](crate::run_in_executor) carries nothing, as in asyncio.
///
/// Outside a loop each thread has values of its own; the main task of a loop inherits those of the thread that runs it.
///
/// Values are `Send + Sync`, because they cross to threads; they are shared, not copied.
///
/// # Examples
///
/// ```
/// use core_loop::{TaskLocal, spawn, to_thread};
///
/// static REQUEST: TaskLocal<u32> = TaskLocal::new();
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     REQUEST.set(7);
///     let child = spawn(async {
///         let inherited = REQUEST.get();
///         REQUEST.set(8);
///         (inherited, to_thread(|| REQUEST.get()).await.unwrap())
///     });
///     assert_eq!(child.await.unwrap(), (Some(7), Some(8)));
///     assert_eq!(REQUEST.get(), Some(7));
/// })
/// # }
/// ```
///
/// # Python
///
/// `contextvars.ContextVar`. `reset(token)` is [`scope`](Self::scope), which cannot be forgotten; a default is `unwrap_or`.
pub struct TaskLocal<T> {
    /// Its address is the key. With it a `const` of this type cannot be borrowed for `'static`, so there is one address for
    /// each task-local.
    place: AtomicU8,
    value: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> TaskLocal<T> {
    /// A task-local that has no value anywhere.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "only a static has an address that lasts")]
    pub const fn new() -> Self {
        Self { place: AtomicU8::new(0), value: PhantomData }
    }

    /// Its value here.
    ///
    /// # Python
    ///
    /// `var.get()`, which raises `LookupError` where this is `None`.
    #[must_use]
    pub fn get(&'static self) -> Option<T>
    where
        T: Clone,
    {
        self.with(|value| value.cloned())
    }

    /// Calls `look` with its value here.
    ///
    /// # Panics
    ///
    /// If `look` does.
    pub fn with<R>(&'static self, look: impl FnOnce(Option<&T>) -> R) -> R {
        let value = Context::current().get(self.key());
        look(value.as_deref().map(|value| value.downcast_ref().expect("a key belongs to one type")))
    }

    /// Sets it, for the task, the callback or the thread that calls this, and for what they spawn from now on. Tasks that
    /// were spawned before keep the value that they have.
    ///
    /// # Python
    ///
    /// `var.set(value)`.
    pub fn set(&'static self, value: T) {
        context::set(self.key(), Arc::new(value));
    }

    /// Polls `future` with another value. Whatever `future` sets, of any task-local, stays inside.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops `future`, which still sees the value, and loses what that loses.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_loop::TaskLocal;
    /// static DEPTH: TaskLocal<u32> = TaskLocal::new();
    ///
    /// # fn main() -> Result<(), core_loop::RunError> {
    /// core_loop::run(async {
    ///     assert_eq!(DEPTH.scope(1, async { DEPTH.get() }).await, Some(1));
    ///     assert_eq!(DEPTH.get(), None);
    /// })
    /// # }
    /// ```
    ///
    /// # Python
    ///
    /// `token = var.set(value)`, `try: …`, `finally: var.reset(token)`.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> Scope<F> {
        self.in_context(value).scope(future)
    }

    /// Calls `function` with another value. Whatever `function` sets, of any task-local, stays inside.
    pub fn sync_scope<R>(&'static self, value: T, function: impl FnOnce() -> R) -> R {
        self.in_context(value).run(function)
    }

    fn in_context(&'static self, value: T) -> Context {
        let mut context = Context::current();
        let before = context.replace(self.key(), Arc::new(value));
        drop(before);
        context
    }

    fn key(&'static self) -> usize {
        std::ptr::from_ref(&self.place).addr()
    }
}

impl<T> fmt::Debug for TaskLocal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocal").finish_non_exhaustive()
    }
}
