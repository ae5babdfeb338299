//! Thousands of little groups, at random from a seed: whatever happens in them, the promises hold.

use super::turns;
use crate::run;
use core_loop::{GroupError, ScopedGroup, TaskGroup, finally, spawn};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const SEEDS: u64 = 3000;

/// Knuth's numbers, mixed: the same everywhere.
#[derive(Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    pub(super) fn turns(&mut self) -> usize {
        usize::try_from(self.below(4)).expect("it is small")
    }

    pub(super) fn fork(&mut self) -> Self {
        Self(self.below(u64::from(u32::MAX)) << 16 | self.below(1 << 16))
    }
}

/// What one group has seen.
#[derive(Default)]
struct Ledger {
    /// Children that are there: spawned, and not yet dropped, or not yet cleaned up.
    alive: Cell<usize>,
    /// Failures, in the order of failing.
    failed: RefCell<Vec<u64>>,
}

/// What became of all groups of a run, so that none of the cases is missing.
#[derive(Default)]
struct Seen {
    children: Cell<usize>,
    well: Cell<usize>,
    failed: Cell<usize>,
    several: Cell<usize>,
    cancelled: Cell<usize>,
}

fn count(counter: &Cell<usize>) {
    counter.set(counter.get() + 1);
}

/// A child that is there until this is dropped.
struct Alive(Rc<Ledger>);

impl Alive {
    fn new(ledger: &Rc<Ledger>) -> Self {
        count(&ledger.alive);
        Self(ledger.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.set(self.0.alive.get() - 1);
    }
}

/// A child: some turns, perhaps groups of its own, a clean-up that takes turns; then it may fail.
async fn child(alive: Alive, mut random: Random, depth: u64, seen: Rc<Seen>) -> Result<(), u64> {
    count(&seen.children);
    let ledger = alive.0.clone();
    let (before, cleaning) = (random.turns() / 2, random.turns());
    let nested = (depth > 0 && random.below(3) == 0).then(|| random.fork());
    let body = async move |_: &mut Alive| {
        turns(before).await;
        if let Some(random) = nested {
            Box::pin(groups(random, depth - 1, seen)).await;
        }
    };
    finally(alive, body, async move |alive: Alive| {
        turns(cleaning).await;
        drop(alive);
    })
    .await;
    if random.below(3) == 0 {
        let error = random.below(1 << 20);
        ledger.failed.borrow_mut().push(error);
        return Err(error);
    }
    Ok(())
}

/// The body: spawns, cancels, waits, and may fail.
macro_rules! body {
    ($group:ident, $ledger:ident, $random:ident, $depth:ident, $seen:ident) => {{
        let mut kept = Vec::new();
        for _ in 0..$random.below(6) {
            let child = child(Alive::new(&$ledger), $random.fork(), $depth, $seen.clone());
            kept.push($group.spawn(child));
            if $random.below(3) == 0 {
                turns($random.turns()).await;
            }
            if $random.below(6) == 0 {
                kept[0].cancel("at random");
            }
        }
        match $random.below(8) {
            0 => $group.cancel("all, at random"),
            1 => {
                turns($random.turns()).await;
                let error = $random.below(1 << 20);
                $ledger.failed.borrow_mut().push(error);
                return Err(error);
            }
            2 => std::future::pending().await,
            3 => {
                if let Some(child) = kept.pop() {
                    drop(child.await);
                }
            }
            _ => {}
        }
        Ok(())
    }};
}

/// Runs one group inside a task that may be cancelled.
async fn groups(mut random: Random, depth: u64, seen: Rc<Seen>) {
    let ledger = Rc::new(Ledger::default());
    let (inside, mut own, below) = (ledger.clone(), random.fork(), seen.clone());
    let owned = random.below(2) == 0;
    let owner = spawn(async move {
        let outcome = if owned {
            TaskGroup::scope(async |group| body!(group, inside, own, depth, below)).await
        } else {
            ScopedGroup::scope(async |group| body!(group, inside, own, depth, below)).await
        };
        assert_eq!(inside.alive.get(), 0, "every child ends before its group");
        outcome
    });
    turns(random.turns() * 4).await;
    // A body that waits for ever needs it.
    owner.cancel("at random");
    let outcome = owner.await;
    assert_eq!(ledger.alive.get(), 0, "also if it is cancelled");
    check(outcome.ok(), &ledger, &seen);
}

fn check(outcome: Option<Result<(), GroupError<u64>>>, ledger: &Ledger, seen: &Seen) {
    let failed = ledger.failed.borrow();
    match outcome {
        None => count(&seen.cancelled),
        Some(Ok(())) => {
            assert!(failed.is_empty(), "a failure is never lost");
            count(&seen.well);
        }
        Some(Err(error)) => {
            assert_eq!(error.into_iter().collect::<Vec<_>>(), *failed, "all failures, in their order");
            count(if failed.len() > 1 { &seen.several } else { &seen.failed });
        }
    }
}

#[test]
fn whatever_happens_in_groups_every_child_ends_first_and_every_failure_comes_back_in_order() {
    let seen = Rc::new(Seen::default());
    run(async {
        for seed in 1..=SEEDS {
            groups(Random(seed), 2, seen.clone()).await;
        }
    });
    assert_eq!(Rc::strong_count(&seen), 1, "nothing holds on to what ran in a group");
    let each = [&seen.children, &seen.well, &seen.failed, &seen.several, &seen.cancelled]
        .map(|counter| counter.get());
    assert!(each.iter().all(|&count| count > 25), "each case is tried: {each:?}");
}
