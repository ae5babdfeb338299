//! Deadlines waiting their turn: earliest first, equal ones in order of arrival.
//!
//! ```text
//!              pop_due, or the last of the heap is cancelled
//!   ARMED ───────────────────────────────────────────────────► gone: the slot is free
//!     │ cancel                                                  ▲
//!     └────────► CANCELLED ─────────────────────────────────────┘
//!                 (its entry is still in the heap)   it surfaces, or is swept
//! ```
//!
//! What is compared when the heap is put in order, sixteen bytes a timer, lies side by side; the rest is in the slots.

mod heap;
mod slots;

use crate::moment::Moment;
use heap::{Entry, Heap};
use slots::Slots;

/// Names one timer for as long as it is armed.
// Packed, so that a sleep that holds one is a word shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(Rust, packed(4))]
pub(crate) struct TimerKey {
    /// Which of all timers ever armed. Only grows, so no two keys are equal.
    arrival: u64,
    slot: u32,
}

pub(crate) struct Timers<T> {
    heap: Heap,
    /// One for each entry of the heap.
    slots: Slots<T>,
    /// How many of them are armed.
    armed: usize,
    arrivals: u64,
}

/// Below this many entries a sweep is not worth its while.
const SWEEP_ABOVE: usize = 64;

/// Room for twice as many is kept when nothing is armed.
const KEEP: usize = 512;

impl<T> Timers<T> {
    pub(crate) const fn new() -> Self {
        Self { heap: Heap::new(), slots: Slots::new(), armed: 0, arrivals: 0 }
    }

    pub(crate) fn arm(&mut self, deadline: Moment, what: T) -> TimerKey {
        let arrival = self.arrivals;
        self.arrivals += 1;
        self.armed += 1;
        let slot = self.slots.insert(arrival, what);
        self.heap.push(Entry { deadline, slot }, |slot| self.slots.arrival(slot));
        TimerKey { arrival, slot }
    }

    /// What an armed timer holds; `None` if it has fired or was cancelled.
    pub(crate) fn get_mut(&mut self, key: TimerKey) -> Option<&mut T> {
        self.slots.get_mut(key.slot, key.arrival)?.as_mut()
    }

    /// Disarms a timer and gives back what it held; `None` if it has fired or was cancelled.
    pub(crate) fn cancel(&mut self, key: TimerKey) -> Option<T> {
        let what = self.slots.get_mut(key.slot, key.arrival)?.take()?;
        self.armed -= 1;
        if self.heap.outermost().is_some_and(|last| last.slot == key.slot) {
            // What is armed for a while and cancelled at once, as most timeouts are.
            self.heap.pop_outermost();
            self.slots.remove(key.slot);
        } else if self.heap.entries().len() > SWEEP_ABOVE.max(2 * self.armed) {
            self.sweep();
        }
        Some(what)
    }

    /// A past burst keeps no memory; twice what is armed is room for the next.
    #[cold]
    fn sweep(&mut self) {
        let slots = &mut self.slots;
        let armed = |entry: &Entry| {
            let armed = slots.get(entry.slot).is_some();
            if !armed {
                slots.remove(entry.slot);
            }
            armed
        };
        self.heap.retain(armed, SWEEP_ABOVE);
        self.heap.restore(|slot| self.slots.arrival(slot));
    }

