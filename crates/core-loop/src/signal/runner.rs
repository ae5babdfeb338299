//! How a runner hears Ctrl-C: once, and without a descriptor at first.
//!
//! ```text
//!   new: the handler is there ─────────────► hang: so is a bell, which wakes the loop
//!     a signal is noted                        a signal is noted, and rings
//! ```
//!
//! Most of what a short run pays would be for the descriptor, and a loop that has not slept needs none: what is noted is found
//! when the bell is hung.

use super::handler::{Ear, Handler, Hung};
use super::{LISTENING, Listening, bell, find, rearrange};
use crate::sync::lock;
use nix::libc::SIGINT;
use nix::sys::eventfd::EventFd;
use nix::sys::signal::{Signal, raise};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// Hears SIGINT while no code of the program listens, until it is dropped. The one after the first is for the kernel.
pub(crate) struct RunnerListener {
    ear: Arc<Ear>,
    bell: Option<EventFd>,
}

impl RunnerListener {
    /// Unless it was `asked` for: if Ctrl-C would end the program, were it not for code of this crate.
    pub(crate) fn new(asked: bool) -> io::Result<Option<Self>> {
        let ear = Arc::new(Ear::default());
        let mut listening = lock(&LISTENING);
        if let Some(those) = find(&mut listening, SIGINT) {
            if !asked && !those.handler.was_default() {
                return Ok(None);
            }
            those.runners.push(ear.clone());
            those.handler.ring(those.hung());
        } else {
            // Set, and then seen what was there: to ask before would be a system call more for each run.
            let handler = Handler::install(SIGINT, Hung::Runners(vec![ear.clone()]))?;
            if !asked && !handler.was_default() {
                drop(handler);
                if ear.is_told() {
                    // It came between the two, and is for whom it was before.
                    raise(Signal::SIGINT)?;
                }
                return Ok(None);
            }
            let runners = vec![ear.clone()];
            listening.push(Listening { signal: SIGINT, handler, program: Vec::new(), runners });
        }
        ear.listen();
        Ok(Some(Self { ear, bell: None }))
    }

    /// Hangs a bell up, and gives it: readable from the first signal after that on, until `take`.
    pub(crate) fn hang(&mut self) -> io::Result<OwnedFd> {
        let bell = bell()?;
        let duplicate = bell.as_fd().try_clone_to_owned()?;
        self.ear.hang(bell.as_fd());
        self.bell = Some(bell);
        // When this returns, a handler either has noted its signal, or rings the bell.
        rearrange(SIGINT, |_| {});
        Ok(duplicate)
    }

    /// What says whether the signal has come: for the last time when this listener is gone.
    pub(crate) fn ear(&self) -> Arc<Ear> {
        self.ear.clone()
    }

    /// Unrings the bell.
    pub(crate) fn take(&self) {
        let _rung = self.bell.as_ref().map(EventFd::read);
    }
}

impl Drop for RunnerListener {
    fn drop(&mut self) {
        // Before the bell is closed, which comes after this.
        rearrange(SIGINT, |those| those.runners.retain(|ear| !Arc::ptr_eq(ear, &self.ear)));
    }
}
