//! Group `memory`: how much a task that waits keeps resident, handles included.

use crate::clock::Size;
use crate::host::{Host, on_every_host, run_in_task};
use crate::placement::Placement;
use crate::table::{BYTES, Bench, Failure};
use std::cell::Cell;
use std::fs;
use std::future::pending;
use std::time::Duration;

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "memory.pending_task",
        about: "growth of resident memory by 100 000 tasks that wait for nothing, handles kept: a task",
        unit: BYTES,
        placement: Placement::One,
        contenders: on_every_host!(pending_task),
    },
    Bench {
        name: "memory.sleeping_task",
        about: "growth of resident memory by 100 000 tasks that sleep an hour, handles kept: a task",
        unit: BYTES,
        placement: Placement::One,
        contenders: on_every_host!(sleeping_task),
    },
];

const TASKS: u32 = 100_000;
const HOUR: Duration = Duration::from_secs(3600);

thread_local! {
    /// Tasks that wait by now. Here, so that a task need not hold the way to it.
    static WAITING: Cell<u32> = const { Cell::new(0) };
}

fn pending_task<H: Host>(size: Size) -> Result<f64, Failure> {
    grown::<H, _>(size, || async {
        waits();
        pending::<()>().await;
    })
}

fn sleeping_task<H: Host>(size: Size) -> Result<f64, Failure> {
    grown::<H, _>(size, || async {
        waits();
        H::sleep(HOUR).await;
    })
}

fn waits() {
    WAITING.set(WAITING.get() + 1);
}

fn grown<H: Host, F: Future<Output = ()> + 'static>(size: Size, task: fn() -> F) -> Result<f64, Failure> {
    let tasks = size.operations(TASKS);
    // What the loop itself needs for its first task is not of this task.
    let value = run_in_task::<H>(async move {
        let before = resident();
        let handles: Vec<_> = (0..tasks).map(|_| H::spawn(task())).collect();
        while WAITING.get() < tasks {
            H::yield_now().await;
        }
        let after = resident();
        drop(handles);
        match (before, after) {
            (Some(before), Some(after)) => (after - before) / f64::from(tasks),
            _ => f64::NAN,
        }
    })?;
    if value.is_nan() {
        let why =
            "/proc/self/smaps_rollup cannot be read; cure: a kernel of 4.14 or newer with /proc mounted";
        return Err(Failure::CannotRunHere(why.to_owned()));
    }
    Ok(value)
}

/// Bytes. This file is counted page by page; shorter ones are off by what each processor has not yet added up.
fn resident() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0)
}
