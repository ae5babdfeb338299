//! Group `offload`: a closure on a thread pool, awaited on a loop. Every pool as its users get it.

use crate::clock::Size;
use crate::host::{Host, run_in_task};
use crate::hosts::{ours, raw};
use crate::placement::Placement;
use crate::table::{Bench, Contender, Failure};
use contract::ExecutorExt;
use thread_executor::ThreadPool;

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "offload.submit_await",
        about: "submit a closure that does nothing and await it, one at a time",
        placement: Placement::Free,
        contenders: &[
            Contender { name: "thread-executor", measure: |size| on_threads(size, 1) },
            Contender { name: "raw-tokio-spawn-blocking", measure: |size| on_tokio(size, 1) },
            Contender { name: "raw-smol-unblock", measure: |size| on_smol(size, 1) },
        ],
    },
    Bench {
        name: "offload.batch",
        about: "submit 1000 closures that do nothing, then await them all",
        placement: Placement::Free,
        contenders: &[
            Contender { name: "thread-executor", measure: |size| on_threads(size, BATCH) },
            Contender { name: "raw-tokio-spawn-blocking", measure: |size| on_tokio(size, BATCH) },
            Contender { name: "raw-smol-unblock", measure: |size| on_smol(size, BATCH) },
        ],
    },
];

/// Fits into the queue of every pool.
const BATCH: u32 = 1000;

fn on_threads(size: Size, at_once: u32) -> Result<f64, Failure> {
    let pool = ThreadPool::default();
    jobs::<ours::Native, _>(size, at_once, move || {
        let job = pool.try_submit(|| ()).expect("the queue has room");
        async { job.await.expect("the job ran") }
    })
}

fn on_tokio(size: Size, at_once: u32) -> Result<f64, Failure> {
    jobs::<raw::TokioLocalSet, _>(size, at_once, || {
        let job = tokio::task::spawn_blocking(|| ());
        async { job.await.expect("the job ran") }
    })
}

fn on_smol(size: Size, at_once: u32) -> Result<f64, Failure> {
    jobs::<raw::SmolLocal, _>(size, at_once, || smol::unblock(|| ()))
}

/// Has `at_once` jobs submitted before any is awaited, again and again.
fn jobs<H: Host, F: Future<Output = ()> + 'static>(
    size: Size,
    at_once: u32,
    submit: impl Fn() -> F + 'static,
) -> Result<f64, Failure> {
    let times = size.operations(500).div_ceil(at_once);
    run_in_task::<H>(size.measure(times * at_once, async move || {
        for _ in 0..times {
            let jobs: Vec<_> = (0..at_once).map(|_| submit()).collect();
            for job in jobs {
                job.await;
            }
        }
    }))
}
