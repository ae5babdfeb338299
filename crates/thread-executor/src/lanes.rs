//! Jobs that wait: a lane for each priority, first come first served within it.
//!
//! ```text
//!   push ──► injector ──┐ take, one thread at a time
//!                       ├──────────────────────────► to run
//!            kept ──────┘ first, if there are any
//!             ▲
//!             └── a sweep: what is left of the injector without the withdrawn, and without what a waiter ran itself
//! ```
//!
//! Pushing takes no lock. Taking does, one for all lanes: so the order within a lane is strict, the counters of the ageing
//! are plain numbers, and a sweep may empty an injector without anybody overtaking.

use crate::sync::{AtomicU64, AtomicUsize, Injector, Mutex, Ordering, lock};
use contract::{Priority, Runnable};
use crossbeam_utils::CachePadded;
use std::collections::VecDeque;

/// How many jobs of other lanes are taken at most while a lane waits, before it is its turn. A lane that comes due together
/// with another waits for that one as well.
pub(crate) const AGEING: u32 = 32;

/// Entries without a job are looked for after so many more.
const DEAD_MIN: u64 = if cfg!(loom) { 1 } else { 64 };

pub(crate) const LANES: usize = 3;

/// A job that waits.
pub(crate) struct Entry {
    pub(crate) job: Runnable,
    pub(crate) stamp: crate::stamp::Stamp,
}

pub(crate) struct Lanes {
    injectors: [Injector<Entry>; LANES],
    /// How many are in `Front::kept`, and more while a sweep has some in its hands: never 0 while a job is not in an
    /// injector and not taken.
    kept: CachePadded<AtomicUsize>,
    front: CachePadded<Mutex<Front>>,
    /// Jobs withdrawn so far, whether or not their entry still lies here.
    withdrawn: [AtomicU64; LANES],
    /// Jobs that somebody ran who waited for them, whether or not their entry still lies here.
    overtaken: [AtomicU64; LANES],
}

struct Front {
    /// What the last sweep left: older than all in the injector of the lane.
    kept: [VecDeque<Entry>; LANES],
    /// So many are in the injector at least: spares those who take a look at what those who push write.
    known: [usize; LANES],
    /// Jobs of other lanes that were taken while this one waited.
    passed_over: [u32; LANES],
    /// Entries without a job that were thrown away: found by a sweep, or taken in vain.
    swept: [u64; LANES],
}

/// A turn that a lane has had.
#[must_use = "a turn for nothing is given back"]
pub(crate) struct Turn {
    priority: Priority,
    /// How often the lane had been passed over before it.
    passed_over: u32,
}

/// What waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    /// Jobs in each lane.
    pub(crate) alive: [usize; LANES],
    /// Entries without a job in all of them.
    dead: usize,
    /// Jobs withdrawn so far.
    pub(crate) withdrawn: u64,
}

