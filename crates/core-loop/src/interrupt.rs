//! Ctrl-C while a runner runs its main: the first cancels it, the second ends the program.
//!
//! ```text
//!            SIGINT                          SIGINT: in the handler itself, so also while the loop is blocked
//!   RUNNING ─────────► TOLD: main cancelled ─────────► the default action: the program ends
//!      │                 │
//!      └───── main has ended: the disposition before is back ───── TOLD, and by nobody else: RunError::Interrupted
//! ```

use crate::current::Loop;
use crate::error::JoinError;
use crate::signal::Listener;
use crate::task::AnyTask;
use crate::watchers::Subject;
use contract::Direction;
use nix::unistd::{getpid, gettid};
use std::cell::Cell;
use std::rc::Rc;

/// Why main is cancelled.
const CTRL_C: &str = "interrupted by Ctrl-C";

/// Listens to Ctrl-C on behalf of a runner, until it is dropped.
pub(crate) struct Interrupt<'a> {
    lp: &'a Loop,
    told: Rc<Cell<bool>>,
}

impl<'a> Interrupt<'a> {
    /// Unless the program has asked for it: nothing on another thread than the first, and where the program, or whoever
    /// started it, has arranged for Ctrl-C. Nothing either where it cannot be done (no descriptors left, virtual time): then
    /// Ctrl-C does what it did before.
    pub(crate) fn begin(lp: &'a Loop, main: AnyTask, asked: bool) -> Option<Self> {
        if !asked && gettid() != getpid() {
            return None;
        }
        let listener = Listener::of_runner(asked).ok()??;
        let bell = listener.duplicate().ok()?;
        let told = Rc::new(Cell::new(false));
        let cancel = {
            let told = told.clone();
            move || {
                if listener.take() > 0 {
                    told.set(true);
                    main.cancel(CTRL_C);
                }
            }
        };
        lp.watch_with(Subject::Interrupt, bell, Direction::Read, Box::new(cancel)).ok()?;
        Some(Self { lp, told })
    }

    /// Whether Ctrl-C is why main ended so: it was told first, and by nobody else.
    pub(crate) fn ended<T>(&self, outcome: &Result<T, JoinError>) -> bool {
        let by_us =
            |error: &JoinError| matches!(error, JoinError::Cancelled(reason) if reason.as_str() == CTRL_C);
        self.told.get() && outcome.as_ref().err().is_some_and(by_us)
    }
}

impl Drop for Interrupt<'_> {
    fn drop(&mut self) {
        self.lp.inner().watchers.remove(Subject::Interrupt);
    }
}
