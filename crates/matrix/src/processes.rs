//! The process pool as a subject: work goes as bytes.

use conformance::{Bench, Executors, Subject, Work};
use contract::Unavailable;
use process_executor::{Call, ProcessPool, Stderr, call};

/// How many workers the pool gets.
const WORKERS: usize = 2;

pub(crate) fn subject() -> Subject<Executors> {
    Subject::executor("processes", || {
        // Some jobs panic on purpose, and their workers say so.
        // By its name: under valgrind `/proc/self/exe` is valgrind.
        let program = std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into());
        let pool = ProcessPool::builder().workers(WORKERS).stderr(Stderr::Keep).program(program).build();
        let pool = pool.map_err(|error| {
            Unavailable::new("processes", error.to_string(), "run it where a program may start itself again")
        })?;
        Ok(Bench::bytes(pool, |bytes| call(perform, bytes), Call::into_argument).workers(WORKERS).apart())
    })
}

/// What a worker does.
#[expect(clippy::needless_pass_by_value, reason = "a call takes its argument by value")]
fn perform(bytes: Vec<u8>) -> u64 {
    Work::from_bytes(&bytes).perform()
}
