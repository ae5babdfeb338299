//! The process pool as a subject: work goes as bytes.

use conformance::{Bench, Work};
use contract::Unavailable;
use process_executor::{Call, ProcessPool, Stderr, call};
use std::num::NonZeroUsize;
use sync_primitives::Limited;

/// How many workers the pool gets.
const WORKERS: usize = 2;

pub(crate) fn bench() -> Result<Bench, Unavailable> {
    let bench = Bench::bytes(pool()?, |bytes| call(perform, bytes), Call::into_argument);
    Ok(bench.workers(WORKERS).apart())
}

pub(crate) fn limited(permits: NonZeroUsize) -> Result<Bench, Unavailable> {
    let pool = Limited::new(pool()?, permits);
    let bench = Bench::bytes(pool, |bytes| call(perform, bytes), Call::into_argument);
    Ok(bench.workers(WORKERS).apart())
}

fn pool() -> Result<ProcessPool, Unavailable> {
    // By its name: under valgrind `/proc/self/exe` is valgrind.
    let program = std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into());
    // Some jobs panic on purpose, and their workers say so.
    let pool = ProcessPool::builder().workers(WORKERS).stderr(Stderr::Keep).program(program).build();
    pool.map_err(|error| {
        Unavailable::new("processes", error.to_string(), "run it where a program may start itself again")
    })
}

/// What a worker does.
#[expect(clippy::needless_pass_by_value, reason = "a call takes its argument by value")]
fn perform(bytes: Vec<u8>) -> u64 {
    Work::from_bytes(&bytes).perform()
}
