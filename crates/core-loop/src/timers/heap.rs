//! A heap of slots by deadline. Each node has four children, so a path from the root is half as long as with two, and the
//! four lie side by side.

use crate::moment::Moment;

#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) deadline: Moment,
    pub(super) slot: u32,
}

/// The first is at the root. Equal deadlines are told apart by when their slots were taken: `arrival` says it, and is asked
/// for them only.
pub(super) struct Heap(Vec<Entry>);

const CHILDREN: usize = 4;

impl Heap {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    #[inline]
    pub(super) fn entries(&self) -> &[Entry] {
        &self.0
    }

    #[inline]
    pub(super) fn first(&self) -> Option<Entry> {
        self.0.first().copied()
    }

    /// The entry that is farthest from the root; not the last to come out.
    #[inline]
    pub(super) fn outermost(&self) -> Option<Entry> {
        self.0.last().copied()
    }

    #[inline]
    pub(super) fn pop_outermost(&mut self) {
        self.0.pop();
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.0.capacity()
    }

    pub(super) fn push(&mut self, entry: Entry, arrival: impl Fn(u32) -> u64) {
        let mut at = self.0.len();
        self.0.push(entry);
        while at > 0 {
            let parent = (at - 1) / CHILDREN;
            if !is_before(entry, self.0[parent], &arrival) {
                break;
            }
            self.0[at] = self.0[parent];
            at = parent;
        }
        self.0[at] = entry;
    }

    pub(super) fn pop(&mut self, arrival: impl Fn(u32) -> u64) -> Option<Entry> {
        let last = self.0.pop()?;
        let Some(first) = self.first() else { return Some(last) };
        self.sift_down(0, last, &arrival);
        Some(first)
    }

    /// Keeps what `keep` says, and room for twice as many as are kept or as `least` says. [`restore`](Self::restore) must
    /// follow.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Entry) -> bool, least: usize) {
        self.0.retain(keep);
        self.0.shrink_to(2 * self.0.len().max(least));
    }

    /// Keeps room for twice as many as there are, or as `least` says, if it has room for four times as many.
    #[inline]
    pub(super) fn tidy(&mut self, least: usize) {
        let wanted = self.0.len().max(least);
        if self.0.capacity() / 4 > wanted {
            self.0.shrink_to(2 * wanted);
        }
    }

    /// Puts it in order, whatever it was in before.
    pub(super) fn restore(&mut self, arrival: impl Fn(u32) -> u64) {
        for at in (0..self.0.len().div_ceil(CHILDREN)).rev() {
            self.sift_down(at, self.0[at], &arrival);
        }
    }

    /// Puts `entry` in the place `at`, whose own is free, or below it.
    fn sift_down(&mut self, mut at: usize, entry: Entry, arrival: &impl Fn(u32) -> u64) {
        loop {
            let begin = CHILDREN * at + 1;
            let end = self.0.len().min(begin + CHILDREN);
            let Some(children) = self.0.get(begin..end) else { break };
            let first = match *children {
                [] => break,
                // Nobody can guess who is first, so without a branch on it.
                [one, two, three, four] => {
                    let left = usize::from(is_before(two, one, arrival));
                    let right = 2 + usize::from(is_before(four, three, arrival));
                    if is_before(children[right], children[left], arrival) { right } else { left }
                }
                [..] => (1..children.len()).fold(0, |first, other| {
                    if is_before(children[other], children[first], arrival) { other } else { first }
                }),
            };
            if !is_before(children[first], entry, arrival) {
                break;
            }
            self.0[at] = children[first];
            at = begin + first;
        }
        self.0[at] = entry;
    }
}

#[inline]
fn is_before(one: Entry, other: Entry, arrival: &impl Fn(u32) -> u64) -> bool {
    one.deadline < other.deadline
        || (one.deadline == other.deadline && arrival(one.slot) < arrival(other.slot))
}

#[cfg(test)]
mod tests {
    use super::{Entry, Heap};
    use crate::moment::Moment;
    use std::time::{Duration, Instant};

    /// Slots in the order in which they come out.
    fn drain(heap: &mut Heap) -> Vec<u32> {
        std::iter::from_fn(|| heap.pop(u64::from)).map(|entry| entry.slot).collect()
    }

    #[test]
    fn whatever_goes_in_comes_out_by_deadline_and_then_by_arrival() {
        let now = Instant::now();
        for len in 0..40_u32 {
            let delays: Vec<_> = (0..len).map(|slot| slot.wrapping_mul(2_654_435_761) % 7).collect();
            let (mut heap, mut kept) = (Heap::new(), Heap::new());
            for (slot, delay) in (0..).zip(&delays) {
                let deadline = Moment::from(now + Duration::from_nanos(u64::from(*delay)));
                heap.push(Entry { deadline, slot }, u64::from);
                kept.push(Entry { deadline, slot }, u64::from);
            }
            let mut sorted: Vec<_> = (0..len).collect();
            sorted.sort_by_key(|slot| delays[*slot as usize]);
            assert_eq!(drain(&mut heap), sorted);
            kept.retain(|entry| entry.slot % 3 != 0, 0);
            kept.restore(u64::from);
            sorted.retain(|slot| slot % 3 != 0);
            assert_eq!(drain(&mut kept), sorted);
        }
    }
}
