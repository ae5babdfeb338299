//! Group `sync`: primitives that nobody contends for, polled by a bare `block_on`, and with many in line, on the least
//! executor that there can be: so that no loop's own cost is in it.

use crate::clock::Size;
use crate::placement::Placement;
use crate::table::{Bench, Contender, Failure, NS};
use smol::future::block_on;
use std::hint::black_box;
use sync_primitives::{Lock, Queue, Semaphore, local};

mod contended;
mod floor;
mod queues;

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "sync.lock",
        about: "lock and unlock, with nobody else about",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: lock },
            Contender { name: "sync-primitives-local", measure: lock_local },
            Contender { name: "raw-tokio", measure: lock_tokio },
            Contender { name: "raw-async-lock", measure: lock_async_lock },
        ],
    },
    Bench {
        name: "sync.semaphore",
        about: "acquire and release, with nobody else about",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: semaphore },
            Contender { name: "sync-primitives-local", measure: semaphore_local },
            Contender { name: "raw-tokio", measure: semaphore_tokio },
            Contender { name: "raw-async-lock", measure: semaphore_async_lock },
        ],
    },
    Bench {
        name: "sync.lock_100",
        about: "one turn, of a hundred tasks on one lock",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: contended::lock },
            Contender { name: "sync-primitives-local", measure: contended::lock_local },
            Contender { name: "raw-tokio", measure: contended::lock_tokio },
            Contender { name: "raw-async-lock", measure: contended::lock_async_lock },
        ],
    },
    Bench {
        name: "sync.semaphore_100",
        about: "one turn, of a hundred tasks on one permit",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: contended::semaphore },
            Contender { name: "sync-primitives-local", measure: contended::semaphore_local },
            Contender { name: "raw-tokio", measure: contended::semaphore_tokio },
            Contender { name: "raw-async-lock", measure: contended::semaphore_async_lock },
        ],
    },
    Bench {
        name: "sync.event_1000",
        about: "one waiter, of a thousand that wait and are released",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: contended::event },
            Contender { name: "sync-primitives-local", measure: contended::event_local },
            Contender { name: "raw-tokio-notify", measure: contended::event_tokio },
        ],
    },
    Bench {
        name: "sync.queue_1p1c",
        about: "one item, from one producer and one consumer on one thread",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: queues::one },
            Contender { name: "sync-primitives-local", measure: queues::one_local },
            Contender { name: "raw-async-channel", measure: queues::one_async_channel },
            Contender { name: "raw-kanal", measure: queues::one_kanal },
        ],
    },
    Bench {
        name: "sync.queue_4p4c",
        about: "one item, from four producers and four consumers on one thread",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: queues::four },
            Contender { name: "sync-primitives-local", measure: queues::four_local },
            Contender { name: "raw-async-channel", measure: queues::four_async_channel },
            Contender { name: "raw-kanal", measure: queues::four_kanal },
        ],
    },
    Bench {
        name: "sync.priority",
        about: "put a key and take the lowest of a thousand",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: queues::priority },
            Contender { name: "sync-primitives-local", measure: queues::priority_local },
            Contender { name: "raw-mutex-heap", measure: queues::priority_mutex_heap },
        ],
    },
    Bench {
        name: "sync.queue",
        about: "put and get one item, in one task",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: queue },
            Contender { name: "raw-tokio-mpsc", measure: queue_tokio },
            Contender { name: "raw-async-channel", measure: queue_async_channel },
        ],
    },
];

const OPERATIONS: u32 = 100_000;
/// How many items the queues hold.
const ROOM: usize = 128;

fn lock(size: Size) -> Result<f64, Failure> {
    let times = size.operations(OPERATIONS);
    let lock = Lock::new(0_u64);
    Ok(block_on(size.measure(times, async || {
        for _ in 0..times {
            *black_box(&lock).lock().await += 1;
        }
    })))
}

fn lock_local(size: Size) -> Result<f64, Failure> {
    let times = size.operations(OPERATIONS);
    let lock = local::Lock::new(0_u64);
    Ok(block_on(size.measure(times, async || {
        for _ in 0..times {
            *black_box(&lock).lock().await += 1;
        }
    })))
}

/// The time of `$acquire`, and of giving back.
macro_rules! permits {
    ($($name:ident: $make:expr;)+) => { $(
        fn $name(size: Size) -> Result<f64, Failure> {
            let times = size.operations(OPERATIONS);
            let semaphore = $make;
            Ok(block_on(size.measure(times, async || {
                for _ in 0..times {
                    drop(black_box(&semaphore).acquire().await);
                }
            })))
        }
    )+ };
}

permits! {
    semaphore: Semaphore::new(1);
    semaphore_local: local::Semaphore::new(1);
    semaphore_tokio: tokio::sync::Semaphore::new(1);
    semaphore_async_lock: smol::lock::Semaphore::new(1);
}

fn lock_tokio(size: Size) -> Result<f64, Failure> {
    let times = size.operations(OPERATIONS);
    let lock = tokio::sync::Mutex::new(0_u64);
    Ok(block_on(size.measure(times, async || {
        for _ in 0..times {
            *black_box(&lock).lock().await += 1;
        }
    })))
}

fn lock_async_lock(size: Size) -> Result<f64, Failure> {
    let times = size.operations(OPERATIONS);
    let lock = smol::lock::Mutex::new(0_u64);
    Ok(block_on(size.measure(times, async || {
        for _ in 0..times {
            *black_box(&lock).lock().await += 1;
        }
    })))
}

fn queue(size: Size) -> Result<f64, Failure> {
    let times = size.operations(OPERATIONS);
    let queue = Queue::bounded(ROOM);
    Ok(block_on(size.measure(times, async || {
        for item in 0..times {
            queue.put(item).await.expect("the queue is open");
            black_box(queue.get().await.expect("the queue is open"));
        }
    })))
}

fn queue_tokio(size: Size) -> Result<f64, Failure> {
    let times = size.operations(OPERATIONS);
    let (sender, mut receiver) = tokio::sync::mpsc::channel(ROOM);
    Ok(block_on(size.measure(times, async || {
        for item in 0..times {
            sender.send(item).await.expect("the channel is open");
            black_box(receiver.recv().await.expect("the channel is open"));
        }
    })))
}

fn queue_async_channel(size: Size) -> Result<f64, Failure> {
    let times = size.operations(OPERATIONS);
    let (sender, receiver) = smol::channel::bounded(ROOM);
    Ok(block_on(size.measure(times, async || {
        for item in 0..times {
            sender.send(item).await.expect("the channel is open");
            black_box(receiver.recv().await.expect("the channel is open"));
        }
    })))
}
