//! What tasks carry with them: a context, in which each task-local has at most one value.
//!
//! One context is the current one on each thread. It is a shared map that is copied when somebody writes to it, so handing
//! it on costs one count, and nothing at all where no value was ever set: that is the empty context, a null pointer.
//!
//! ```text
//!   spawn, call_soon, to_thread …: the current one is kept     set: a copy takes its place, here only
//!                 │
//!                 ▼
//!   the task's step, the callback, the closure: it is the current one, and what was current before comes back after it
//! ```
//!
//! Between the steps of a loop the empty one is current.

use crate::exception::shielded;
use contract::Panic;
use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

/// A value and the task-local whose it is.
#[derive(Clone)]
struct Entry {
    local: usize,
    value: Arc<dyn Any + Send + Sync>,
}

/// The values of all task-locals at one moment. Cheap to clone, `Send + Sync`.
///
/// A task, a callback and the closure of a [`to_thread`](crate::to_thread) run in a copy of the context in which they were
/// made; what they [`set`](crate::TaskLocal::set) is seen by themselves and by what they make from then on.
///
/// # Examples
///
/// ```
/// use core_loop::{Context, TaskLocal};
///
/// static USER: TaskLocal<&str> = TaskLocal::new();
///
/// let context = Context::current();
/// USER.set("ada");
/// assert_eq!(context.run(|| USER.get()), None);
/// assert_eq!(Context::current().run(|| USER.get()), Some("ada"));
/// ```
///
/// # Python
///
/// `contextvars.Context`. There `run` changes the context itself; here a context is a value, and `run` works on a copy.
#[derive(Clone, Default)]
pub struct Context(Option<Arc<Vec<Entry>>>);

thread_local! {
    /// Without a destructor, which spares each look the question whether it has run. `AT_EXIT` is its destructor.
    static CURRENT: ManuallyDrop<Cell<Context>> = const { ManuallyDrop::new(Cell::new(Context(None))) };
    static AT_EXIT: AtExit = const { AtExit };
}

/// Ends a context that was set outside a loop when its thread ends.
struct AtExit;

impl Drop for AtExit {
    fn drop(&mut self) {
        drop(swap(Context(None)));
    }
}

/// Calls `function` where the empty context is current, as it is again afterwards.
#[inline]
pub(crate) fn call_outermost(function: impl FnOnce()) -> Result<(), Panic> {
    let outcome = Panic::catch(function);
    if !is_empty() {
        leave_outermost();
    }
    outcome
}

/// Makes the empty one current, where nothing of the user's runs.
#[cold]
pub(crate) fn leave_outermost() {
    let left = swap(Context(None));
    shielded("the destructor of a task-local's value panicked", || drop(left));
}

/// Makes `context` the current one, and gives what was before.
#[inline]
pub(crate) fn swap(context: Context) -> Context {
    CURRENT.with(|current| current.replace(context))
}

/// Whether no task-local is set here, as everywhere in a program that uses none.
#[inline]
pub(crate) fn is_empty() -> bool {
    CURRENT.with(|current| {
        let context = current.take();
        let empty = context.is_empty();
        if !empty {
            current.set(context);
        }
        empty
    })
}

impl Context {
    /// A copy of the current context: of the task, the callback or the thread that calls this.
    ///
    /// # Python
    ///
    /// `contextvars.copy_context()`.
    #[must_use]
    #[inline]
    pub fn current() -> Self {
        if is_empty() {
            return Self(None);
        }
        CURRENT.with(|current| {
            let context = current.take();
            let copy = context.clone();
            current.set(context);
            copy
        })
    }

    /// The context without any values.
    ///
    /// # Python
    ///
    /// `contextvars.Context()`.
    #[must_use]
    pub const fn empty() -> Self {
        Self(None)
    }

    /// Whether no value is set in it.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Calls `function` in a copy of this context: what it sets is gone afterwards.
    ///
    /// # Panics
    ///
    /// If `function` does; the context of the caller is restored.
    ///
    /// # Python
    ///
    /// `context.run(function)`, which keeps what the function sets.
    pub fn run<T>(&self, function: impl FnOnce() -> T) -> T {
        self.clone().call(function)
    }

