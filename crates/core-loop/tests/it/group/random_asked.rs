//! Thousands of little trees of groups and timeouts that ask their bodies, side by side and inside each other, in tasks that
//! are cancelled at random: whatever meets, the promises hold.

use super::turns;
use crate::run;
use core_loop::{
    Cancelled, Loop, TaskGroup, cancellable, current_task, finally, spawn_cooperative,
    timeout_scope_cooperative,
};
use futures_lite::future::zip;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

const SEEDS: u64 = 2000;
const HOUR: Duration = Duration::from_secs(3600);

type Outcome = Result<Result<(), u64>, Cancelled>;
type Tree = Pin<Box<dyn Future<Output = Outcome>>>;

/// Knuth's numbers, mixed: the same everywhere.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn turns(&mut self) -> usize {
        usize::try_from(self.below(4)).expect("it is small")
    }

    fn fork(&mut self) -> Self {
        Self(self.below(u64::from(u32::MAX)) << 16 | self.below(1 << 16))
    }
}

/// How often each came out, so that none is missing.
#[derive(Default)]
struct Seen {
    well: Cell<u32>,
    failed: Cell<u32>,
    cancelled: Cell<u32>,
    late: Cell<u32>,
}

fn count(counter: &Cell<u32>) {
    counter.set(counter.get() + 1);
}

fn tree(mut random: Random, depth: u64, seen: Rc<Seen>) -> Tree {
    Box::pin(async move {
        let kind = if depth == 0 { random.below(2) } else { random.below(6) };
        let mut branch = || tree(random.fork(), depth.saturating_sub(1), seen.clone());
        match kind {
            0 => cancellable(turns(random.turns())).await.map(Ok),
            1 => waits(&mut random).await,
            2 => {
                let body = branch();
                group(random, body, &seen).await
            }
            3 => {
                let body = branch();
                limited(random, body, &seen).await
            }
            4 => {
                let (one, other) = zip(branch(), branch()).await;
                Ok(one?.and(other?))
            }
            _ => {
                let first = branch().await?;
                Ok(first.and(branch().await?))
            }
        }
    })
}

/// Waits until it is asked to end, and answers in one way or another.
async fn waits(random: &mut Random) -> Outcome {
    let cancelled = cancellable(std::future::pending::<()>()).await.expect_err("it never ends by itself");
    turns(random.turns()).await;
    match random.below(3) {
        0 => Ok(Ok(())),
        1 => Ok(Err(random.below(1 << 20))),
        _ => Err(cancelled),
    }
}

async fn limited(mut random: Random, body: Tree, seen: &Seen) -> Outcome {
    let outcome = timeout_scope_cooperative(HOUR, async |scope| {
        if random.below(2) == 0 {
            scope.reschedule(Some(Loop::current().time())).expect("it is active");
        }
        body.await
    });
    Ok(outcome.await?.unwrap_or_else(|_| {
        count(&seen.late);
        Ok(())
    }))
}

async fn group(mut random: Random, body: Tree, seen: &Seen) -> Outcome {
    let (failed, alive) = (Rc::new(RefCell::new(Vec::new())), Rc::new(()));
    let told = failed.clone();
    let outcome = TaskGroup::scope_cooperative(async |group| {
        for _ in 0..random.below(4) {
            let (mut random, failed) = (random.fork(), failed.clone());
            let cleaning = random.turns();
            group.spawn(async move {
                finally((), async |()| turns(3).await, async move |()| turns(cleaning).await).await;
                if random.below(3) == 0 {
                    let error = random.below(1 << 20);
                    failed.borrow_mut().push(error);
                    return Err(error);
                }
                Ok(())
            });
            let kept = alive.clone();
            group.spawn(async {
                let body = async |_: &mut Rc<()>| turns(5).await;
                finally(kept, body, async |_: Rc<()>| turns(1).await).await;
                Ok(())
            });
        }
        if random.below(6) == 0 {
            group.cancel("at random");
        }
        let ended = body.await?;
        if let Err(error) = ended {
            failed.borrow_mut().push(error);
        }
        Ok(ended)
    })
    .await;
    assert_eq!(Rc::strong_count(&alive), 1, "every child ends before its group");
    let told = told.take();
    match outcome {
        Ok(Ok(())) => count(&seen.well),
        Ok(Err(ref error)) => {
            count(&seen.failed);
            assert_eq!(error.iter().copied().collect::<Vec<_>>(), told, "all errors, in order");
            return Ok(Err(error.first));
        }
        Err(_) => count(&seen.cancelled),
    }
    assert!(told.is_empty(), "errors come before a cancel, and before a value");
    outcome.map(|ended| ended.map_err(|error| error.first))
}

#[test]
fn requests_that_meet_are_all_counted_and_none_is_lost_or_left_behind() {
    let seen = Rc::new(Seen::default());
    for seed in 0..SEEDS {
        let below = seen.clone();
        run(async move {
            let mut random = Random(seed);
            let cancels = Rc::new(Cell::new(0));
            let (made, inside) = (cancels.clone(), random.fork());
            let task = spawn_cooperative(async move {
                let outcome = tree(inside, 4, below).await;
                // Those of groups and timeouts have been taken back.
                assert_eq!(current_task().expect("inside a task").cancelling(), made.get());
                outcome.map(drop)
            });
            // A tree that waits for ever needs it.
            while !task.done() {
                turns(random.turns() * 3 + 1).await;
                if !task.done() {
                    task.cancel("from outside");
                    count(&cancels);
                }
            }
            assert!(!matches!(task.await, Err(core_loop::JoinError::Panicked(_))), "seed {seed}");
        });
    }
    for (what, counter) in
        [("well", &seen.well), ("failed", &seen.failed), ("cancelled", &seen.cancelled), ("late", &seen.late)]
    {
        assert!(counter.get() > 100, "{what} came out {} times", counter.get());
    }
}
