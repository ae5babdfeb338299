//! Group `sync`: primitives that nobody contends for, polled by a bare `block_on`, so that no loop's own cost is in it.

use crate::clock::Size;
use crate::placement::Placement;
use crate::table::{Bench, Contender, Failure, NS};
use smol::future::block_on;
use std::hint::black_box;
use sync_primitives::{Lock, Queue};

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "sync.lock",
        about: "lock and unlock, with nobody else about",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: lock },
            Contender { name: "raw-tokio", measure: lock_tokio },
            Contender { name: "raw-async-lock", measure: lock_async_lock },
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
