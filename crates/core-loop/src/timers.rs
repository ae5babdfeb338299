//! Deadlines waiting their turn: earliest first, equal ones in order of arrival.

use crate::slab::Slab;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Names one timer for as long as it is armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    /// Which of all timers ever armed: also the tie-break between equal deadlines, which a bare heap would pop in any
    /// order. Only grows, so no two keys are equal.
    arrival: u64,
    slot: u32,
}

pub(crate) struct Timers<T> {
    /// Cancelled entries stay until they surface or are swept.
    heap: BinaryHeap<Reverse<(Instant, TimerKey)>>,
    armed: Slab<(u64, T)>,
    arrivals: u64,
}

/// Below this many entries a sweep is not worth its while.
const SWEEP_ABOVE: usize = 64;

impl<T> Timers<T> {
    pub(crate) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), armed: Slab::new(), arrivals: 0 }
    }

    pub(crate) fn arm(&mut self, deadline: Instant, what: T) -> TimerKey {
        let arrival = self.arrivals;
        self.arrivals += 1;
        let key = TimerKey { arrival, slot: self.armed.insert((arrival, what)) };
        self.heap.push(Reverse((deadline, key)));
        key
    }

    /// What an armed timer holds; `None` if it has fired or was cancelled.
    pub(crate) fn get_mut(&mut self, key: TimerKey) -> Option<&mut T> {
        let (arrival, what) = self.armed.get_mut(key.slot)?;
        (*arrival == key.arrival).then_some(what)
    }

    /// Disarms a timer and gives back what it held; `None` if it has fired or was cancelled.
    pub(crate) fn cancel(&mut self, key: TimerKey) -> Option<T> {
        self.get_mut(key)?;
        let (_, what) = self.armed.remove(key.slot)?;
        if self.heap.len() > SWEEP_ABOVE && self.heap.len() > 2 * self.armed.len() {
            let armed = &self.armed;
            self.heap
                .retain(|Reverse((_, key))| armed.get(key.slot).is_some_and(|timer| timer.0 == key.arrival));
            // A past burst keeps no memory; twice what is armed is room for the next.
            self.heap.shrink_to(2 * self.armed.len().max(SWEEP_ABOVE));
        }
        Some(what)
    }

    /// Whether no timer is armed.
    pub(crate) fn is_empty(&self) -> bool {
        self.armed.len() == 0
    }

    /// The next deadline.
    pub(crate) fn next(&mut self) -> Option<Instant> {
        while let Some(Reverse((deadline, key))) = self.heap.peek().copied() {
            if self.get_mut(key).is_some() {
                return Some(deadline);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes the first timer whose deadline is not after `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<T> {
        if self.next()? > now {
            return None;
        }
        let Reverse((_, key)) = self.heap.pop()?;
        self.armed.remove(key.slot).map(|(_, what)| what)
    }

    /// Shows what is armed, in no order.
    pub(crate) fn for_each(&self, mut show: impl FnMut(Instant, &T)) {
        for Reverse((deadline, key)) in &self.heap {
            if let Some((_, what)) = self.armed.get(key.slot).filter(|timer| timer.0 == key.arrival) {
                show(*deadline, what);
            }
        }
    }

    /// What is armed, in no order.
    pub(crate) fn into_armed(self) -> impl Iterator<Item = T> {
        self.armed.into_values().map(|(_, what)| what)
    }

    /// Disarms all, and keeps no memory.
    pub(crate) fn take_all(&mut self) -> Self {
        std::mem::replace(self, Self::new())
    }
}

#[cfg(test)]
mod tests {
    use super::Timers;
    use std::time::{Duration, Instant};

    #[test]
    fn equal_deadlines_come_out_in_arrival_order() {
        let now = Instant::now();
        let mut timers = Timers::new();
        for name in 0..100 {
            timers.arm(now, name);
        }
        let order: Vec<_> = std::iter::from_fn(|| timers.pop_due(now)).collect();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_cancelled_head_is_not_waited_for() {
        let now = Instant::now();
        let mut timers = Timers::new();
        let head = timers.arm(now + Duration::from_secs(5), "cancelled");
        timers.arm(now + Duration::from_secs(10), "live");
        assert_eq!(timers.cancel(head), Some("cancelled"));
        assert_eq!(timers.next(), Some(now + Duration::from_secs(10)));
        assert_eq!(timers.cancel(head), None, "it was cancelled already");
    }

    #[test]
    fn mass_cancel_releases_memory() {
        let now = Instant::now();
        let mut timers = Timers::new();
        timers.arm(now, 0);
        for _ in 0..100_000 {
            let key = timers.arm(now + Duration::from_secs(1), 1);
            timers.cancel(key);
        }
        assert!(timers.heap.len() <= 2 * super::SWEEP_ABOVE, "{} entries left", timers.heap.len());
        let keys: Vec<_> = (0..100_000).map(|_| timers.arm(now + Duration::from_secs(1), 1)).collect();
        for key in keys {
            timers.cancel(key);
        }
        assert!(timers.heap.capacity() <= 8 * super::SWEEP_ABOVE, "room for {}", timers.heap.capacity());
        assert_eq!(timers.pop_due(now), Some(0));
        assert!(timers.is_empty());
    }
}
