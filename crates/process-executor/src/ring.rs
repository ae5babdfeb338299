//! Jobs that a worker is sent ahead, in memory that it shares with its parent and with nobody else.
//!
//! A ring of slots; each is a state, a job with its small argument, and in the end its small result in the same place.
//!
//! ```text
//!              parent: put           worker: take            worker: answer
//!   (free) ────────────────► READY ─────────────► STARTED ─────────────────► DONE, or ELSEWHERE: on the socket
//!                              │ parent: withdraw                                        │
//!                              ▼              worker: take                               │ parent: harvest
//!                          WITHDRAWN ────────────────────► SKIPPED ─────────────────────►┴──► (free)
//! ```
//!
//! One word decides whether a job starts or is withdrawn, and exactly one of the two processes wins it: so a job that is
//! still `READY` when its worker dies, or while the job before it takes its time, never began, and another worker may have it.
//! A state carries the position it is for, a number that only grows, so a word from the round before is never taken for one
//! of this round.
//!
//! Two more words say who sleeps. Each is set by the sleeper *before* its last look at the ring and taken back by whoever
//! then rings, with a fence in between on both sides: either the last look sees what was put, or the one who put it sees the
//! sleeper. The bell itself is a frame on the socket, which is never lost: one too many is a look for nothing.
//!
//! What the parent reads here may have been written by a process that is torn to pieces: states and lengths are checked, and
//! bytes are copied out once, before anybody looks at them.

use crate::sync::{AtomicU64, Ordering, fence};

/// Jobs that may be in the ring at a time. A power of two.
#[cfg(not(loom))]
pub(crate) const SLOTS: u64 = 128;
#[cfg(loom)]
pub(crate) const SLOTS: u64 = 2;

/// Words of a slot: its state, the number of the job, what kind of thing it holds and how long that is, a number, how long
/// the job ran, and the bytes.
#[cfg(not(loom))]
const SLOT: usize = 32;
#[cfg(loom)]
const SLOT: usize = 6;
const JOB: usize = 1;
const SHAPE: usize = 2;
const NUMBER: usize = 3;
const RAN: usize = 4;
const BYTES: usize = 5;

/// The size of an argument or a result that fits a slot, at most.
pub(crate) const ROOM: usize = (SLOT - BYTES) * 8;

/// The worker sleeps, or is about to.
const WORKER_SLEEPS: usize = 0;
/// The parent wants to be told. On a line of its own: the two sides set them at different times.
const PARENT_SLEEPS: usize = 8;
const FIRST_SLOT: usize = 16;

/// How many words there are.
pub(crate) const WORDS: usize = FIRST_SLOT + SLOTS as usize * SLOT;

const READY: u64 = 1;
const STARTED: u64 = 2;
const DONE: u64 = 3;
const ELSEWHERE: u64 = 4;
const WITHDRAWN: u64 = 5;
const SKIPPED: u64 = 6;

fn state(position: u64, tag: u64) -> u64 {
    position << 3 | tag
}

/// Words that both processes see.
pub(crate) trait Memory {
    fn word(&self, at: usize) -> &AtomicU64;
}

/// The memory, and what anybody on either side may do with it.
#[derive(Debug)]
pub(crate) struct Ring<M>(M);

/// What is in a slot beside its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slip {
    pub(crate) kind: u8,
    pub(crate) job: u64,
    pub(crate) a: u64,
    /// Nanoseconds.
    pub(crate) ran: u64,
    pub(crate) bytes: Vec<u8>,
}

/// How far a job has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Ready,
    Started,
    Done(Slip),
    Elsewhere,
    Withdrawn,
    Skipped,
    /// The worker wrote what makes no sense.
    Nonsense,
}

impl<M: Memory> Ring<M> {
    pub(crate) fn new(memory: M) -> Self {
        Self(memory)
    }

    fn slot(&self, position: u64, word: usize) -> &AtomicU64 {
        self.0.word(FIRST_SLOT + (position % SLOTS) as usize * SLOT + word)
    }

    /// Settles that the job at this position will not start. `false` if it has. Also for what was withdrawn already.
    pub(crate) fn withdraw(&self, position: u64) -> bool {
        let (before, after) = (state(position, READY), state(position, WITHDRAWN));
        // Relaxed: this only settles the race with the worker's `take`; nothing is read or written because of it.
        let settled =
            self.slot(position, 0).compare_exchange(before, after, Ordering::Relaxed, Ordering::Relaxed);
        settled.map_or_else(|now| now == after || now == state(position, SKIPPED), |_| true)
    }

    fn write(&self, position: u64, slip: &Slip, tag: u64) {
        debug_assert!(slip.bytes.len() <= ROOM, "it does not fit");
        // Relaxed: published by the state, below.
        let put = |word: usize, value: u64| self.slot(position, word).store(value, Ordering::Relaxed);
        put(JOB, slip.job);
        put(SHAPE, u64::from(slip.kind) | (slip.bytes.len() as u64) << 8);
        put(NUMBER, slip.a);
        put(RAN, slip.ran);
        for (at, bytes) in slip.bytes.chunks(8).enumerate() {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            put(BYTES + at, u64::from_le_bytes(word));
        }
        // Release: pairs with the Acquire of `take` and of `look`.
        self.slot(position, 0).store(state(position, tag), Ordering::Release);
    }

