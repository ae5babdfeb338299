//! What the timers hold, under small numbers that are used again.

/// Finding, adding and removing take constant time.
pub(super) struct Slots<T> {
    slots: Vec<Slot<T>>,
    /// The free slot that is used next, which leads to the others; `END`: there is none.
    free: u32,
    used: usize,
}

struct Slot<T> {
    /// Which of all timers ever armed it is. Of a free slot: which is free as well.
    arrival: u64,
    /// Nothing in a slot that is free, nor in that of a timer that was cancelled.
    what: Option<T>,
}

const END: u32 = u32::MAX;

/// When nothing is in use, the memory of so many slots is kept.
const KEEP: usize = 1024;

impl<T> Slots<T> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), free: END, used: 0 }
    }

    #[inline]
    pub(super) fn insert(&mut self, arrival: u64, what: T) -> u32 {
        self.used += 1;
        let place = self.free;
        if let Some(slot) = self.slots.get_mut(place as usize) {
            #[expect(clippy::cast_possible_truncation, reason = "`remove` has put it there")]
            let next = slot.arrival as u32;
            self.free = next;
            *slot = Slot { arrival, what: Some(what) };
            return place;
        }
        let place = u32::try_from(self.slots.len()).ok().filter(|place| *place != END);
        self.slots.push(Slot { arrival, what: Some(what) });
        place.expect("fewer than four billion timers")
    }

    /// What that timer holds, if the slot is still its own.
    #[inline]
    pub(super) fn get_mut(&mut self, slot: u32, arrival: u64) -> Option<&mut Option<T>> {
        let slot = self.slots.get_mut(slot as usize)?;
        (slot.arrival == arrival).then_some(&mut slot.what)
    }

    /// What is in a slot that is in use.
    #[inline]
    pub(super) fn get(&self, slot: u32) -> Option<&T> {
        self.slots[slot as usize].what.as_ref()
    }

    /// When a slot that is in use was taken.
    #[inline]
    pub(super) fn arrival(&self, slot: u32) -> u64 {
        self.slots[slot as usize].arrival
    }

    /// Frees a slot that is in use.
    #[inline]
    pub(super) fn remove(&mut self, place: u32) -> Option<T> {
        let slot = &mut self.slots[place as usize];
        let what = slot.what.take();
        // A key of the timer that was here may find its own number in this place, and finds nothing in the slot.
        slot.arrival = self.free.into();
        self.free = place;
        self.used -= 1;
        if self.used == 0 && self.slots.len() > KEEP {
            // A past burst keeps no memory.
            *self = Self::new();
        }
        what
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.slots.into_iter().filter_map(|slot| slot.what)
    }
}
