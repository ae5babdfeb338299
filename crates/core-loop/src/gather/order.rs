//! In which order the futures of a gather ended.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

/// The futures of one gather that have ended and were not looked at since, first of all the one that ended first.
#[derive(Clone)]
pub struct Order(Rc<RefCell<VecDeque<usize>>>);

impl Order {
    pub(super) fn new() -> Self {
        Self(Rc::default())
    }

    pub(super) fn get(&self, place: usize) -> Option<usize> {
        self.0.borrow().get(place).copied()
    }

    pub(super) fn remove(&self, place: usize) {
        let mut ended = self.0.borrow_mut();
        if place == 0 {
            ended.pop_front()
        } else {
            ended.remove(place)
        };
    }

    /// Notes the future at `index` once it has ended, in whatever way.
    pub(super) fn note_end(&self, index: usize) -> impl Sized + 'static + use<> {
        struct Noting(Order, usize);
        impl Drop for Noting {
            fn drop(&mut self) {
                self.0.0.borrow_mut().push_back(self.1);
            }
        }
        Noting(self.clone(), index)
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Order").field(&self.0.borrow()).finish()
    }
}
