//! Group `sync`: primitives that nobody contends for, polled by a bare `block_on`, and with many in line, on the least
//! executor that there can be: so that no loop's own cost is in it.

use crate::placement::Placement;
use crate::table::{Bench, Contender, NS};

mod contended;
mod floor;
mod queues;
mod uncontended;

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "sync.lock",
        about: "lock and unlock, with nobody else about",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: uncontended::lock },
            Contender { name: "sync-primitives-local", measure: uncontended::lock_local },
            Contender { name: "raw-tokio", measure: uncontended::lock_tokio },
            Contender { name: "raw-async-lock", measure: uncontended::lock_async_lock },
            Contender { name: "raw-futures", measure: uncontended::lock_futures },
        ],
    },
    Bench {
        name: "sync.lock_blocking",
        about: "lock and unlock on a thread that may block, with nobody else about",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: uncontended::lock_blocking },
            Contender { name: "raw-async-lock", measure: uncontended::lock_blocking_async_lock },
            Contender { name: "raw-std", measure: uncontended::lock_blocking_std },
            Contender { name: "raw-parking-lot", measure: uncontended::lock_blocking_parking_lot },
        ],
    },
    Bench {
        name: "sync.semaphore",
        about: "acquire and release, with nobody else about",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: uncontended::semaphore },
            Contender { name: "sync-primitives-local", measure: uncontended::semaphore_local },
            Contender { name: "raw-tokio", measure: uncontended::semaphore_tokio },
            Contender { name: "raw-async-lock", measure: uncontended::semaphore_async_lock },
        ],
    },
    Bench {
        name: "sync.lock_100",
        about: "one turn, of a hundred tasks on one lock; `raw-nothing` is the executor alone",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: contended::lock },
            Contender { name: "sync-primitives-local", measure: contended::lock_local },
            Contender { name: "raw-tokio", measure: contended::lock_tokio },
            Contender { name: "raw-async-lock", measure: contended::lock_async_lock },
            Contender { name: "raw-futures", measure: contended::lock_futures },
            Contender { name: "raw-nothing", measure: contended::nothing },
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
            Contender { name: "raw-event-listener", measure: contended::event_listener },
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
            Contender { name: "raw-flume", measure: queues::one_flume },
            Contender { name: "raw-kanal", measure: queues::one_kanal },
            Contender { name: "raw-tokio-mpsc", measure: queues::one_tokio },
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
            Contender { name: "raw-flume", measure: queues::four_flume },
            Contender { name: "raw-kanal", measure: queues::four_kanal },
        ],
    },
    Bench {
        name: "sync.queue_threads",
        about: "one item, from a task of one thread to a task of another",
        unit: NS,
        placement: Placement::Two,
        contenders: &[
            Contender { name: "sync-primitives", measure: queues::threads },
            Contender { name: "raw-async-channel", measure: queues::threads_async_channel },
            Contender { name: "raw-flume", measure: queues::threads_flume },
            Contender { name: "raw-kanal", measure: queues::threads_kanal },
        ],
    },
    Bench {
        name: "sync.queue_blocking",
        about: "one item, from one thread to another, both of which may block",
        unit: NS,
        placement: Placement::Two,
        contenders: &[
            Contender { name: "sync-primitives", measure: queues::blocking },
            Contender { name: "raw-std-mpsc", measure: queues::blocking_std },
            Contender { name: "raw-crossbeam", measure: queues::blocking_crossbeam },
            Contender { name: "raw-flume", measure: queues::blocking_flume },
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
        name: "sync.priority_later",
        about: "take the lowest of a thousand and put it back with a higher key",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: queues::later },
            Contender { name: "sync-primitives-local", measure: queues::later_local },
            Contender { name: "raw-mutex-heap", measure: queues::later_mutex_heap },
        ],
    },
    Bench {
        name: "sync.queue",
        about: "put and get one item, in one task",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "sync-primitives", measure: uncontended::queue },
            Contender { name: "sync-primitives-local", measure: uncontended::queue_local },
            Contender { name: "raw-tokio-mpsc", measure: uncontended::queue_tokio },
            Contender { name: "raw-async-channel", measure: uncontended::queue_async_channel },
            Contender { name: "raw-kanal", measure: uncontended::queue_kanal },
        ],
    },
];
