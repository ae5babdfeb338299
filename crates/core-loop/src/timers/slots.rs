//! What the timers hold, under small numbers that are used again.

/// Finding, adding and removing take constant time.
pub(super) struct Slots<T> {
    slots: Vec<Slot<T>>,
    /// The free slot that is used next, which leads to the others; `END`: there is none.
    free: u32,
    used: usize,
    /// How many timers had ever gone, and how many were armed, when the last slots were looked at.
    went_before: u64,
    armed_before: usize,
}

struct Slot<T> {
    /// Which of all timers ever armed it is. Of a free slot: which is free as well.
    arrival: u64,
    /// Nothing in a slot that is free, nor in that of a timer that was cancelled.
    what: Option<T>,
}

impl<T> Slot<T> {
    /// Of a free slot.
    #[inline]
    fn next_free(&self) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "`remove` has put it there")]
        let next = self.arrival as u32;
        next
    }
}

const END: u32 = u32::MAX;

/// The memory of so many slots is kept in any case.
const KEEP: usize = 1024;

impl<T> Slots<T> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), free: END, used: 0, went_before: 0, armed_before: 0 }
    }

    #[inline]
    pub(super) fn insert(&mut self, arrival: u64, what: T) -> u32 {
        self.used += 1;
        let place = self.free;
        if let Some(slot) = self.slots.get_mut(place as usize) {
            self.free = slot.next_free();
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

    /// How many slots are to be kept, if that is less than half of them, and three in four hold nothing; `armed` hold
    /// something.
    #[inline]
    pub(super) fn wanted(&mut self, armed: usize, arrivals: u64) -> Option<usize> {
        if self.slots.len() <= KEEP || armed >= self.slots.len() / 4 {
            return None;
        }
        self.look(armed, arrivals)
    }

    /// Not again before half as many timers went as there are slots, or half of those that were armed: it walks over the
    /// slots behind the last timer.
    #[cold]
    fn look(&mut self, armed: usize, arrivals: u64) -> Option<usize> {
        let went = arrivals - armed as u64;
        if went - self.went_before < self.slots.len() as u64 / 2 && armed > self.armed_before / 2 {
            return None;
        }
        (self.went_before, self.armed_before) = (went, armed);
        let wanted = self.slots.iter().rposition(|slot| slot.what.is_some()).map_or(0, |last| last + 1);
        (wanted < self.slots.len() / 2).then_some(wanted)
    }

    /// Keeps so many slots. Those of them that hold nothing are free, the first one first.
    pub(super) fn cut(&mut self, len: usize) {
        self.slots.truncate(len);
        self.slots.shrink_to(KEEP.max(2 * len));
        self.free = END;
        for (place, slot) in self.slots.iter_mut().enumerate().rev() {
            if slot.what.is_none() {
                slot.arrival = self.free.into();
                self.free = u32::try_from(place).expect("fewer than four billion timers");
            }
        }
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.slots.capacity()
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.slots.into_iter().filter_map(|slot| slot.what)
    }
}
