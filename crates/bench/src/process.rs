//! Group `process`: a number to a worker process and back.

use crate::clock::Size;
use crate::placement::Placement;
use crate::table::{Bench, Contender, Failure};
use contract::ExecutorExt;
use process_executor::{ProcessPool, call};
use std::process::Command;

pub(crate) const BENCHES: &[Bench] = &[Bench {
    name: "process.call",
    about: "call a function of one number in a worker process and wait for its result, one at a time",
    placement: Placement::Free,
    contenders: &[
        Contender { name: "process-executor", measure: executor },
        Contender { name: "raw-python3", measure: python },
    ],
}];

const CALLS: u32 = 100;

fn executor(size: Size) -> Result<f64, Failure> {
    let calls = size.operations(CALLS);
    let pool = ProcessPool::new(1).map_err(Failure::broken)?;
    let mut ended = Ok(());
    let value = size.measure_blocking(calls, || {
        for number in 0..u64::from(calls) {
            if ended.is_ok() {
                ended = one(&pool, number);
            }
        }
    });
    ended.map(|()| value)
}

fn one(pool: &ProcessPool, number: u64) -> Result<(), Failure> {
    let job = pool.try_submit(call(|number: u64| number + 1, number)).map_err(Failure::broken)?;
    match job.wait() {
        Ok(next) if next == number + 1 => Ok(()),
        Ok(other) => Err(Failure::broken(format!("{number} + 1 came back as {other}"))),
        Err(error) => Err(Failure::broken(error)),
    }
}

/// The same with Python's `ProcessPoolExecutor`; times itself, and prints nanoseconds for one call.
fn python(size: Size) -> Result<f64, Failure> {
    let mut command = Command::new("python3");
    command.args(["-c", include_str!("process.py"), &size.operations(CALLS).to_string()]);
    let output = command.output().map_err(|error| {
        Failure::CannotRunHere(format!("there is no python3 ({error}): install it, or go without this peer"))
    })?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::CannotRunHere(format!(
            "python3 ended with {}: {}",
            output.status,
            words.trim()
        )));
    }
    String::from_utf8_lossy(&output.stdout).trim().parse().map_err(Failure::broken)
}
