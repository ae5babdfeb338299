//! Who runs when: order and fairness.

use super::kit::{Flag, SETTLE, Trace, pendings};
use super::{Difference, Raw};
use std::time::{Duration, Instant};

pub(super) fn differences<R: Raw>() -> Vec<Difference> {
    vec![
        Difference {
            id: "order_of_five_spawns",
            sentence: "The order in which five tasks begin that one task spawned.",
            ours: "0 1 2 3 4",
            behaviour: Some("task.spawn_is_lazy_fifo"),
            observe: order_of_five_spawns::<R>,
        },
        Difference {
            id: "two_tasks_yielding",
            sentence: "The turns of two tasks that only yield.",
            ours: "a0 b0 a1 b1 a2 b2 a3 b3",
            behaviour: Some("loop.nested_call_soon_next_batch"),
            observe: two_tasks_yielding::<R>,
        },
        Difference {
            id: "timer_beside_a_yielding_task",
            sentence: "When a timer of 5 ms fires beside a task that does nothing but yield.",
            ours: "on time",
            behaviour: Some("loop.rearming_callback_starves_nobody"),
            observe: timer_beside_a_yielding_task::<R>,
        },
        Difference {
            id: "budget_of_a_ready_channel",
            sentence: "How often a task lets others run that receives 10 000 items which are all there.",
            ours: "never between awaits that are ready: nothing is asked of the task",
            behaviour: None,
            observe: budget_of_a_ready_channel::<R>,
        },
    ]
}

fn order_of_five_spawns<R: Raw>() -> String {
    R::run(async {
        let trace = Trace::default();
        let spawner = trace.clone();
        R::detach(R::spawn(async move {
            for number in 0..5 {
                let trace = spawner.clone();
                R::detach(R::spawn(async move { trace.push(number.to_string()) }));
            }
        }));
        R::sleep(SETTLE).await;
        trace.words().join(" ")
    })
}

fn two_tasks_yielding<R: Raw>() -> String {
    R::run(async {
        let trace = Trace::default();
        let spawner = trace.clone();
        R::detach(R::spawn(async move {
            for name in ["a", "b"] {
                let trace = spawner.clone();
                R::detach(R::spawn(async move {
                    for turn in 0..4 {
                        trace.push(format!("{name}{turn}"));
                        R::yield_now().await;
                    }
                }));
            }
        }));
        R::sleep(SETTLE).await;
        trace.words().join(" ")
    })
}

/// The best of some: a busy machine makes a timer late, too.
const TIMERS: usize = 3;

/// A task that yields longer than this is not answered any more.
const YIELDING: Duration = Duration::from_millis(400);

fn timer_beside_a_yielding_task<R: Raw>() -> String {
    let took = || {
        R::run(async {
            let stop = Flag::default();
            let stopped = stop.clone();
            let begin = Instant::now();
            R::detach(R::spawn(async move {
                while !stopped.raised() && begin.elapsed() < YIELDING {
                    R::yield_now().await;
                }
            }));
            R::sleep(Duration::from_millis(5)).await;
            stop.raise();
            begin.elapsed()
        })
    };
    match (0..TIMERS).map(|_| took()).min().unwrap_or_default().as_millis() {
        ..20 => "on time",
        20..70 => "tens of ms late",
        70..150 => "about 100 ms late",
        150..350 => "hundreds of ms late",
        _ => "only when the task ends",
    }
    .to_owned()
}

fn budget_of_a_ready_channel<R: Raw>() -> String {
    match R::run(async { pendings(R::receive(10_000)).await }) {
        0 => "never".to_owned(),
        times => format!("{times} times"),
    }
}
