//! Group `offload`: closures on a thread pool, awaited on a loop. Every pool with the loop that its users await it on.

mod loads;
mod pools;

use crate::placement::Placement;
use crate::python;
use crate::table::{BYTES, Bench, Contender, NS};
use loads::{after_idle, batch, cancel, mixed, one, queued, submit, submitters, work};
use pools::{Crossbeam, Ours, OursAwake, Rayon, Smol, Threadpool, Tokio, TokioLimited};

#[cfg(feature = "glommio")]
use pools::Glommio;

/// Jobs that are in flight at once.
const BATCH: u32 = 10_000;
/// Calls of a batch on the clock, where one is awaited after the other.
const CALLS: u32 = 500;

/// The pools that any thread may submit to.
macro_rules! on_every_thread {
    ($measure:ident) => {
        [
            Contender { name: "thread-executor", measure: $measure::<Ours> },
            Contender { name: "raw-tokio-spawn-blocking-2", measure: $measure::<TokioLimited> },
            Contender { name: "raw-smol-unblock", measure: $measure::<Smol> },
            Contender { name: "raw-rayon-oneshot", measure: $measure::<Rayon> },
            Contender { name: "raw-threadpool-oneshot", measure: $measure::<Threadpool> },
            Contender { name: "raw-crossbeam-oneshot", measure: $measure::<Crossbeam> },
        ]
    };
}

/// Each pool, and Python's where its script knows a batch of that name.
macro_rules! on_every_pool {
    ($measure:ident $(, asyncio $operations:expr)?) => {
        [
            Contender { name: "thread-executor", measure: $measure::<Ours> },
            Contender { name: "thread-executor-spin", measure: $measure::<OursAwake> },
            Contender { name: "raw-tokio-spawn-blocking", measure: $measure::<Tokio> },
            Contender { name: "raw-tokio-spawn-blocking-2", measure: $measure::<TokioLimited> },
            Contender { name: "raw-smol-unblock", measure: $measure::<Smol> },
            #[cfg(feature = "glommio")]
            Contender { name: "raw-glommio-spawn-blocking", measure: $measure::<Glommio> },
            Contender { name: "raw-rayon-oneshot", measure: $measure::<Rayon> },
            Contender { name: "raw-threadpool-oneshot", measure: $measure::<Threadpool> },
            Contender { name: "raw-crossbeam-oneshot", measure: $measure::<Crossbeam> },
            $(Contender {
                name: "raw-python3.13-asyncio",
                measure: |size| python::asyncio(size, concat!("offload_", stringify!($measure)), $operations),
            },)?
        ]
    };
}

const ONE: &[Contender] = &on_every_pool!(one, asyncio CALLS);

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "offload.submit_await_free",
        about: "submit a closure that does nothing and await it, one at a time; threads run where the system likes",
        unit: NS,
        placement: Placement::Free,
        contenders: ONE,
    },
    Bench {
        name: "offload.submit_await_same",
        about: "submit a closure that does nothing and await it, one at a time; all threads on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: ONE,
    },
    Bench {
        name: "offload.batch",
        about: "submit 10 000 closures that do nothing to two threads, then await them all: a closure",
        unit: NS,
        placement: Placement::Free,
        contenders: &on_every_pool!(batch, asyncio BATCH),
    },
    Bench {
        name: "offload.work_20us",
        about: "2 000 closures of 20 us of computing each on two threads, all in flight: a closure",
        unit: NS,
        placement: Placement::Free,
        contenders: &on_every_pool!(work),
    },
    Bench {
        name: "offload.mixed_p99",
        about: "behind 20 closures of 2 ms 100 of 20 us, on two threads: what 99 of 100 short ones take at most, from their submission to their end. Ours submits the short ones with high priority; peers have none",
        unit: NS,
        placement: Placement::Free,
        contenders: &on_every_pool!(mixed),
    },
    Bench {
        name: "offload.after_idle",
        about: "100 closures that do nothing after 5 ms of idleness, on two threads: until the last is awaited",
        unit: NS,
        placement: Placement::Free,
        contenders: &on_every_pool!(after_idle),
    },
    Bench {
        name: "offload.submitters",
        about: "four threads submit 2 500 closures that do nothing each, to two threads: a closure, until the last has run",
        unit: NS,
        placement: Placement::Free,
        contenders: &on_every_thread!(submitters),
    },
    Bench {
        name: "offload.submit",
        about: "submit a closure to a pool whose threads are all held: what the submitter pays where nobody is woken",
        unit: NS,
        placement: Placement::One,
        contenders: &on_every_thread!(submit),
    },
    Bench {
        name: "offload.cancel",
        about: "submit a closure to a pool whose threads are all held, and cancel it",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "thread-executor", measure: cancel::<Ours> },
            Contender { name: "raw-tokio-spawn-blocking-2", measure: cancel::<TokioLimited> },
            Contender { name: "raw-smol-unblock", measure: cancel::<Smol> },
        ],
    },
    Bench {
        name: "offload.queued_memory",
        about: "growth of resident memory by 50 000 closures of one word that wait in the queue of a pool whose threads are all held, without the handles: a closure",
        unit: BYTES,
        placement: Placement::One,
        contenders: &on_every_thread!(queued),
    },
];
