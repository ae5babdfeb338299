//! Group `interpreter`: calls of guests, against the thread pool that carries them and the engine that runs them.

use crate::clock::Size;
use crate::placement::Placement;
use crate::process::life;
use crate::table::{Bench, Contender, Failure, NS, US};
use contract::{Executor, ExecutorExt, Job, JobError, Submit};
use interpreter_executor::{GuestCall, InterpreterPool, Module, Reuse};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};
use thread_executor::ThreadPool;

mod engine;

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "interpreter.call_free",
        about: "call a guest that answers with its argument of 5 bytes and wait for the result, one at a time, on one thread of a pool; raw-thread-pool runs a closure that gives a vector, raw-allowed is that and 1.15 of what wasmi takes by itself to make an instance, call it and drop it",
        unit: NS,
        placement: Placement::Free,
        contenders: ONE,
    },
    Bench {
        name: "interpreter.call_same",
        about: "the same, all on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: ONE,
    },
    Bench {
        name: "interpreter.here",
        about: "the same call on this thread, without a hop; raw-wasmi makes an instance, calls it and drops it",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "interpreter-executor-fresh", measure: |size| here(size, Reuse::Fresh) },
            Contender { name: "interpreter-executor-pinned", measure: |size| here(size, Reuse::Pinned) },
            Contender { name: "raw-wasmi", measure: engine::here },
        ],
    },
    Bench {
        name: "interpreter.start",
        about: "something isolated, from nothing to its first answer: a fresh instance in a pool, or a process of this program that says one byte",
        unit: US,
        placement: Placement::Free,
        contenders: &[
            Contender {
                name: "interpreter-executor-fresh",
                measure: |size| Ok(pool(size, Reuse::Fresh)? / 1000.0),
            },
            Contender {
                name: "interpreter-executor-pinned",
                measure: |size| Ok(pool(size, Reuse::Pinned)? / 1000.0),
            },
            Contender { name: "raw-reexec", measure: life::reexec },
        ],
    },
    Bench {
        name: "interpreter.overrun_p99",
        about: "an endless loop with a deadline of 2 ms: how long after it the thread is free again, at most in 99 of 100; raw-2ms is the bound",
        unit: US,
        placement: Placement::Free,
        contenders: &[
            Contender { name: "interpreter-executor", measure: overrun },
            Contender { name: "raw-2ms", measure: |_| Ok(2000.0) },
        ],
    },
];

const ONE: &[Contender] = &[
    Contender { name: "interpreter-executor-fresh", measure: |size| pool(size, Reuse::Fresh) },
    Contender { name: "interpreter-executor-pinned", measure: |size| pool(size, Reuse::Pinned) },
    Contender { name: "raw-thread-pool", measure: |size| threads(size, || ARGUMENT.to_vec()) },
    Contender {
        name: "raw-allowed",
        measure: |size| Ok(threads(size, || ARGUMENT.to_vec())? + 1.15 * engine::here(size)?),
    },
];

/// Calls of a batch on the clock.
const CALLS: u32 = 500;
const ARGUMENT: &[u8] = b"hello";
const ONE_THREAD: NonZeroUsize = NonZeroUsize::MIN;

/// Answers with its argument; or never.
const GUEST: &str = r#"(module
    (import "typst_env" "wasm_minimal_protocol_write_args_to_buffer" (func $args (param i32)))
    (import "typst_env" "wasm_minimal_protocol_send_result_to_host" (func $send (param i32 i32)))
    (memory (export "memory") 1)
    (func (export "echo") (param $len i32) (result i32)
        (call $args (i32.const 0))
        (call $send (i32.const 0) (local.get $len))
        (i32.const 0))
    (func (export "spin") (result i32) (loop $again (br $again)) (i32.const 0)))"#;

fn guest() -> Result<Vec<u8>, Failure> {
    wat::parse_str(GUEST).map_err(Failure::broken)
}

fn loaded(reuse: Reuse) -> Result<(InterpreterPool, Module), Failure> {
    let pool = InterpreterPool::builder().threads(ONE_THREAD).reuse(reuse).build();
    let module = pool.load(guest()?).map_err(Failure::broken)?;
    Ok((pool, module))
}

fn echo(module: &Module) -> GuestCall {
    module.call("echo", [ARGUMENT])
}

fn check(ended: Result<Vec<u8>, JobError>) -> Result<(), Failure> {
    match ended {
        Ok(output) if output == ARGUMENT => Ok(()),
        other => Err(Failure::broken(format!("instead of an echo: {other:?}"))),
    }
}

/// Waits as a thread does.
fn awaited(job: Job<Vec<u8>>) -> Result<(), Failure> {
    check(job.wait())
}

fn pool(size: Size, reuse: Reuse) -> Result<f64, Failure> {
    let calls = size.operations(CALLS);
    let (pool, module) = loaded(reuse)?;
    size.measure_blocking(calls, || {
        (0..calls).try_for_each(|_| awaited(pool.try_submit(echo(&module)).map_err(Failure::broken)?))
    })
}

fn threads(size: Size, work: impl Fn() -> Vec<u8> + Clone + Send + 'static) -> Result<f64, Failure> {
    let calls = size.operations(CALLS);
    let pool = ThreadPool::cpu().threads(ONE_THREAD).build();
    size.measure_blocking(calls, || {
        (0..calls).try_for_each(|_| awaited(pool.try_submit(work.clone()).map_err(Failure::broken)?))
    })
}

fn here(size: Size, reuse: Reuse) -> Result<f64, Failure> {
    let calls = size.operations(CALLS);
    let (_pool, module) = loaded(reuse)?;
    size.measure_blocking(calls, || (0..calls).try_for_each(|_| check(echo(&module).run_here(100_000))))
}

const DEADLINE: Duration = Duration::from_millis(2);

/// Microseconds from the deadline until the thread has answered the call behind.
fn overrun(size: Size) -> Result<f64, Failure> {
    let (pool, module) = loaded(Reuse::Pinned)?;
    let mut all = Vec::new();
    for _ in 0..size.operations(200) {
        let begin = Instant::now();
        let options = Submit::new().deadline(DEADLINE);
        let spin = pool.try_submit_with(module.call("spin", [""; 0]), options).map_err(Failure::broken)?;
        match spin.wait() {
            Err(JobError::Deadline { .. }) => {}
            other => return Err(Failure::broken(format!("an endless loop ended: {other:?}"))),
        }
        awaited(pool.try_submit(echo(&module)).map_err(Failure::broken)?)?;
        all.push(begin.elapsed().saturating_sub(DEADLINE).as_secs_f64() * 1e6);
    }
    all.sort_by(f64::total_cmp);
    Ok(all[(all.len() * 99).div_ceil(100) - 1])
}