    /// Polls `future` in a copy of this context: what it sets stays with it, and is gone when it ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops `future`, in this context, and loses what that loses.
    ///
    /// # Python
    ///
    /// `create_task(coroutine, context=context)`, with `spawn` around it.
    pub fn scope<F: Future>(&self, future: F) -> Scope<F> {
        Scope { context: Cell::new(self.clone()), future: Some(Box::pin(future)) }
    }

    /// Calls `function` in it.
    #[inline]
    pub(crate) fn call<T>(self, function: impl FnOnce() -> T) -> T {
        struct Restore(Context);
        impl Drop for Restore {
            #[inline]
            fn drop(&mut self) {
                // Restored first: a destructor of the user's finds the right one.
                let ours = swap(std::mem::take(&mut self.0));
                drop(ours);
            }
        }
        let _restore = Restore(swap(self));
        function()
    }

    pub(crate) fn get(&self, local: usize) -> Option<Arc<dyn Any + Send + Sync>> {
        let entries = self.0.as_deref()?;
        entries.iter().find(|entry| entry.local == local).map(|entry| entry.value.clone())
    }

    /// The same with another value; gives the one before.
    pub(crate) fn replace(
        &mut self,
        local: usize,
        value: Arc<dyn Any + Send + Sync>,
    ) -> Option<Arc<dyn Any + Send + Sync>> {
        let entries = Arc::make_mut(self.0.get_or_insert_default());
        match entries.iter_mut().find(|entry| entry.local == local) {
            Some(entry) => Some(std::mem::replace(&mut entry.value, value)),
            None => {
                entries.push(Entry { local, value });
                None
            }
        }
    }
}

/// Keeps what is the current context when it is dropped.
pub(crate) struct KeptIn<'a>(pub(crate) &'a Cell<Context>);

impl Drop for KeptIn<'_> {
    fn drop(&mut self) {
        self.0.set(Context::current());
    }
}

/// Sets a value in the current context.
pub(crate) fn set(local: usize, value: Arc<dyn Any + Send + Sync>) {
    // Too late to clean up if the thread is ending: the context then stays until the process ends.
    let _armed = AT_EXIT.try_with(|_| ());
    let mut context = swap(Context(None));
    let before = context.replace(local, value);
    let meanwhile = swap(context);
    debug_assert!(meanwhile.is_empty(), "nothing of the user's ran in between");
    // Last: its destructor is the user's.
    drop(before);
}

/// Calls `function` in the context that `kept` holds, which then holds what `function` has made of it, also if it panics.
#[inline]
pub(crate) fn within<T>(kept: &Cell<Context>, function: impl FnOnce() -> T) -> T {
    /// Meanwhile `kept` holds the other one.
    struct Exchanged<'a>(&'a Cell<Context>);
    impl Drop for Exchanged<'_> {
        #[inline]
        fn drop(&mut self) {
            exchange(self.0);
        }
    }
    exchange(kept);
    let _exchanged = Exchanged(kept);
    function()
}

#[inline]
fn exchange(kept: &Cell<Context>) {
    kept.set(swap(kept.take()));
}

/// Made by [`Context::scope`] and [`TaskLocal::scope`](crate::TaskLocal::scope).
#[must_use = "a future does nothing unless it is awaited"]
pub struct Scope<F> {
    /// As the last poll left it.
    context: Cell<Context>,
    /// There until it is dropped.
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let future = this.future.as_mut().expect("it is there until the drop").as_mut();
        within(&this.context, || future.poll(cx))
    }
}

impl<F> Drop for Scope<F> {
    fn drop(&mut self) {
        let future = self.future.take();
        within(&self.context, || drop(future));
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("values", &self.0.as_ref().map_or(0, |entries| entries.len()))
            .finish()
    }
}

impl<F> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}
