//! What is called for each connection of a server.

use crate::link::Link;
use core_loop::{ExceptionContext, Loop, spawn};
use std::fmt::Display;

/// What a handler may give: nothing, or a `Result`, whose error is reported to the loop's exception handler.
pub trait Outcome: 'static {
    /// What went wrong, in words.
    fn complaint(self) -> Option<String>;
}

impl Outcome for () {
    fn complaint(self) -> Option<String> {
        None
    }
}

impl<E: Display + 'static> Outcome for Result<(), E> {
    fn complaint(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// Runs a handler in a task of its own. The loop itself reports one that panics, and says nothing of one that is cancelled.
pub(crate) fn handled<T: Outcome>(link: &Link, handler: impl Future<Output = T> + 'static) {
    let peer = link.peer_name.as_ref().map_or_else(|| "a client".to_owned(), ToString::to_string);
    let name = format!("serve {peer}");
    spawn(async move {
        if let Some(complaint) = handler.await.complaint() {
            let message = format!("the handler of {peer} failed: {complaint}");
            Loop::current().call_exception_handler(&ExceptionContext::new(message));
        }
    })
    .named(name)
    .detach();
}
