//! Worker processes come and go: a pool from nothing to its end, and a worker that is replaced.

use super::WORKERS;
use crate::clock::{Size, median};
use crate::placement::Placement;
use crate::table::{Bench, Contender, Failure, US};
use contract::{Drain, ExecutorExt, Shutdown};
use process_executor::{ProcessPool, call};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "process.ready",
        about: "start a worker until it is ready for its first job; its end is not counted",
        unit: US,
        placement: Placement::Free,
        contenders: &[
            Contender { name: "process-executor", measure: ready },
            Contender { name: "raw-reexec", measure: reexec },
        ],
    },
    Bench {
        name: "process.pool",
        about: "a pool of two workers: start it, one job for each, shut it down",
        unit: US,
        placement: Placement::Free,
        contenders: &[
            Contender { name: "process-executor", measure: pool },
            Contender { name: "raw-procspawn", measure: procspawn },
        ],
    },
    Bench {
        name: "process.restart",
        about: "kill the only worker at its job, until the next job's result is here",
        unit: US,
        placement: Placement::Free,
        contenders: &[
            Contender { name: "process-executor", measure: |size| restart(size, 0) },
            Contender { name: "process-executor-512MiB", measure: |size| restart(size, 512 << 20) },
            Contender { name: "raw-reexec", measure: reexec },
        ],
    },
];

/// A process that is started to say one byte and wait for its end: what the kernel asks for a fresh process of this program.
pub(crate) const ECHO: &str = "--one-byte";

/// What such a process does.
pub(crate) fn say_one_byte() {
    use std::io::Write;
    let mut out = std::io::stdout();
    let _ = out.write_all(b"1").and_then(|()| out.flush());
    let _ = std::io::stdin().read(&mut [0]);
}

/// Microseconds of `run`; what it gives is dropped outside of the time.
fn time<T>(size: Size, mut run: impl FnMut() -> Result<T, Failure>) -> Result<f64, Failure> {
    run()?;
    let (mut all, first) = (Vec::new(), Instant::now());
    while size.goes_on(all.len(), first) {
        let begin = Instant::now();
        let given = run()?;
        all.push(begin.elapsed().as_secs_f64() * 1e6);
        drop(given);
    }
    Ok(median(all))
}

/// A pool of one, that is shut down when dropped.
struct Ended(ProcessPool);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.shutdown(Drain::Queued, Duration::from_secs(10));
    }
}

fn ready(size: Size) -> Result<f64, Failure> {
    time(size, || ProcessPool::new(1).map(Ended).map_err(Failure::broken))
}

pub(crate) fn reexec(size: Size) -> Result<f64, Failure> {
    struct Waited(std::process::Child);
    impl Drop for Waited {
        fn drop(&mut self) {
            drop(self.0.stdin.take());
            let _ = self.0.wait();
        }
    }
    time(size, || {
        let mut command = Command::new("/proc/self/exe");
        command.arg(ECHO).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map(Waited).map_err(Failure::broken)?;
        let out = child.0.stdout.as_mut().ok_or_else(|| Failure::broken("it has no output"))?;
        out.read_exact(&mut [0]).map_err(Failure::broken)?;
        Ok(child)
    })
}

fn pool(size: Size) -> Result<f64, Failure> {
    time(size, || {
        let pool = ProcessPool::new(WORKERS).map_err(Failure::broken)?;
        let jobs = [1_u64, 2].map(|number| pool.try_submit(call(|number: u64| number + 1, number)));
        for job in jobs {
            job.map_err(Failure::broken)?.wait().map_err(Failure::broken)?;
        }
        let report = pool.shutdown(Drain::Queued, Duration::from_secs(10));
        if report.is_clean() { Ok(()) } else { Err(Failure::broken(report)) }
    })
}

fn procspawn(size: Size) -> Result<f64, Failure> {
    time(size, || {
        let pool = procspawn::Pool::new(WORKERS).map_err(Failure::broken)?;
        let jobs = [1_u64, 2].map(|number| pool.spawn(number, |number| number + 1));
        for job in jobs {
            job.join().map_err(Failure::broken)?;
        }
        pool.shutdown();
        Ok(())
    })
}

fn restart(size: Size, resident: usize) -> Result<f64, Failure> {
    let memory = std::hint::black_box(vec![1_u8; resident]);
    let pool = ProcessPool::builder()
        .workers(1)
        .stderr(process_executor::Stderr::Keep)
        .build()
        .map_err(Failure::broken)?;
    let time = time(size, || {
        let dies = pool.try_submit(call(|()| std::process::abort(), ())).map_err(Failure::broken)?;
        let next = pool.try_submit(call(|number: u64| number + 1, 1)).map_err(Failure::broken)?;
        let died: Result<(), _> = dies.wait();
        match died {
            Err(process_executor::JobError::WorkerDied(_)) => next.wait().map_err(Failure::broken),
            other => Err(Failure::broken(format!("instead of a death: {other:?}"))),
        }
    });
    drop(memory);
    time
}
