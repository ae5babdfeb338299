//! Group `timers`: those that never fire, those that fire by the thousand, and how late one is.

use crate::clock::{Size, median};
use crate::host::{Host, on_every_host, run_in_task};
use crate::hosts::{ours, raw};
use crate::placement::Placement;
use crate::table::{Bench, CPU_NS, Contender, Failure, NS, US};
use nix::time::ClockId;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "timers.cancel_each",
        about: "make a sleep of 30 s, poll it once, drop it: a timeout that never fires (asyncio: call_later and cancel)",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(cancel_each, asyncio TIMERS),
    },
    Bench {
        name: "timers.cancel_batch",
        about: "10 tasks make and poll 10 000 sleeps each of 60 to 120 s, then all are dropped (asyncio: call_later and cancel)",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(cancel_batch, asyncio TASKS * TIMERS_EACH),
    },
    Bench {
        name: "timers.fire_100k",
        about: "100 000 tasks that sleep 1 to 100 ms: what a task, its sleep and its end take of the processor",
        unit: CPU_NS,
        placement: Placement::One,
        contenders: on_every_host!(fire_100k),
    },
    Bench {
        name: "timers.fire_100k_wall",
        about: "100 000 tasks that sleep 1 to 100 ms: from the moment when all have begun to until the last has ended",
        unit: US,
        placement: Placement::One,
        contenders: FIRE_WALL,
    },
    Bench {
        name: "timers.late_p50",
        about: "one task sleeps 1, 2, 5, 10, 20 and 50 ms in turn: how late it is at the median",
        unit: US,
        placement: Placement::One,
        contenders: on_every_host!(late_p50),
    },
];

const TIMERS: u32 = 10_000;
const TASKS: u32 = 10;
/// Spread over tasks, because glommio counts the wakers of one task in 15 bits.
const TIMERS_EACH: u32 = 10_000;
const FIRING: u32 = 100_000;
const SLEEPS_MS: [u64; 6] = [1, 2, 5, 10, 20, 50];
const TURNS: u32 = 8;

fn cancel_each<H: Host>(size: Size) -> Result<f64, Failure> {
    let timers = size.operations(TIMERS);
    run_in_task::<H>(size.measure(timers, async move || {
        for _ in 0..timers {
            let sleep = pin!(H::sleep(Duration::from_secs(30)));
            poll_once(sleep).await;
        }
    }))
}

fn cancel_batch<H: Host>(size: Size) -> Result<f64, Failure> {
    let timers = size.operations(TIMERS_EACH);
    run_in_task::<H>(size.measure(timers * TASKS, async move || {
        let all = Rc::new(RefCell::new(Vec::new()));
        let task = || {
            let all = all.clone();
            H::spawn(async move {
                let mut lengths = Lengths(1);
                for _ in 0..timers {
                    let mut sleep = Box::pin(H::sleep(lengths.next(60_000..=120_000)));
                    poll_once(sleep.as_mut()).await;
                    all.borrow_mut().push(sleep);
                }
            })
        };
        let tasks: Vec<_> = (0..TASKS).map(|_| task()).collect();
        for task in tasks {
            task.await;
        }
    }))
}

fn fire_100k<H: Host>(size: Size) -> Result<f64, Failure> {
    let tasks = size.operations(FIRING);
    run_in_task::<H>(async move {
        let mut all = Vec::new();
        let first = Instant::now();
        // Memory is fetched from the system by the first, which does not count.
        while all.is_empty() || size.goes_on(all.len() - 1, first) {
            let mut lengths = Lengths(1);
            let begin = computed();
            let task = |length| {
                H::spawn(async move {
                    H::sleep(length).await;
                })
            };
            let handles: Vec<_> = (0..tasks).map(|_| task(lengths.next(1..=100))).collect();
            for handle in handles {
                handle.await;
            }
            all.push((computed() - begin).as_secs_f64() * 1e9 / f64::from(tasks));
        }
        median(all.split_off(1))
    })
}

