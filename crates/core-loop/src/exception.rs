//! What goes wrong where nobody waits for it: the exception handler.

use crate::current::Loop;
use crate::debug::WhichTask;
use crate::task::Header;
use contract::Panic;
use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::task::Waker;

/// What went wrong, for the exception handler.
///
/// # Python
///
/// The `context` of `loop.call_exception_handler`.
#[derive(Debug)]
#[non_exhaustive]
pub struct ExceptionContext<'a> {
    /// What happened, in one phrase.
    pub message: String,
    /// The panic behind it, if there was one.
    pub panic: Option<&'a Panic>,
    /// What a child of a [`TaskGroup`](crate::TaskGroup) has failed with and nobody got: downcast it to the group's type of
    /// errors. In debug mode also what any other task gave, if that is an `Err` and nobody read it: downcast it to the task's
    /// output, the whole `Result`.
    pub error: Option<&'a dyn Any>,
    /// The task it happened in, if it was a task.
    pub task: Option<WhichTask>,
}

impl<'a> ExceptionContext<'a> {
    /// Something that is told in one phrase.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), panic: None, error: None, task: None }
    }

    /// Something that a panic is behind.
    #[must_use]
    pub fn panicked(message: impl Into<String>, panic: &'a Panic) -> Self {
        Self { panic: Some(panic), ..Self::new(message) }
    }

    pub(crate) fn in_task(self, task: &Header) -> Self {
        Self { task: Some(WhichTask::of(task)), ..self }
    }

    /// In the task whose step is running, if there is one.
    pub(crate) fn in_current_task(self) -> Self {
        Self { task: WhichTask::current().or(self.task), ..self }
    }
}

impl fmt::Display for ExceptionContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(task) = &self.task {
            write!(f, " in {task}")?;
        }
        match self.panic {
            Some(panic) => write!(f, ": {panic}"),
            None => Ok(()),
        }
    }
}

type Handle = dyn Fn(&Loop, &ExceptionContext<'_>);

pub(crate) struct Handler(RefCell<Option<Rc<Handle>>>);

impl Handler {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(None))
    }

    pub(crate) fn clear(&self) {
        let handler = self.0.take();
        drop(handler);
    }
}

impl Loop {
    /// Sets what is called when something goes wrong where nobody waits for it: a callback that panics, a task that
    /// panicked and whose handle is gone. Without one it is printed to standard error.
    ///
    /// A handler that panics itself is reported to standard error, together with what it was told.
    ///
    /// # Python
    ///
    /// `loop.set_exception_handler(handler)`.
    pub fn set_exception_handler(&self, handler: impl Fn(&Self, &ExceptionContext<'_>) + 'static) {
        let before = self.inner().handler.0.replace(Some(Rc::new(handler)));
        drop(before);
    }

    /// Goes back to printing to standard error.
    pub fn reset_exception_handler(&self) {
        self.inner().handler.clear();
    }

    /// Tells the exception handler of something that went wrong where nobody waits for it: for libraries that call
    /// functions of their users'.
    ///
    /// # Python
    ///
    /// `loop.call_exception_handler(context)`.
    pub fn call_exception_handler(&self, context: &ExceptionContext<'_>) {
        self.report(context);
    }

    pub(crate) fn report(&self, context: &ExceptionContext<'_>) {
        let Some(handler) = self.inner().handler.0.borrow().clone() else {
            return print(context);
        };
        if let Err(panic) = Panic::catch(|| handler(self, context)) {
            print(&ExceptionContext::panicked("the exception handler panicked", &panic));
            print(context);
        }
    }
}

/// Reports to the loop that runs here, or to standard error.
pub(crate) fn report(context: &ExceptionContext<'_>) {
    match Loop::try_current() {
        Some(current) => current.report(context),
        None => print(context),
    }
}

/// Runs destructors of the user's: one that panics is reported as `message`, and stops nothing that comes after.
pub(crate) fn shielded(message: &str, drop: impl FnOnce()) {
    if let Err(panic) = Panic::catch(drop) {
        report(&ExceptionContext::panicked(message, &panic));
    }
}

/// Wakes somebody. A waker of somebody else's that panics is reported, and stops nothing that comes after.
pub(crate) fn wake(waker: Waker) {
    shielded("a waker panicked", || waker.wake());
}

fn print(context: &ExceptionContext<'_>) {
    // Caught, because it panics when standard error is gone, and then nobody is left to be told.
    let _unread = Panic::catch(|| eprintln!("core_loop: {context}"));
}