impl Lanes {
    pub(crate) fn new() -> Self {
        Self {
            injectors: std::array::from_fn(|_| Injector::new()),
            kept: CachePadded::new(AtomicUsize::new(0)),
            front: CachePadded::new(Mutex::new(Front {
                kept: std::array::from_fn(|_| VecDeque::new()),
                known: [0; LANES],
                passed_over: [0; LANES],
                swept: [0; LANES],
            })),
            withdrawn: std::array::from_fn(|_| AtomicU64::new(0)),
            overtaken: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    pub(crate) fn push(&self, priority: Priority, entry: Entry) {
        self.injectors[priority as usize].push(entry);
    }

    /// Whether nothing lies here. What is being pushed or swept counts as here.
    pub(crate) fn is_empty(&self) -> bool {
        // SeqCst, as in the injector: see `Word::load`. A sweep announces itself in `kept` before it takes.
        self.injectors.iter().all(Injector::is_empty) && self.kept.load(Ordering::SeqCst) == 0
    }

    /// The job whose turn it is; `begin` sees it before anybody can miss it here.
    pub(crate) fn take(&self, begin: impl FnOnce(&Entry, Priority)) -> Option<(Entry, Turn)> {
        let mut front = lock(&self.front);
        let waits = std::array::from_fn(|lane| self.waits(&mut front, lane));
        let turn = front.next(waits)?;
        let priority = turn.priority;
        let entry = match front.kept[priority as usize].pop_front() {
            Some(kept) => {
                self.kept.fetch_sub(1, Ordering::SeqCst);
                kept
            }
            None => {
                front.known[priority as usize] -= 1;
                self.injectors[priority as usize].take()?
            }
        };
        begin(&entry, priority);
        Some((entry, turn))
    }

    fn waits(&self, front: &mut Front, lane: usize) -> bool {
        if front.kept[lane].is_empty() && front.known[lane] == 0 {
            front.known[lane] = self.injectors[lane].len();
        }
        !front.kept[lane].is_empty() || front.known[lane] > 0
    }

    /// A job was withdrawn before it was taken, or before it could start. Its entry goes when such are too many.
    pub(crate) fn withdrawn(&self, priority: Priority) {
        self.dead_in(&self.withdrawn[priority as usize]);
    }

    /// A job is run by somebody who waits for it, unless it has started elsewhere.
    pub(crate) fn overtaken(&self, priority: Priority) {
        self.dead_in(&self.overtaken[priority as usize]);
    }

    /// It had.
    pub(crate) fn not_overtaken(&self, priority: Priority) {
        self.overtaken[priority as usize].fetch_sub(1, Ordering::Relaxed);
    }

    fn dead_in(&self, count: &AtomicU64) {
        // Relaxed: a mere count.
        let dead = count.fetch_add(1, Ordering::Relaxed) + 1;
        if dead.is_multiple_of(DEAD_MIN) {
            let mut front = lock(&self.front);
            let waiting = self.waiting_behind(&front);
            if waiting.dead > waiting.alive.iter().sum() {
                self.sweep(&mut front);
            }
        }
    }

    /// An entry that was taken had no job any more: it was nobody's turn.
    pub(crate) fn fizzled(&self, turn: Turn) {
        let (mut front, lane) = (lock(&self.front), turn.priority as usize);
        front.swept[lane] += 1;
        front.passed_over[lane] = front.passed_over[lane].max(turn.passed_over);
    }

    /// Takes all that waits, to be withdrawn.
    pub(crate) fn empty(&self) -> Vec<Runnable> {
        let mut front = lock(&self.front);
        self.sweep(&mut front);
        let mut all = Vec::new();
        let Front { kept, swept, .. } = &mut *front;
        for (kept, swept) in kept.iter_mut().zip(swept) {
            // Each of them is withdrawn, by now or by the caller.
            *swept += kept.len() as u64;
            all.extend(kept.drain(..).map(|entry| entry.job));
        }
        self.kept.store(0, Ordering::SeqCst);
        all
    }

    /// What waits, while `look` at whatever moves with it.
    pub(crate) fn waiting<T>(&self, look: impl FnOnce(Waiting) -> T) -> T {
        let front = lock(&self.front);
        look(self.waiting_behind(&front))
    }

    fn waiting_behind(&self, front: &Front) -> Waiting {
        let mut waiting = Waiting { alive: [0; LANES], dead: 0, withdrawn: 0 };
        for lane in 0..LANES {
            let withdrawn = self.withdrawn[lane].load(Ordering::Relaxed);
            let entries = front.kept[lane].len() + self.injectors[lane].len();
            let over = withdrawn + self.overtaken[lane].load(Ordering::Relaxed);
            // The entries of jobs that end at this instant may lie here no more.
            let dead = over.saturating_sub(front.swept[lane]);
            let dead = usize::try_from(dead).unwrap_or(usize::MAX).min(entries);
            waiting.alive[lane] = entries - dead;
            waiting.dead += dead;
            waiting.withdrawn += withdrawn;
        }
        waiting
    }

    /// Moves what waits in the injectors into `kept`, without the withdrawn.
    ///
    /// An entry that goes here drops a job that is over: no code of others is left in it.
    fn sweep(&self, front: &mut Front) {
        // While entries are in nobody's list, the lanes must not look empty to a thread that is about to park.
        self.kept.fetch_add(1, Ordering::SeqCst);
        for (lane, injector) in self.injectors.iter().enumerate() {
            let kept = &mut front.kept[lane];
            let before = kept.len();
            kept.retain(|entry| entry.job.is_queued());
            front.swept[lane] += (before - kept.len()) as u64;
            front.known[lane] = 0;
            for _ in 0..injector.len() {
                let Some(entry) = injector.take() else { break };
                if entry.job.is_queued() {
                    kept.push_back(entry);
                } else {
                    front.swept[lane] += 1;
                }
            }
        }
        self.kept.store(front.kept.iter().map(VecDeque::len).sum(), Ordering::SeqCst);
    }
}

impl Front {
    /// Whose turn it is: the highest lane in which something waits, unless another has been passed over too often.
    fn next(&mut self, waits: [bool; LANES]) -> Option<Turn> {
        let lanes = [Priority::High, Priority::Normal, Priority::Low];
        let waiting = |priority: &Priority| waits[*priority as usize];
        let due = |priority: &Priority| self.passed_over[*priority as usize] >= AGEING;
        let overdue = lanes.into_iter().rev().filter(waiting).find(due);
        let next = overdue.or_else(|| lanes.into_iter().find(waiting))?;
        for other in lanes.into_iter().filter(waiting) {
            self.passed_over[other as usize] += 1;
        }
        let passed_over = std::mem::take(&mut self.passed_over[next as usize]) - 1;
        Some(Turn { priority: next, passed_over })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{AGEING, Entry, Front, LANES, Lanes};
    use crate::stamp::Stamp;
    use contract::{Job, Place, Priority, Submit};
    use std::collections::VecDeque;

    fn front() -> Front {
        Front {
            kept: std::array::from_fn(|_| VecDeque::new()),
            known: [0; LANES],
            passed_over: [0; LANES],
            swept: [0; LANES],
        }
    }

    fn next(front: &mut Front, waits: [bool; LANES]) -> Option<Priority> {
        front.next(waits).map(|turn| turn.priority)
    }

    #[test]
    fn the_highest_lane_goes_first_and_a_lane_that_is_passed_over_has_its_turn_within_the_bound() {
        let mut front = front();
        let turns: Vec<_> = (0..200).filter_map(|_| next(&mut front, [true; LANES])).collect();
        for priority in [Priority::Normal, Priority::Low] {
            let gaps = turns.split(|turn| *turn == priority).map(<[Priority]>::len);
            assert!(gaps.max().is_some_and(|gap| gap <= AGEING as usize + 1), "{priority:?}: {turns:?}");
        }
        let high = turns.iter().filter(|turn| **turn == Priority::High).count();
        assert!(high > 180, "{high} of 200");
    }

    #[test]
    fn lanes_without_jobs_have_no_turn() {
        let mut front = front();
        assert_eq!(next(&mut front, [false; LANES]), None);
        assert!((0..100).all(|_| next(&mut front, [false, false, true]) == Some(Priority::Low)));
        assert_eq!(next(&mut front, [true, false, true]), Some(Priority::High));
    }

    #[test]
    fn withdrawn_jobs_do_not_use_up_the_turn_of_a_lane_that_is_due() {
        let lanes = Lanes::new();
        let push = |priority| {
            let (job, handle) = Job::package(|| (), &Submit::new(), Place::none(), ());
            lanes.push(priority, Entry { job, stamp: Stamp::default() });
            handle
        };
        let withdrawn: Vec<_> = (0..10).map(|_| push(Priority::Low)).collect();
        let wanted = push(Priority::Low);
        (0..100).for_each(|_| push(Priority::High).detach());
        for job in withdrawn {
            job.cancel();
            lanes.withdrawn(Priority::Low);
        }
        let mut started = 0;
        while !wanted.done() {
            let (entry, turn) = lanes.take(|_, _| ()).expect("jobs are left");
            if entry.job.is_queued() {
                entry.job.run();
                started += 1;
            } else {
                lanes.fizzled(turn);
            }
        }
        assert_eq!(started, AGEING + 1);
        assert_eq!(lanes.waiting(|waiting| waiting.alive), [100 - AGEING as usize, 0, 0]);
    }
}
