//! What happened, in order.

use std::cell::RefCell;
use std::fmt::Display;
use std::rc::Rc;

/// A list of events that everybody adds to.
#[derive(Clone, Default)]
pub(crate) struct Trace(Rc<RefCell<Vec<String>>>);

impl Trace {
    pub(crate) fn add(&self, event: impl Display) {
        self.0.borrow_mut().push(event.to_string());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The events so far, apart by spaces; the list is empty then.
    pub(crate) fn take(&self) -> String {
        self.0.take().join(" ")
    }

    /// Adds `event` when it is dropped.
    pub(crate) fn on_drop(&self, event: &'static str) -> OnDrop {
        OnDrop(self.clone(), event)
    }
}

pub(crate) struct OnDrop(Trace, &'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.add(self.1);
    }
}
