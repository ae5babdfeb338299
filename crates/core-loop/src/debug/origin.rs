//! Where a future was made, and who hears if it was for nothing.

use super::{Awaitable, DebugReport, Settings, is_unwinding};
use crate::current::Loop;
use std::panic::Location;
use std::sync::Arc;

/// A future belongs to no loop, and may be dropped on any thread: so it knows itself whom to tell.
pub(crate) struct Origin {
    created_at: &'static Location<'static>,
    /// Of the loop in whose debug mode it was made, if it was.
    settings: Option<Arc<Settings>>,
}

impl Origin {
    /// The caller's place, and the loop that runs here.
    #[track_caller]
    pub(crate) fn here() -> Self {
        let debugging = Loop::try_current().filter(Loop::get_debug);
        Self { created_at: Location::caller(), settings: debugging.map(|lp| lp.inner().settings.clone()) }
    }

    /// It goes, and nobody has ever wanted to know what comes of it.
    pub(crate) fn never_awaited(&self) {
        if let Some(settings) = &self.settings
            && !is_unwinding()
        {
            settings.report(&DebugReport::NeverAwaited { what: self.what() });
        }
    }

    /// It goes with an error that nobody has read: the debug handler is told, if there is one.
    pub(crate) fn unread_error(&self, type_name: &'static str) {
        if let Some(settings) = &self.settings {
            settings.tell_handler(&DebugReport::UnreadError { what: self.what(), type_name });
        }
    }

    fn what(&self) -> Awaitable {
        Awaitable::Future { created_at: self.created_at }
    }
}
