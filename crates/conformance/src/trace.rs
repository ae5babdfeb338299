//! A trace: what happened in a scenario, in order.

use std::cell::RefCell;
use std::rc::Rc;

/// What happened, in order; many hands write it.
pub(crate) struct Trace<T>(Rc<RefCell<Vec<T>>>);

impl<T: Clone + 'static> Trace<T> {
    pub(crate) fn new() -> Self {
        Self(Rc::default())
    }

    pub(crate) fn note(&self, event: T) {
        self.0.borrow_mut().push(event);
    }

    /// A callback that notes `event`.
    pub(crate) fn noting(&self, event: T) -> impl FnOnce() + 'static {
        let trace = self.clone();
        move || trace.note(event)
    }

    /// A guard that notes `event` when it is dropped.
    pub(crate) fn on_drop(&self, event: T) -> impl Sized + 'static {
        struct OnDrop<F: FnMut()>(F);
        impl<F: FnMut()> Drop for OnDrop<F> {
            fn drop(&mut self) {
                (self.0)();
            }
        }
        let trace = self.clone();
        OnDrop(move || trace.note(event.clone()))
    }

    pub(crate) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    pub(crate) fn seen(&self) -> Vec<T> {
        self.0.borrow().clone()
    }
}

impl<T> Clone for Trace<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
