//! Eager tasks: what their first step, inside the step of another, takes from that one, and what it leaves.

use crate::run;
use crate::trace::Trace;
use core_loop::contract::budget;
use core_loop::{JoinError, spawn, spawn_eager, yield_now};
use futures_lite::future::poll_once;
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::rc::Rc;

#[test]
fn a_task_that_begins_eager_ones_lets_others_run_as_often_as_without_them() {
    run(async {
        let turns = Rc::new(Cell::new(0));
        let counted = turns.clone();
        let other = spawn(async move {
            loop {
                counted.set(counted.get() + 1);
                yield_now().await;
            }
        });
        let mut seen = [0; 3];
        for (seen, eager) in seen.iter_mut().zip([0, 1, 1_000]) {
            yield_now().await;
            let before = turns.get();
            for _ in 0..10 * budget::STEP {
                poll_fn(budget::spend).await;
                if eager > 0 {
                    spawn_eager(async move {
                        for _ in 1..eager {
                            poll_fn(budget::spend).await;
                        }
                    })
                    .detach();
                }
            }
            *seen = turns.get() - before;
        }
        assert!(seen[0] >= 9 && seen[1] >= seen[0], "they spend nothing themselves: {seen:?}");
        assert!(seen[2] >= 10 * budget::STEP - 1, "each uses all that is left: {seen:?}");
        drop(other);
    });
}

#[test]
fn what_an_eager_step_drops_inside_the_destructor_of_a_cancelled_future_is_not_cancelled() {
    /// Begins a task that looks at another once, and lets it go.
    struct Beginner(Trace);
    impl Drop for Beginner {
        fn drop(&mut self) {
            let trace = self.0.clone();
            let beginning = spawn_eager(async move {
                let mut background = spawn(async move {
                    yield_now().await;
                    trace.add("went on");
                });
                assert!(poll_once(&mut background).await.is_none());
            });
            assert!(beginning.done());
        }
    }
    run(async {
        let trace = Trace::default();
        let beginner = Beginner(trace.clone());
        let (awaited, end) = (spawn(pending::<()>()), trace.clone());
        let watched = awaited.any();
        let task = spawn(async move {
            let _both = (beginner, end.on_drop("gone"));
            drop(awaited.await);
        });
        yield_now().await;
        task.cancel("enough");
        assert!(matches!(task.await, Err(JoinError::Cancelled(_))));
        for _ in 0..3 {
            yield_now().await;
        }
        assert!(watched.done(), "what the cancelled one awaited goes with it");
        assert_eq!(trace.take(), "gone went on");
    });
}
