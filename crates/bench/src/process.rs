//! Group `process`: a number to a worker process and back.

use crate::clock::Size;
use crate::placement::Placement;
use crate::python;
use crate::table::{Bench, Contender, Failure, NS};
use contract::ExecutorExt;
use process_executor::{Job, ProcessPool, call};
use std::fmt::Display;

pub(crate) mod bulk;
pub(crate) mod floor;
pub(crate) mod life;

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "process.call_free",
        about: "call u64 → u64 in a pool of two workers and wait for the result, one at a time; workers run where the system likes",
        unit: NS,
        placement: Placement::Free,
        contenders: ONE,
    },
    Bench {
        name: "process.call_same",
        about: "call u64 → u64 in a pool of two workers and wait for the result, one at a time; all on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: ONE,
    },
    Bench {
        name: "process.bulk",
        about: "submit 4000 calls u64 → u64 to a pool of two workers, then wait for them all: a call",
        unit: NS,
        placement: Placement::Free,
        contenders: &[
            Contender { name: "process-executor", measure: |size| ours(size, BULK, all) },
            Contender { name: "raw-procspawn", measure: |size| procspawn(size, BULK, all_procspawn) },
            Contender {
                name: "raw-python3.13-processpool",
                measure: |size| python::process("3.13", size, "bulk", BULK),
            },
            Contender {
                name: "raw-python3.13-spawn",
                measure: |size| python::process("3.13", size, "bulk:spawn", BULK),
            },
            Contender {
                name: "raw-python3.13-forkserver",
                measure: |size| python::process("3.13", size, "bulk:forkserver", BULK),
            },
            Contender {
                name: "raw-python3.13-multiprocessing",
                measure: |size| python::process("3.13", size, "bulk:multiprocessing", BULK),
            },
            Contender {
                name: "raw-python3.11-processpool",
                measure: |size| python::process("3.11", size, "bulk", BULK),
            },
        ],
    },
];

const ONE: &[Contender] = &[
    Contender { name: "process-executor", measure: |size| ours(size, CALLS, one) },
    Contender { name: "raw-procspawn", measure: |size| procspawn(size, CALLS, one_procspawn) },
    Contender {
        name: "raw-python3.13-processpool",
        measure: |size| python::process("3.13", size, "call", CALLS),
    },
    Contender {
        name: "raw-python3.13-spawn",
        measure: |size| python::process("3.13", size, "call:spawn", CALLS),
    },
    Contender {
        name: "raw-python3.13-forkserver",
        measure: |size| python::process("3.13", size, "call:forkserver", CALLS),
    },
    Contender {
        name: "raw-python3.13-multiprocessing",
        measure: |size| python::process("3.13", size, "call:multiprocessing", CALLS),
    },
    Contender {
        name: "raw-python3.11-processpool",
        measure: |size| python::process("3.11", size, "call", CALLS),
    },
    Contender { name: "raw-socketpair", measure: floor::socketpair },
];

const CALLS: u32 = 100;
const BULK: u32 = 4000;
const WORKERS: usize = 2;

/// What a pool has to do `calls` times.
type Batch<P> = fn(&P, calls: u64) -> Result<(), Failure>;

fn ours(size: Size, calls: u32, batch: Batch<ProcessPool>) -> Result<f64, Failure> {
    let calls = size.operations(calls);
    let pool =
        ProcessPool::builder().workers(WORKERS).queue(BULK as usize).build().map_err(Failure::broken)?;
    size.measure_blocking(calls, || batch(&pool, calls.into()))
}

fn one(pool: &ProcessPool, calls: u64) -> Result<(), Failure> {
    (0..calls).try_for_each(|number| check(number, submit(pool, number)?.wait()))
}

fn all(pool: &ProcessPool, calls: u64) -> Result<(), Failure> {
    let jobs: Vec<_> = (0..calls).map(|number| submit(pool, number)).collect::<Result<_, _>>()?;
    (0..calls).zip(jobs).try_for_each(|(number, job)| check(number, job.wait()))
}

fn submit(pool: &ProcessPool, number: u64) -> Result<Job<u64>, Failure> {
    pool.try_submit(call(|number: u64| number + 1, number)).map_err(Failure::broken)
}

fn procspawn(size: Size, calls: u32, batch: Batch<procspawn::Pool>) -> Result<f64, Failure> {
    let calls = size.operations(calls);
    let pool = procspawn::Pool::new(WORKERS).map_err(Failure::broken)?;
    size.measure_blocking(calls, || batch(&pool, calls.into()))
}

fn one_procspawn(pool: &procspawn::Pool, calls: u64) -> Result<(), Failure> {
    (0..calls).try_for_each(|number| check(number, pool.spawn(number, |number| number + 1).join()))
}

fn all_procspawn(pool: &procspawn::Pool, calls: u64) -> Result<(), Failure> {
    let jobs: Vec<_> = (0..calls).map(|number| pool.spawn(number, |number| number + 1)).collect();
    (0..calls).zip(jobs).try_for_each(|(number, job)| check(number, job.join()))
}

fn check(number: u64, ended: Result<u64, impl Display>) -> Result<(), Failure> {
    match ended {
        Ok(next) if next == number + 1 => Ok(()),
        Ok(other) => Err(Failure::broken(format!("{number} + 1 came back as {other}"))),
        Err(error) => Err(Failure::broken(error)),
    }
}
