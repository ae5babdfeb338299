//! What is on its way to the loop, and in which order the loop hears of it.
//!
//! Events come at their time, and those of one instant in the order in which they were sent. A seed may change what no
//! runtime promises: the order of one instant's events, and whether the loop hears of them in one visit or in several.

use crate::random::Random;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// Changes something outside the loop, and wakes who waits for it.
pub(crate) type Event = Box<dyn FnOnce()>;

/// After each event of a seeded visit, once in so many times, the rest is left for the next one.
const SPLIT_ONE_IN: u32 = 4;

#[derive(Default)]
pub(crate) struct Events {
    /// By time, then in order of arrival.
    coming: RefCell<BTreeMap<(Instant, u64), Event>>,
    arrivals: Cell<u64>,
    /// Due, and left for a later visit.
    held: RefCell<VecDeque<Event>>,
    /// Nobody will hear of anything any more.
    closed: Cell<bool>,
}

impl Events {
    pub(crate) fn send(&self, when: Instant, event: impl FnOnce() + 'static) {
        if self.closed.get() {
            return;
        }
        let arrival = self.arrivals.get();
        self.arrivals.set(arrival + 1);
        self.coming.borrow_mut().insert((when, arrival), Box::new(event));
    }

    /// Forgets everything, now and from now on: events hold what they change, which holds this.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        let forgotten = (self.coming.take(), self.held.take());
        drop(forgotten);
    }

    /// The time of the next one.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.coming.borrow().keys().next().map(|(when, _)| *when)
    }

    /// One visit: lets events that are due by `now` happen. Gives how many; with a `seed` that may be none, although some
    /// are due, if the loop `has_more`: something else to do in the meantime.
    pub(crate) fn visit(&self, now: Instant, seed: Option<&Random>, has_more: bool) -> usize {
        self.gather(now);
        let Some(random) = seed else {
            // Only those that were there: what they cause is heard of in the next visit.
            let due = self.held.take();
            return due.into_iter().map(|event| event()).count();
        };
        let due = self.held.borrow().len();
        let mut happened = 0;
        while happened < due && !((happened > 0 || has_more) && random.one_in(SPLIT_ONE_IN)) {
            let event = {
                let mut held = self.held.borrow_mut();
                let place = random.place(held.len());
                held.remove(place).expect("a place among them")
            };
            event();
            happened += 1;
        }
        happened
    }

    /// What is due by `now` is held from here on.
    fn gather(&self, now: Instant) {
        let mut coming = self.coming.borrow_mut();
        let later = coming.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut *coming, later);
        self.held.borrow_mut().extend(due.into_values());
    }
}

#[cfg(test)]
mod tests {
    use super::Events;
    use crate::random::Random;
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::rc::Rc;
    use std::time::{Duration, Instant};

    type Seen = Rc<RefCell<Vec<u32>>>;

    /// Three events at one instant, and one later.
    fn events(now: Instant) -> (Events, Seen) {
        let (events, seen) = (Events::default(), Seen::default());
        for (number, when) in [now, now, now, now + Duration::from_nanos(1)].into_iter().enumerate() {
            let seen = seen.clone();
            events.send(when, move || seen.borrow_mut().push(number as u32));
        }
        (events, seen)
    }

    #[test]
    fn without_a_seed_they_happen_in_one_visit_in_order_of_arrival() {
        let now = Instant::now();
        let (events, seen) = events(now);
        assert_eq!(events.visit(now, None, true), 3);
        assert_eq!(*seen.borrow(), [0, 1, 2]);
        assert_eq!(events.next(), Some(now + Duration::from_nanos(1)));
    }

    #[test]
    fn seeds_reach_every_order_and_every_split_and_lose_nothing() {
        let now = Instant::now();
        let (mut orders, mut splits) = (BTreeSet::new(), BTreeSet::new());
        for seed in 0..500 {
            let random = Random::new(seed);
            let (events, seen) = events(now);
            let mut visits = Vec::new();
            while visits.iter().sum::<usize>() < 3 {
                let visit = events.visit(now, Some(&random), visits.is_empty());
                assert!(visit > 0 || visits.is_empty(), "nothing else to do, and nothing happened");
                visits.push(visit);
            }
            orders.insert(seen.take());
            splits.insert(visits);
        }
        assert_eq!(orders.len(), 6, "{orders:?}");
        // 3, 1+2, 2+1, 1+1+1, each of them also after an empty one.
        assert_eq!(splits.len(), 8, "{splits:?}");
    }
}