    /// Whether no timer is armed.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.armed == 0
    }

    /// The next deadline.
    pub(crate) fn next(&mut self) -> Option<Moment> {
        while let Some(Entry { deadline, slot }) = self.heap.first() {
            if self.slots.get(slot).is_some() {
                return Some(deadline);
            }
            self.pop();
        }
        self.tidy();
        None
    }

    /// Takes the first timer whose deadline is not after `now`.
    pub(crate) fn pop_due(&mut self, now: Moment) -> Option<T> {
        if self.next()? > now {
            self.tidy();
            return None;
        }
        let what = self.pop()?;
        self.armed -= 1;
        Some(what)
    }

    /// Gives back what a past burst has left free. Once a turn, when nothing more is due.
    #[inline]
    fn tidy(&mut self) {
        self.heap.tidy(KEEP);
        if let Some(wanted) = self.slots.wanted(self.armed, self.arrivals) {
            // Those that were cancelled have their slots no longer than this.
            self.sweep();
            self.slots.cut(wanted);
        }
    }

    /// Takes the first entry out, and what it held if it is armed.
    fn pop(&mut self) -> Option<T> {
        let Entry { slot, .. } = self.heap.pop(|slot| self.slots.arrival(slot))?;
        self.slots.remove(slot)
    }

    /// Shows what is armed, in no order.
    pub(crate) fn for_each(&self, mut show: impl FnMut(Moment, &T)) {
        for Entry { deadline, slot } in self.heap.entries() {
            if let Some(what) = self.slots.get(*slot) {
                show(*deadline, what);
            }
        }
    }

    /// What is armed, in no order.
    pub(crate) fn into_armed(self) -> impl Iterator<Item = T> {
        self.slots.into_values()
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
            timers.arm(now.into(), name);
        }
        let order: Vec<_> = std::iter::from_fn(|| timers.pop_due(now.into())).collect();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_cancelled_head_is_not_waited_for() {
        let now = Instant::now();
        let mut timers = Timers::new();
        let head = timers.arm((now + Duration::from_secs(5)).into(), "cancelled");
        timers.arm((now + Duration::from_secs(10)).into(), "live");
        assert_eq!(timers.cancel(head), Some("cancelled"));
        assert_eq!(timers.next(), Some((now + Duration::from_secs(10)).into()));
        assert_eq!(timers.cancel(head), None, "it was cancelled already");
    }

    #[test]
    fn a_key_whose_timer_is_gone_finds_nothing_whoever_has_its_slot() {
        let now = Instant::now().into();
        let mut timers = Timers::new();
        let gone = [timers.arm(now, 1), timers.arm(now, 2)];
        assert_eq!(timers.pop_due(now), Some(1));
        assert_eq!(timers.cancel(gone[1]), Some(2));
        let nothing = |timers: &mut Timers<i32>| {
            gone.iter().all(|key| timers.get_mut(*key).is_none() && timers.cancel(*key).is_none())
        };
        assert!(nothing(&mut timers));
        timers.arm(now, 3);
        timers.arm(now, 4);
        assert!(nothing(&mut timers));
        assert_eq!([(); 3].map(|()| timers.pop_due(now)), [Some(3), Some(4), None]);
    }

    #[test]
    fn mass_cancel_releases_memory() {
        let now = Instant::now();
        let mut timers = Timers::new();
        let later = (now + Duration::from_secs(1)).into();
        timers.arm(now.into(), 0);
        for _ in 0..100_000 {
            let key = timers.arm(later, 1);
            timers.cancel(key);
        }
        let left = timers.heap.entries().len();
        assert!(left <= 2 * super::SWEEP_ABOVE, "{left} entries left");
        let keys: Vec<_> = (0..100_000).map(|_| timers.arm(later, 1)).collect();
        for key in keys {
            timers.cancel(key);
        }
        assert!(timers.heap.capacity() <= 8 * super::SWEEP_ABOVE, "room for {}", timers.heap.capacity());
        assert_eq!(timers.pop_due(now.into()), Some(0));
        assert!(timers.is_empty());
    }

    #[test]
    fn one_timer_that_stays_does_not_keep_the_memory_of_those_that_were_cancelled() {
        let now = Instant::now();
        let later = (now + Duration::from_secs(1)).into();
        let mut timers = Timers::new();
        timers.arm(later, 0);
        let mut keys: Vec<_> = (1..=100_000).map(|name| timers.arm(later, name)).collect();
        // In another order than they came in.
        keys.sort_unstable_by_key(|key| { key.arrival }.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        for key in keys {
            assert!(timers.cancel(key).is_some());
            assert_eq!(timers.pop_due(now.into()), None);
        }
        assert!(timers.slots.capacity() <= 2048, "slots for {}", timers.slots.capacity());
        assert!(timers.heap.capacity() <= 2048, "entries for {}", timers.heap.capacity());
        // The slots that are left are as good as new.
        let keys: Vec<_> = (1..=5000).map(|name| timers.arm(later, name)).collect();
        let cancelled: Vec<_> = keys.iter().rev().map(|key| timers.cancel(*key)).collect();
        assert_eq!(cancelled, (1..=5000).rev().map(Some).collect::<Vec<_>>());
        assert_eq!([(); 2].map(|()| timers.pop_due(later)), [Some(0), None]);
    }

    #[test]
    fn timers_that_have_fired_leave_no_memory_behind() {
        let now = Instant::now();
        let mut timers = Timers::new();
        timers.arm((now + Duration::from_secs(1)).into(), 0);
        for name in 1..=100_000 {
            timers.arm(now.into(), name);
        }
        assert!((1..=100_000).all(|name| timers.pop_due(now.into()) == Some(name)));
        assert!(timers.heap.capacity() > 100_000, "they come out one after the other");
        assert_eq!(timers.pop_due(now.into()), None);
        assert!(timers.heap.capacity() <= 2048, "entries for {}", timers.heap.capacity());
        assert!(timers.slots.capacity() <= 2048, "slots for {}", timers.slots.capacity());
    }
}
