//! Very many: tasks, and timers that are cancelled in any order.

use crate::run;
use core_loop::{Handle, Loop, ReturnWhen, all_tasks, sleep, spawn, wait, yield_now};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

const TIMERS: usize = 100_000;
const LONG: Duration = Duration::from_secs(3600);

/// Numbers that look drawn, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

#[test]
fn a_hundred_thousand_timers_cancelled_in_random_order_never_fire_and_the_others_do_in_theirs() {
    run(async {
        let lp = Loop::current();
        let mut dice = Dice(7);
        let fired = Rc::new(Cell::new(0));
        let begin = lp.time();
        let mut far: Vec<Handle> = (0..TIMERS)
            .map(|_| {
                let when = begin + LONG + Duration::from_micros(dice.below(TIMERS) as u64);
                lp.call_at(when, || panic!("it was cancelled"))
            })
            .collect();
        // Every tenth has a neighbour that is due at once, and says in which order it came.
        let near: Vec<_> = (0..TIMERS / 10).collect();
        for number in near {
            let fired = fired.clone();
            lp.call_at(begin, move || assert_eq!(fired.replace(number + 1), number));
        }
        dice.shuffle(&mut far);
        far.iter().for_each(Handle::cancel);
        assert!(far.iter().all(Handle::cancelled));
        yield_now().await;
        yield_now().await;
        assert_eq!(fired.get(), TIMERS / 10);
        // Nothing is left that the loop would have to look at.
        sleep(Duration::from_millis(1)).await;
    });
}

#[test]
fn a_hundred_thousand_sleepers_cancelled_in_random_order_all_end() {
    run(async {
        let mut dice = Dice(11);
        let mut sleepers: Vec<_> = (0..TIMERS)
            .map(|_| spawn(sleep(LONG + Duration::from_millis(dice.below(TIMERS) as u64))))
            .collect();
        yield_now().await;
        dice.shuffle(&mut sleepers);
        for sleeper in &sleepers {
            assert!(sleeper.cancel("enough"));
        }
        let seen = wait(&mut sleepers, ReturnWhen::ALL_COMPLETED).await;
        assert_eq!((seen.done.len(), seen.pending.len()), (TIMERS, 0));
        assert_eq!(all_tasks().len(), 1);
    });
}

#[test]
fn a_million_tasks_at_once_all_end() {
    const TASKS: usize = 1_000_000;
    run(async {
        let ended = Rc::new(Cell::new(0));
        for _ in 0..TASKS {
            let ended = ended.clone();
            spawn(async move {
                yield_now().await;
                ended.set(ended.get() + 1);
            })
            .detach();
        }
        for _ in 0..3 {
            yield_now().await;
        }
        assert_eq!((ended.get(), all_tasks().len()), (TASKS, 1));
    });
}