    /// What is in a slot; `None` if it does not fit one.
    fn read(&self, position: u64) -> Option<Slip> {
        // Relaxed: the state was read with Acquire before.
        let get = |word: usize| self.slot(position, word).load(Ordering::Relaxed);
        let shape = get(SHAPE);
        let len = usize::try_from(shape >> 8).ok().filter(|len| *len <= ROOM)?;
        let words = len.div_ceil(8);
        let mut bytes = Vec::with_capacity(words * 8);
        (0..words).for_each(|at| bytes.extend(get(BYTES + at).to_le_bytes()));
        bytes.truncate(len);
        Some(Slip { kind: shape as u8, job: get(JOB), a: get(NUMBER), ran: get(RAN), bytes })
    }

    /// Announces a sleep. What comes after it must be a last look.
    fn lie_down(&self, who: usize) {
        self.0.word(who).store(1, Ordering::Relaxed);
        // SeqCst: between the announcement and the last look; pairs with the fence of `wakes`.
        fence(Ordering::SeqCst);
    }

    /// Whether somebody sleeps, or is about to, and is now to be rung for; it is told only once.
    fn wakes(&self, who: usize) -> bool {
        // SeqCst: between what was put into a slot and this look; pairs with the fence of `lie_down`.
        fence(Ordering::SeqCst);
        let sleeper = self.0.word(who);
        // Relaxed: the bell is what wakes.
        sleeper.load(Ordering::Relaxed) == 1 && sleeper.swap(0, Ordering::Relaxed) == 1
    }
}

/// The parent's side. Only the supervisor has it; [`Ring::withdraw`] is for others as well.
#[derive(Debug)]
pub(crate) struct Parent<R> {
    ring: R,
    /// The oldest position that is not free again.
    head: u64,
    /// The next position to fill.
    tail: u64,
}

impl<M: Memory, R: std::ops::Deref<Target = Ring<M>>> Parent<R> {
    pub(crate) fn new(ring: R) -> Self {
        Self { ring, head: 0, tail: 0 }
    }

    pub(crate) fn ring(&self) -> &R {
        &self.ring
    }

    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    pub(crate) fn is_full(&self) -> bool {
        self.tail - self.head == SLOTS
    }

    /// Puts a job into the next slot, where the worker sees it at once. Its position.
    pub(crate) fn put(&mut self, slip: &Slip) -> u64 {
        debug_assert!(!self.is_full(), "it would be written over another one");
        let position = self.tail;
        self.tail += 1;
        self.ring.write(position, slip, READY);
        position
    }

    /// Whether the worker must be rung for, after jobs were put.
    pub(crate) fn must_ring(&self) -> bool {
        self.ring.wakes(WORKER_SLEEPS)
    }

    pub(crate) fn look(&self, position: u64) -> Seen {
        // Acquire: pairs with the Release of the worker's `write`.
        let now = self.ring.slot(position, 0).load(Ordering::Acquire);
        if now >> 3 != position {
            return Seen::Nonsense;
        }
        match now & 7 {
            READY => Seen::Ready,
            STARTED => Seen::Started,
            DONE => self.ring.read(position).map_or(Seen::Nonsense, Seen::Done),
            ELSEWHERE => Seen::Elsewhere,
            WITHDRAWN => Seen::Withdrawn,
            SKIPPED => Seen::Skipped,
            _ => Seen::Nonsense,
        }
    }

    /// The oldest slot is free again.
    pub(crate) fn free(&mut self) {
        debug_assert!(self.head < self.tail, "there is none");
        self.head += 1;
    }

    /// Asks to be rung for. `false` if the worker has nothing left to do, and so might not ring any more: then one must
    /// look again.
    pub(crate) fn may_sleep(&self) -> bool {
        self.ring.lie_down(PARENT_SLEEPS);
        let Some(last) = self.tail.checked_sub(1).filter(|_| self.head < self.tail) else { return true };
        let now = self.ring.slot(last, 0).load(Ordering::Relaxed);
        [READY, STARTED, WITHDRAWN].iter().any(|tag| now == state(last, *tag))
    }
}

/// The worker's side.
#[derive(Debug)]
pub(crate) struct Worker<R> {
    ring: R,
    next: u64,
    /// How many were withdrawn and passed by.
    skipped: u64,
}

impl<M: Memory, R: std::ops::Deref<Target = Ring<M>>> Worker<R> {
    pub(crate) fn new(ring: R) -> Self {
        Self { ring, next: 0, skipped: 0 }
    }

    /// Whether there is something to [take](Self::take).
    pub(crate) fn has_next(&self) -> bool {
        let now = self.ring.slot(self.next, 0).load(Ordering::Relaxed);
        now == state(self.next, READY) || now == state(self.next, WITHDRAWN)
    }

