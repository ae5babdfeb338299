//! Group `offload`: a closure on a thread pool, awaited on a loop. Every pool as its users get it.

use crate::clock::Size;
use crate::host::{Host, run_in_task};
use crate::hosts::{ours, raw};
use crate::placement::Placement;
use crate::table::{Bench, Contender, Failure, NS};
use contract::ExecutorExt;
use std::num::NonZeroUsize;
use thread_executor::ThreadPool;
use tokio::sync::oneshot;

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "offload.submit_await_free",
        about: "submit a closure that does nothing and await it, one at a time; threads run where the system likes",
        unit: NS,
        placement: Placement::Free,
        contenders: POOLS_ONE,
    },
    Bench {
        name: "offload.submit_await_same",
        about: "submit a closure that does nothing and await it, one at a time; all threads on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: POOLS_ONE,
    },
    Bench {
        name: "offload.batch",
        about: "submit 10 000 closures that do nothing, then await them all: a closure",
        unit: NS,
        placement: Placement::Free,
        contenders: POOLS_BATCH,
    },
];

/// Each pool with the loop that its users await it on.
macro_rules! pools {
    ($at_once:expr) => {
        &[
            Contender { name: "thread-executor", measure: |size| on_threads(size, $at_once) },
            Contender { name: "raw-tokio-spawn-blocking", measure: |size| on_tokio(size, $at_once) },
            Contender { name: "raw-smol-unblock", measure: |size| on_smol(size, $at_once) },
            #[cfg(feature = "glommio")]
            Contender { name: "raw-glommio-spawn-blocking", measure: |size| on_glommio(size, $at_once) },
            Contender { name: "raw-rayon-oneshot", measure: |size| on_rayon(size, $at_once) },
            Contender { name: "raw-threadpool-oneshot", measure: |size| on_threadpool(size, $at_once) },
        ]
    };
}

const POOLS_ONE: &[Contender] = pools!(1);
const POOLS_BATCH: &[Contender] = pools!(BATCH);

const BATCH: u32 = 10_000;
/// Calls of a batch on the clock, where one is awaited after the other.
const CALLS: u32 = 500;

fn on_threads(size: Size, at_once: u32) -> Result<f64, Failure> {
    // Room for the whole batch, as all the others have: theirs are without bound.
    let pool = ThreadPool::builder().queue(NonZeroUsize::new(BATCH as usize).expect("not zero")).build();
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

/// In a task of its own: a job of glommio is not submitted before it is polled.
#[cfg(feature = "glommio")]
fn on_glommio(size: Size, at_once: u32) -> Result<f64, Failure> {
    jobs::<raw::Glommio, _>(size, at_once, || {
        glommio::spawn_local(async { glommio::executor().spawn_blocking(|| ()).await })
    })
}

/// Its own waiting blocks, so its jobs send what they have done.
fn on_rayon(size: Size, at_once: u32) -> Result<f64, Failure> {
    sending(size, at_once, rayon_core::spawn)
}

/// The same.
fn on_threadpool(size: Size, at_once: u32) -> Result<f64, Failure> {
    let pool = threadpool::Builder::new().build();
    sending(size, at_once, move |job| pool.execute(job))
}

fn sending(
    size: Size,
    at_once: u32,
    execute: impl Fn(Box<dyn FnOnce() + Send>) + 'static,
) -> Result<f64, Failure> {
    jobs::<raw::SmolLocal, _>(size, at_once, move || {
        let (done, ended) = oneshot::channel();
        // Whoever awaits it is there until it has the answer.
        execute(Box::new(move || done.send(()).unwrap_or_default()));
        async { ended.await.expect("the job ran") }
    })
}

/// Has `at_once` jobs submitted before any is awaited, again and again.
fn jobs<H: Host, F: Future<Output = ()> + 'static>(
    size: Size,
    at_once: u32,
    submit: impl Fn() -> F + 'static,
) -> Result<f64, Failure> {
    let at_once = if at_once == 1 { 1 } else { size.operations(at_once) };
    let times = size.operations(CALLS).div_ceil(at_once);
    run_in_task::<H>(size.measure(times * at_once, async move || {
        for _ in 0..times {
            let jobs: Vec<_> = (0..at_once).map(|_| submit()).collect();
            for job in jobs {
                job.await;
            }
        }
    }))
}
