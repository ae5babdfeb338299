//! Eager tasks: what their first step, inside the step of another, takes from that one, and what it leaves.

use crate::run;
use core_loop::contract::budget;
use core_loop::{spawn, spawn_eager, yield_now};
use std::cell::Cell;
use std::future::poll_fn;
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
