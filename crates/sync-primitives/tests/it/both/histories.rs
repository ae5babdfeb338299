//! Random histories: whatever happens, whoever can go on is woken. Tasks are polled only when woken, so a wake-up that is
//! lost leaves a task behind that could have gone on.

use super::{Queue, Semaphore};
use crate::harness::{Tasks, yield_now};
use crate::random::Random;
use std::cell::{Cell, RefCell};

const SEEDS: u64 = 2_000;
const STEPS: usize = 80;

#[test]
fn in_any_history_of_a_queue_nobody_sleeps_who_could_go_on_and_items_come_out_as_they_went_in() {
    for seed in 0..SEEDS {
        let random = &mut Random(seed);
        let queue = &Queue::bounded(random.below(4));
        let (put, got) = (&RefCell::new(Vec::new()), &RefCell::new(Vec::new()));
        let (mut getters, mut putters) = (Vec::new(), Vec::new());
        let mut tasks = Tasks::default();
        for item in 0..STEPS {
            match random.below(10) {
                0 | 1 => getters.push(tasks.spawn(async {
                    let item = queue.get().await;
                    got.borrow_mut().extend(item);
                })),
                2 | 3 => putters.push(tasks.spawn(async move {
                    let done = queue.put(item).await;
                    put.borrow_mut().extend(done.map(|()| item));
                })),
                4 => got.borrow_mut().extend(queue.get_nowait()),
                5 => put.borrow_mut().extend(queue.put_nowait(item).map(|()| item)),
                6 if !getters.is_empty() => tasks.cancel(getters[random.below(getters.len())]),
                7 if !putters.is_empty() => tasks.cancel(putters[random.below(putters.len())]),
                _ => drop(tasks.step()),
            }
        }
        tasks.run();
        let waits = |ids: &[usize]| ids.iter().any(|id| !tasks.done(*id));
        assert!(queue.empty() || !waits(&getters), "seed {seed}: a getter sleeps beside an item");
        assert!(queue.full() || !waits(&putters), "seed {seed}: a putter sleeps beside a free place");
        got.borrow_mut().extend(queue.shutdown(true));
        assert_eq!(put, got, "seed {seed}");
        tasks.run();
        assert_eq!(tasks.left(), 0, "seed {seed}: a shutdown lets nobody sleep");
    }
}

#[test]
fn in_any_history_of_a_semaphore_permits_are_taken_in_the_order_of_arrival_and_all_come_back() {
    for seed in 0..SEEDS {
        let random = &mut Random(seed);
        let permits = 1 + random.below(3);
        let semaphore = &Semaphore::new(permits);
        let (arrived, served, holding) = (&Cell::new(0), &Cell::new(0), &Cell::new(0));
        let mut tasks = Tasks::default();
        for _ in 0..STEPS {
            match random.below(6) {
                0 | 1 => drop(tasks.spawn(async {
                    let ticket = arrived.replace(arrived.get() + 1);
                    let _permit = semaphore.acquire().await;
                    assert!(ticket >= served.replace(ticket), "seed {seed}: {ticket} was overtaken");
                    let _holding = Holding::new(holding, permits);
                    yield_now().await;
                })),
                2 => drop(semaphore.try_acquire()),
                3 if tasks.spawned() > 0 => tasks.cancel(random.below(tasks.spawned())),
                _ => drop(tasks.step()),
            }
        }
        tasks.run();
        assert_eq!(tasks.left(), 0, "seed {seed}: somebody sleeps beside a permit");
        assert_eq!(semaphore.available(), permits, "seed {seed}");
    }
}

/// Counts who is inside.
struct Holding<'a>(&'a Cell<usize>);

impl<'a> Holding<'a> {
    fn new(holding: &'a Cell<usize>, at_most: usize) -> Self {
        holding.set(holding.get() + 1);
        assert!(holding.get() <= at_most, "more holders than permits");
        Self(holding)
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
