//! Those who wait for the end of a task without its handle: any number of them, woken in the order in which they came.

use super::waiter::Waiter;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Listeners {
    by_number: RefCell<BTreeMap<u64, Listener>>,
    /// How many ever came.
    came: Cell<u64>,
}

struct Listener {
    waiter: Waiter,
    /// The task whose step it was that left the waiter, if it was one's of the same loop.
    task: Option<u64>,
    /// It awaits the outcome, and does not merely look whether it is there.
    hears: bool,
}

impl Listeners {
    /// Has `waiter` woken, for the listener `number`; it comes last if it is new.
    pub(super) fn listen(&self, number: &Cell<Option<u64>>, waiter: Waiter, task: Option<u64>, hears: bool) {
        let place = number.get().unwrap_or_else(|| {
            self.came.set(self.came.get() + 1);
            self.came.get()
        });
        number.set(Some(place));
        let before = self.by_number.borrow_mut().insert(place, Listener { waiter, task, hears });
        // It may be a foreign one, whose destructor may come back here.
        drop(before);
    }

    /// That listener waits no more.
    pub(super) fn forget(&self, number: u64) {
        let gone = self.by_number.borrow_mut().remove(&number);
        drop(gone);
    }

    /// Whether somebody will hear of the outcome.
    pub(super) fn will_hear(&self) -> bool {
        self.by_number.borrow().values().any(|listener| listener.hears)
    }

    /// The task that came first, of those who are tasks.
    pub(super) fn first_task(&self) -> Option<u64> {
        self.by_number.borrow().values().find_map(|listener| listener.task)
    }

    pub(super) fn wake_all(&self) {
        let all = self.by_number.take();
        all.into_values().for_each(|listener| listener.waiter.wake());
    }
}
