//! Group `loop`: what a task, a yield and a callback cost.

use crate::clock::Size;
use crate::host::{Host, on_every_host};
use crate::placement::Placement;
use crate::table::{Bench, Failure};
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "loop.spawn_join",
        about: "spawn a task that does nothing and await it",
        placement: Placement::One,
        contenders: on_every_host!(spawn_join),
    },
    Bench {
        name: "loop.spawn_join_10k",
        about: "spawn 10 000 tasks that do nothing, then await them all",
        placement: Placement::One,
        contenders: on_every_host!(spawn_join_10k),
    },
    Bench {
        name: "loop.yield",
        about: "the loop's own yield, by one task",
        placement: Placement::One,
        contenders: on_every_host!(yield_one),
    },
    Bench {
        name: "loop.yield_1000",
        about: "the loop's own yield, by 1000 tasks in turn",
        placement: Placement::One,
        contenders: on_every_host!(yield_1000),
    },
    Bench {
        name: "loop.call_soon",
        about: "schedule a callback that does nothing, 10 000 at a time (peers spawn and detach)",
        placement: Placement::One,
        contenders: on_every_host!(call_soon),
    },
];

fn spawn_join<H: Host>(size: Size) -> Result<f64, Failure> {
    let tasks = size.operations(50_000);
    H::run(size.measure(tasks, async || {
        for _ in 0..tasks {
            H::spawn(async {}).await;
        }
    }))
}

fn spawn_join_10k<H: Host>(size: Size) -> Result<f64, Failure> {
    let tasks = size.operations(10_000);
    H::run(size.measure(tasks, async || {
        let handles: Vec<_> = (0..tasks).map(|_| H::spawn(async {})).collect();
        for handle in handles {
            handle.await;
        }
    }))
}

fn yield_one<H: Host>(size: Size) -> Result<f64, Failure> {
    let yields = size.operations(100_000);
    H::run(async {
        // In a task, because a runtime may treat its root as something else.
        let value = Rc::new(Cell::new(0.0));
        let told = value.clone();
        H::spawn(async move {
            let value = size.measure(yields, async || {
                for _ in 0..yields {
                    H::yield_now().await;
                }
            });
            told.set(value.await);
        })
        .await;
        value.get()
    })
}

fn yield_1000<H: Host>(size: Size) -> Result<f64, Failure> {
    const YIELDS: u32 = 100;
    let tasks = size.operations(1000);
    H::run(size.measure(tasks * YIELDS, async || {
        let task = || {
            H::spawn(async {
                for _ in 0..YIELDS {
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
    let callbacks = size.operations(10_000);
    H::run(size.measure(callbacks, async || {
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
