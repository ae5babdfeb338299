//! What each operation costs with nobody else about.

use crate::clock::Size;
use crate::table::Failure;
use smol::future::block_on;
use std::hint::black_box;
use sync_primitives::{Lock, Queue, Semaphore, local};

const OPERATIONS: u32 = 100_000;
/// How many items the queues hold.
const ROOM: usize = 128;

/// The time of `$take`, and of giving back what it gives.
macro_rules! held {
    ($($name:ident: $make:expr, |$shared:ident| $take:expr;)+) => { $(
        pub(super) fn $name(size: Size) -> Result<f64, Failure> {
            let times = size.operations(OPERATIONS);
            let shared = $make;
            Ok(block_on(size.measure(times, async || {
                for _ in 0..times {
                    let $shared = black_box(&shared);
                    drop(black_box($take));
                }
            })))
        }
    )+ };
}

held! {
    lock: Lock::new(0_u64), |shared| shared.lock().await;
    lock_local: local::Lock::new(0_u64), |shared| shared.lock().await;
    lock_tokio: tokio::sync::Mutex::new(0_u64), |shared| shared.lock().await;
    lock_async_lock: smol::lock::Mutex::new(0_u64), |shared| shared.lock().await;
    lock_futures: futures_util::lock::Mutex::new(0_u64), |shared| shared.lock().await;
    lock_blocking: Lock::new(0_u64), |shared| shared.lock_blocking();
    lock_blocking_async_lock: smol::lock::Mutex::new(0_u64), |shared| shared.lock_blocking();
    lock_blocking_std: std::sync::Mutex::new(0_u64), |shared| shared.lock().expect("nobody panics");
    lock_blocking_parking_lot: parking_lot::Mutex::new(0_u64), |shared| shared.lock();
    semaphore: Semaphore::new(1), |shared| shared.acquire().await;
    semaphore_local: local::Semaphore::new(1), |shared| shared.acquire().await;
    semaphore_tokio: tokio::sync::Semaphore::new(1), |shared| shared.acquire().await.expect("it is open");
    semaphore_async_lock: smol::lock::Semaphore::new(1), |shared| shared.acquire().await;
}

/// The time to put one item and to get it.
macro_rules! passed {
    ($($name:ident: $make:expr, |$ends:ident, $item:ident| $put:expr, $get:expr;)+) => { $(
        pub(super) fn $name(size: Size) -> Result<f64, Failure> {
            let times = size.operations(OPERATIONS);
            // Some can only be received from by one who has the end to itself.
            #[allow(unused_mut, reason = "others cannot")]
            let mut $ends = $make;
            Ok(block_on(size.measure(times, async || {
                for $item in 0..times {
                    assert!($put.await.is_ok(), "it is open");
                    black_box($get.await.expect("it is open"));
                }
            })))
        }
    )+ };
}

passed! {
    queue: Queue::bounded(ROOM), |ends, item| ends.put(item), ends.get();
    queue_local: local::Queue::bounded(ROOM), |ends, item| ends.put(item), ends.get();
    queue_tokio: tokio::sync::mpsc::channel(ROOM), |ends, item| ends.0.send(item), async { ends.1.recv().await.ok_or("") };
    queue_async_channel: smol::channel::bounded(ROOM), |ends, item| ends.0.send(item), ends.1.recv();
    queue_kanal: kanal::bounded_async(ROOM), |ends, item| ends.0.send(item), ends.1.recv();
}