    /// Starts the next job: its position, and what it is.
    pub(crate) fn take(&mut self) -> Option<(u64, Slip)> {
        loop {
            let (position, slot) = (self.next, self.ring.slot(self.next, 0));
            let to = |tag| state(position, tag);
            // Acquire: pairs with the Release of the parent's `write`, which filled the slot before.
            match slot.compare_exchange(to(READY), to(STARTED), Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => {
                    self.next += 1;
                    return Some((position, self.ring.read(position)?));
                }
                Err(now) if now == to(WITHDRAWN) => {
                    // Relaxed: the parent learns nothing from it but that the slot is free.
                    slot.store(to(SKIPPED), Ordering::Relaxed);
                    self.next += 1;
                    self.skipped += 1;
                }
                Err(_) => return None,
            }
        }
    }

    /// How many were passed by since the last time.
    pub(crate) fn take_skipped(&mut self) -> u64 {
        std::mem::take(&mut self.skipped)
    }

    /// The job at `position` has ended. Its result is on the socket already if `slip` has none.
    pub(crate) fn answer(&self, position: u64, slip: Option<&Slip>) {
        match slip {
            Some(slip) => self.ring.write(position, slip, DONE),
            // Release: what was sent was sent before.
            None => self.ring.slot(position, 0).store(state(position, ELSEWHERE), Ordering::Release),
        }
    }

    /// Whether the parent wants to be rung for.
    pub(crate) fn must_ring(&self) -> bool {
        self.ring.wakes(PARENT_SLEEPS)
    }

    /// Announces that this process will sleep. `false` if it must look again.
    pub(crate) fn may_sleep(&self) -> bool {
        self.ring.lie_down(WORKER_SLEEPS);
        !self.has_next()
    }

    /// It does not sleep (any more): nobody needs to ring.
    pub(crate) fn is_awake(&self) {
        // Relaxed: a ring too many is a look for nothing.
        self.ring.0.word(WORKER_SLEEPS).store(0, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::Arc;

    struct Words(Vec<AtomicU64>);

    impl Memory for Words {
        fn word(&self, at: usize) -> &AtomicU64 {
            &self.0[at]
        }
    }

    fn ring() -> Arc<Ring<Words>> {
        Arc::new(Ring::new(Words((0..WORDS).map(|_| AtomicU64::new(0)).collect())))
    }

    fn slip(job: u64, len: usize) -> Slip {
        Slip { kind: 3, job, a: job + 1, ran: 5, bytes: (0..len).map(|at| at as u8).collect() }
    }

    #[test]
    fn jobs_and_answers_of_any_size_that_fits_come_whole_round_after_round() {
        let ring = ring();
        let (mut parent, mut worker) = (Parent::new(ring.clone()), Worker::new(ring));
        for job in 0..3 * SLOTS {
            let len = job as usize % (ROOM + 1);
            let position = parent.put(&slip(job, len));
            assert_eq!(parent.look(position), Seen::Ready);
            assert_eq!(worker.take(), Some((position, slip(job, len))));
            assert_eq!(parent.look(position), Seen::Started);
            worker.answer(position, Some(&slip(job, ROOM - len)));
            assert_eq!(parent.look(parent.head()), Seen::Done(slip(job, ROOM - len)));
            parent.free();
        }
    }

    #[test]
    fn what_is_withdrawn_is_passed_by_and_a_position_of_another_round_is_not() {
        let ring = ring();
        let (mut parent, mut worker) = (Parent::new(ring.clone()), Worker::new(ring.clone()));
        let positions: Vec<u64> = (0..SLOTS).map(|job| parent.put(&slip(job, 8))).collect();
        assert!(parent.is_full() && ring.withdraw(positions[0]) && ring.withdraw(positions[0]));
        assert!(!ring.withdraw(positions[1] + SLOTS), "it is not there yet");
        assert_eq!(worker.take().map(|(position, _)| position), Some(positions[1]));
        assert_eq!((parent.look(positions[0]), worker.take_skipped()), (Seen::Skipped, 1));
        assert!(ring.withdraw(positions[0]) && !ring.withdraw(positions[1]));
        worker.answer(positions[1], None);
        assert_eq!(parent.look(positions[1]), Seen::Elsewhere);
    }

    #[test]
    fn hostile_words_in_a_ring_are_nonsense_and_no_panic() {
        let ring = ring();
        let mut parent = Parent::new(ring.clone());
        let position = parent.put(&slip(7, 8));
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        for round in 0..100_000_u64 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            // States that are nearly right, and shapes that are not.
            let tag = if round % 4 == 0 { seed } else { state(position, seed % 8) };
            ring.slot(position, 0).store(tag, Ordering::Relaxed);
            ring.slot(position, SHAPE).store(seed >> (round % 60), Ordering::Relaxed);
            match parent.look(position) {
                Seen::Done(slip) => assert!(slip.bytes.len() <= ROOM),
                seen => assert!(seen == Seen::Nonsense || tag >> 3 == position, "{seen:?} of {tag}"),
            }
            let _ = (parent.may_sleep(), parent.must_ring(), ring.withdraw(position));
        }
    }
}
