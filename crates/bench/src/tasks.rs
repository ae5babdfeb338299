//! Group `loop`: what a task, a yield and a callback cost.

use crate::clock::Size;
use crate::host::{Host, on_every_host, run_in_task};
use crate::placement::Placement;
use crate::table::{Bench, Failure, NS};
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "loop.spawn_join",
        about: "spawn a task that does nothing and await it",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(spawn_join, asyncio TASKS),
    },
    Bench {
        name: "loop.spawn_join_10k",
        about: "spawn 10 000 tasks that do nothing, then await them all",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(spawn_join_10k, asyncio TASKS_AT_ONCE),
    },
    Bench {
        name: "loop.yield",
        about: "the loop's own yield, by one task",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(yield_one, asyncio YIELDS),
    },
    Bench {
        name: "loop.yield_1000",
        about: "the loop's own yield, by 1000 tasks in turn",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(yield_1000, asyncio YIELDERS * YIELDS_EACH),
    },
    Bench {
        name: "loop.call_soon",
        about: "schedule a callback that does nothing, 10 000 at a time (peers spawn and detach)",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(call_soon, asyncio CALLBACKS),
    },
    Bench {
        name: "loop.build_drop",
        about: "build a loop, run a task on it that does nothing, and drop it",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(build_drop, asyncio LOOPS),
    },
];

// How many operations a batch has.
const TASKS: u32 = 5_000;
const TASKS_AT_ONCE: u32 = 10_000;
const YIELDS: u32 = 10_000;
const YIELDERS: u32 = 1000;
const YIELDS_EACH: u32 = 20;
const CALLBACKS: u32 = 10_000;
const LOOPS: u32 = 20;

fn spawn_join<H: Host>(size: Size) -> Result<f64, Failure> {
    let tasks = size.operations(TASKS);
    run_in_task::<H>(size.measure(tasks, async move || {
        for _ in 0..tasks {
            H::spawn(async {}).await;
        }
    }))
}

fn spawn_join_10k<H: Host>(size: Size) -> Result<f64, Failure> {
    let tasks = size.operations(TASKS_AT_ONCE);
    run_in_task::<H>(size.measure(tasks, async move || {
        let handles: Vec<_> = (0..tasks).map(|_| H::spawn(async {})).collect();
        for handle in handles {
            handle.await;
        }
    }))
}

fn yield_one<H: Host>(size: Size) -> Result<f64, Failure> {
    let yields = size.operations(YIELDS);
    run_in_task::<H>(size.measure(yields, async move || {
        for _ in 0..yields {
            H::yield_now().await;
        }
    }))
}

fn yield_1000<H: Host>(size: Size) -> Result<f64, Failure> {
    let tasks = size.operations(YIELDERS);
    run_in_task::<H>(size.measure(tasks * YIELDS_EACH, async move || {
        let task = || {
            H::spawn(async {
                for _ in 0..YIELDS_EACH {
                    H::yield_now().await;
                }
            })
        };
        let handles: Vec<_> = (0..tasks).map(|_| task()).collect();
        for handle in handles {
            handle.await;
        }
    }))
}

fn call_soon<H: Host>(size: Size) -> Result<f64, Failure> {
    let callbacks = size.operations(CALLBACKS);
    run_in_task::<H>(size.measure(callbacks, async move || {
        let left = Rc::new(Cell::new(callbacks));
        let waiter = Rc::new(Cell::new(None::<Waker>));
        for _ in 0..callbacks {
            let (left, waiter) = (left.clone(), waiter.clone());
            H::soon(move || {
                left.set(left.get() - 1);
                if left.get() == 0
                    && let Some(waiter) = waiter.take()
                {
                    waiter.wake();
                }
            });
        }
        poll_fn(|cx| {
            waiter.set(Some(cx.waker().clone()));
            if left.get() == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }))
}

fn build_drop<H: Host>(size: Size) -> Result<f64, Failure> {
    let loops = size.operations(LOOPS);
    size.measure_blocking(loops, || (0..loops).try_for_each(|_| H::build_drop()))
}