const FIRE_WALL: &[Contender] = &[
    Contender { name: "native", measure: fire_100k_wall::<ours::Native> },
    Contender { name: "tokio", measure: fire_100k_wall::<ours::Tokio> },
    Contender { name: "smol", measure: fire_100k_wall::<ours::Smol> },
    #[cfg(feature = "glommio")]
    Contender { name: "glommio", measure: fire_100k_wall::<ours::Glommio> },
    Contender { name: "raw-tokio-localset", measure: fire_100k_wall::<raw::TokioLocalSet> },
    Contender { name: "raw-smol-local", measure: fire_100k_wall::<raw::SmolLocal> },
    #[cfg(feature = "glommio")]
    Contender { name: "raw-glommio", measure: fire_100k_wall::<raw::Glommio> },
    // The longest of the sleeps, and nothing else: the bound.
    Contender { name: "raw-thread-sleep", measure: thread_sleep },
];

fn fire_100k_wall<H: Host>(size: Size) -> Result<f64, Failure> {
    let tasks = size.operations(FIRING);
    run_in_task::<H>(async move {
        let mut all = Vec::new();
        let first = Instant::now();
        // As above.
        while all.is_empty() || size.goes_on(all.len() - 1, first) {
            let mut lengths = Lengths(1);
            let (asleep, begin) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(first)));
            let task = |length| {
                let (asleep, begin) = (asleep.clone(), begin.clone());
                H::spawn(async move {
                    asleep.set(asleep.get() + 1);
                    if asleep.get() == tasks {
                        begin.set(Instant::now());
                    }
                    H::sleep(length).await;
                })
            };
            let handles: Vec<_> = (0..tasks).map(|_| task(lengths.next(1..=100))).collect();
            for handle in handles {
                handle.await;
            }
            all.push(begin.get().elapsed().as_secs_f64() * 1e6);
        }
        median(all.split_off(1))
    })
}

fn thread_sleep(size: Size) -> Result<f64, Failure> {
    // By so many, and the nanoseconds of one are the microseconds of the sleep.
    size.measure_blocking(1000, || {
        thread::sleep(Duration::from_millis(100));
        Ok(())
    })
}

fn late_p50<H: Host>(size: Size) -> Result<f64, Failure> {
    let turns = size.operations(TURNS);
    run_in_task::<H>(async move {
        let mut all = Vec::new();
        for _ in 0..turns {
            for length in SLEEPS_MS.map(Duration::from_millis) {
                let begin = Instant::now();
                H::sleep(length).await;
                all.push((begin.elapsed().as_secs_f64() - length.as_secs_f64()) * 1e6);
            }
        }
        median(all)
    })
}

/// A timer is set when its sleep is polled.
async fn poll_once(mut sleep: Pin<&mut impl Future>) {
    poll_fn(|cx| {
        let _set = sleep.as_mut().poll(cx);
        Poll::Ready(())
    })
    .await;
}

/// Milliseconds that look random and are the same for everybody: a linear congruence.
struct Lengths(u32);

impl Lengths {
    fn next(&mut self, range: std::ops::RangeInclusive<u32>) -> Duration {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let width = range.end() - range.start() + 1;
        // The lower bits of such a row repeat soon.
        Duration::from_millis(u64::from(range.start() + (self.0 >> 8) % width))
    }
}

/// How long all threads of this process have been computing.
fn computed() -> Duration {
    ClockId::CLOCK_PROCESS_CPUTIME_ID.now().expect("every process has this clock").into()
}

#[cfg(test)]
mod tests {
    use super::Lengths;
    use std::time::Duration;

    #[test]
    fn lengths_fill_their_range_and_never_leave_it() {
        let mut lengths = Lengths(1);
        let all: Vec<_> = (0..10_000).map(|_| lengths.next(1..=100)).collect();
        assert_eq!(all.iter().min(), Some(&Duration::from_millis(1)));
        assert_eq!(all.iter().max(), Some(&Duration::from_millis(100)));
    }
}
