//! Callbacks that wait for futures, kept by the loop that will call them: a future may be set, and dropped, anywhere.

use crate::callback::CallRef;
use crate::current::Loop;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

pub(crate) struct DoneCallbacks {
    waiting: RefCell<HashMap<u64, CallRef>>,
    /// How many were ever kept: the name of the next.
    kept: Cell<u64>,
}

impl DoneCallbacks {
    pub(crate) fn new() -> Self {
        Self { waiting: RefCell::new(HashMap::new()), kept: Cell::new(0) }
    }

    /// Gives the name under which it is kept.
    pub(crate) fn keep(&self, callback: CallRef) -> u64 {
        let name = self.kept.get();
        self.kept.set(name + 1);
        self.waiting.borrow_mut().insert(name, callback);
        name
    }

    /// Calls it, unless it was cancelled.
    pub(crate) fn call(&self, lp: &Loop, name: u64) {
        let callback = self.waiting.borrow_mut().remove(&name);
        if let Some(callback) = callback {
            callback.call(lp);
        }
    }

    /// Its future is gone.
    pub(crate) fn forget(&self, name: u64) {
        let callback = self.waiting.borrow_mut().remove(&name);
        drop(callback);
    }

    /// All of them, for the close.
    pub(crate) fn take(&self) -> impl Iterator<Item = CallRef> {
        self.waiting.take().into_values()
    }
}
