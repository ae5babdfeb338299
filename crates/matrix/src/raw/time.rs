//! Timers.

use super::kit::{caught, is_ready_at_once};
use super::{Difference, Raw};
use std::time::{Duration, Instant};

pub(super) fn differences<R: Raw>() -> Vec<Difference> {
    vec![
        Difference {
            id: "sleep_of_nothing",
            sentence: "What the first poll of a sleep of 0 s gives.",
            ours: "pending: exactly one turn",
            behaviour: Some("sleep.zero_is_one_yield"),
            observe: sleep_of_nothing::<R>,
        },
        Difference {
            id: "sleep_of_one_millisecond",
            sentence: "How long a sleep of 1 ms takes, the median of some.",
            ours: "as the driver declares, never less",
            behaviour: Some("timer.as_fine_as_declared"),
            observe: sleep_of_one_millisecond::<R>,
        },
        Difference {
            id: "timer_outside_the_runtime",
            sentence: "What a timer does that is made where no runtime runs.",
            ours: "panics, and names the cure",
            behaviour: None,
            observe: timer_outside_the_runtime::<R>,
        },
    ]
}

fn sleep_of_nothing<R: Raw>() -> String {
    let ready = R::run(async { is_ready_at_once(R::sleep(Duration::ZERO)).await });
    if ready { "ready" } else { "pending" }.to_owned()
}

/// Sleeps to take the median of.
const SLEEPS: usize = 21;

fn sleep_of_one_millisecond<R: Raw>() -> String {
    let mut times = R::run(async {
        let mut times = Vec::new();
        for _ in 0..SLEEPS {
            let begin = Instant::now();
            R::sleep(Duration::from_millis(1)).await;
            times.push(begin.elapsed());
        }
        times
    });
    times.sort_unstable();
    format!("about {:.0} ms", times[SLEEPS / 2].as_secs_f64() * 1e3)
}

fn timer_outside_the_runtime<R: Raw>() -> String {
    let slept = caught(|| contract::block_on(R::sleep(Duration::from_millis(5))));
    if slept.is_ok() { "works" } else { "panics" }.to_owned()
}
