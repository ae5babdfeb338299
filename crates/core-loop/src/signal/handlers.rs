//! Functions that are called when a signal arrives.

use super::Listener;
use crate::current::Loop;
use crate::watchers::Subject;
use contract::Direction;
use std::io;

impl Loop {
    /// Calls `function` on the loop each time `signal` arrives. A second call for the same signal replaces the function of
    /// the first.
    ///
    /// It is an ordinary callback, free to do what callbacks do: the handler itself only takes note. Signals that arrive
    /// while the loop is busy wait for it; how many, the kernel knows only for those that it has delivered one by one.
    /// Several loops, on several threads, may have functions for one signal: all are called. When the last one is removed,
    /// or its loop closed, the disposition that was there before is back. A program that is started meanwhile inherits no
    /// handler, and a child that was forked without exec does not reach this process.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a number that is no signal, one that nobody can catch (SIGKILL, SIGSTOP), and one that says that an
    /// instruction has failed (SIGSEGV, SIGBUS, SIGFPE, SIGILL); no descriptors left; a loop that is closed. On virtual time,
    /// where there are no descriptors. Nothing is installed then.
    ///
    /// # Panics
    ///
    /// Not here: if `function` panics, the exception handler is told, and it stays registered.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_loop::signal::SIGHUP;
    /// use core_loop::{Future, Loop};
    ///
    /// # core_loop::run(async {
    /// let reload = Future::new();
    /// let lp = Loop::current();
    /// lp.add_signal_handler(SIGHUP, {
    ///     let reload = reload.clone();
    ///     move || drop(reload.set_result("reload the configuration"))
    /// })?;
    /// # std::process::Command::new("kill").args(["-HUP", &std::process::id().to_string()]).status()?;
    /// println!("{}", reload.await.unwrap());
    /// assert!(lp.remove_signal_handler(SIGHUP));
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    ///
    /// # Python
    ///
    /// `loop.add_signal_handler(signum, callback)`, there on the main thread only, and for one loop at a time.
    #[track_caller]
    pub fn add_signal_handler(&self, signal: i32, mut function: impl FnMut() + 'static) -> io::Result<()> {
        // The new one listens before the one before is dropped: no signal falls between the two.
        let listener = Listener::new(signal)?;
        let bell = listener.duplicate()?;
        let call = move || (0..listener.take()).for_each(|_| function());
        self.watch_with(Subject::Signal(signal), bell, Direction::Read, Box::new(call))
    }

    /// Ends what [`add_signal_handler`](Self::add_signal_handler) began. `false` if there was nothing, as after the close of
    /// the loop.
    ///
    /// # Python
    ///
    /// `loop.remove_signal_handler(signum)`.
    pub fn remove_signal_handler(&self, signal: i32) -> bool {
        self.inner().watchers.remove(Subject::Signal(signal))
    }
}
