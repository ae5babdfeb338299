//! Ctrl-C for a run: it cancels the task that the run waits for.
//!
//! ```text
//!             first poll of the run              SIGINT                     the run is over
//!   (nobody) ───────────────────────► LISTENING ─────────► the task is told ───────────────► (nobody)
//! ```
//!
//! One signal only: from then on the disposition that was there before is back, so that a second one ends a program whose
//! clean-ups hang.

use crate::current::Loop;
use crate::error::{JoinError, RunError};
use crate::exception::ExceptionContext;
use crate::signal::ctrl_c;
use crate::task::AnyTask;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Why the task is cancelled.
const CTRL_C: &str = "Ctrl-C";

/// Listens for as long as one run lasts.
pub(crate) struct Interrupt {
    task: AnyTask,
    /// `None` once it has come, or cannot be heard here.
    signal: Option<Pin<Box<dyn Future<Output = io::Result<()>>>>>,
}

impl Interrupt {
    pub(crate) fn new(task: AnyTask) -> Self {
        Self { task, signal: Some(Box::pin(ctrl_c())) }
    }

    /// Cancels the task if the signal has come; else the next one polls the root.
    pub(crate) fn poll(&mut self, lp: &Loop, cx: &mut Context<'_>) {
        let Some(signal) = &mut self.signal else { return };
        let _entered = lp.enter();
        let Poll::Ready(heard) = signal.as_mut().poll(cx) else { return };
        self.signal = None;
        match heard {
            Ok(()) => {
                self.task.cancel(CTRL_C);
            }
            Err(error) => {
                let message = format!("nobody listens for Ctrl-C, which ends the program: {error}");
                lp.report(&ExceptionContext::new(message));
            }
        }
    }
}

/// What a main that ended so gives: whether it was this that cancelled it, its reason says.
pub(crate) fn interrupted(error: &JoinError) -> Option<RunError> {
    matches!(error, JoinError::Cancelled(reason) if reason.as_str() == CTRL_C)
        .then_some(RunError::Interrupted)
}
