//! A hundred tasks on one lock or one permit, and an event that releases a thousand.

use super::floor;
use crate::clock::Size;
use crate::table::Failure;
use std::hint::black_box;
use sync_primitives::{Event, Lock, Semaphore, local};

const TASKS: u32 = 100;
const TURNS: u32 = 50;
const WAITERS: u32 = 1_000;

/// Lets all others run once: so that whoever holds is waited for.
async fn give_way() {
    let mut given = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut given, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Nanoseconds for one turn at `$held`, with all tasks in line.
macro_rules! in_turns {
    ($($name:ident: $make:expr, |$shared:ident| $acquire:expr;)+) => { $(
        pub(super) fn $name(size: Size) -> Result<f64, Failure> {
            let turns = size.operations(TURNS);
            let $shared = $make;
            size.measure_blocking(TASKS * turns, || {
                floor::run((0..TASKS).map(|_| {
                    let $shared = &$shared;
                    Box::pin(async move {
                        for _ in 0..turns {
                            let held = $acquire.await;
                            give_way().await;
                            black_box(&held);
                        }
                    }) as std::pin::Pin<Box<dyn Future<Output = ()>>>
                }));
                Ok(())
            })
        }
    )+ };
}

in_turns! {
    lock: Lock::new(0_u64), |shared| shared.lock();
    lock_local: local::Lock::new(0_u64), |shared| shared.lock();
    lock_tokio: tokio::sync::Mutex::new(0_u64), |shared| shared.lock();
    lock_async_lock: smol::lock::Mutex::new(0_u64), |shared| shared.lock();
    lock_futures: futures_util::lock::Mutex::new(0_u64), |shared| shared.lock();
    nothing: (), |shared| async { shared };
    semaphore: Semaphore::new(1), |shared| shared.acquire();
    semaphore_local: local::Semaphore::new(1), |shared| shared.acquire();
    semaphore_tokio: tokio::sync::Semaphore::new(1), |shared| shared.acquire();
    semaphore_async_lock: smol::lock::Semaphore::new(1), |shared| shared.acquire();
}

/// Nanoseconds for one waiter, from joining to being released with all the others.
macro_rules! released {
    ($($name:ident: $make:expr, |$event:ident| $wait:expr, $release:expr;)+) => { $(
        pub(super) fn $name(size: Size) -> Result<f64, Failure> {
            let waiters = size.operations(WAITERS);
            size.measure_blocking(waiters, || {
                let $event = &$make;
                let all = (0..waiters).map(|_| {
                    Box::pin(async move { $wait.await }) as std::pin::Pin<Box<dyn Future<Output = ()>>>
                });
                // Last in the ring: all wait when it runs.
                let sets = Box::pin(async move { $release }) as std::pin::Pin<Box<dyn Future<Output = ()>>>;
                floor::run(all.chain([sets]));
                Ok(())
            })
        }
    )+ };
}

released! {
    event: Event::new(), |event| event.wait(), event.set();
    event_local: local::Event::new(), |event| event.wait(), event.set();
    event_tokio: tokio::sync::Notify::new(), |event| event.notified(), event.notify_waiters();
    event_listener: event_listener::Event::new(), |event| event.listen(), assert!(event.notify(usize::MAX) > 0);
}
