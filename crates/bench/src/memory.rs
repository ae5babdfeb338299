//! Group `memory`: how much a task that waits keeps resident, handles included, and a connection with its task.

use crate::clock::Size;
use crate::host::{Host, on_every_host, run_in_task};
use crate::placement::Placement;
use crate::table::{BYTES, Bench, Failure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::cell::Cell;
use std::fs;
use std::future::pending;
use std::io;
use std::net::TcpStream;
use std::thread;
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
    Bench {
        name: "memory.idle_connection",
        about: "growth of resident memory by 4000 connections, accepted and each read by a task of its own, on which nothing comes: a connection",
        unit: BYTES,
        placement: Placement::One,
        contenders: on_every_host!(idle_connection),
    },
];

const TASKS: u32 = 100_000;
const CONNECTIONS: u32 = 4000;
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

/// Both sides are in this process; of the client's, it has the number of a descriptor.
fn idle_connection<H: Host>(size: Size) -> Result<f64, Failure> {
    let connections = size.operations(CONNECTIONS);
    allow_descriptors(2 * u64::from(connections) + 100)?;
    H::run(async {
        let (listener, address) = H::listen().await?;
        let connect = move |_| TcpStream::connect(address);
        let client = thread::spawn(move || (0..=connections).map(connect).collect::<io::Result<Vec<_>>>());
        let mut handles = Vec::new();
        let mut before = None;
        for number in 0..=connections {
            let mut stream = H::accept(&listener).await?;
            handles.push(H::spawn(async move {
                waits();
                let _nothing_comes = H::read(&mut stream, &mut [0; 64]).await;
            }));
            if number == 0 {
                // What the loop itself needs for its first connection is not of this one.
                before = resident();
            }
        }
        while WAITING.get() <= connections {
            H::yield_now().await;
        }
        let after = resident();
        let _idle = client.join().map_err(|_| Failure::broken("the client panicked"))??;
        drop(handles);
        let (Some(before), Some(after)) = (before, after) else { return Err(nobody_counts()) };
        Ok((after - before) / f64::from(connections))
    })?
}

fn allow_descriptors(wanted: u64) -> Result<(), Failure> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(Failure::broken)?;
    if soft < wanted {
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted)).map_err(|errno| {
            let why = format!("{wanted} descriptors are wanted, and {hard} allowed: {errno}");
            Failure::CannotRunHere(format!("{why}; cure: raise the limit (`ulimit -Hn`)"))
        })?;
    }
    Ok(())
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
    if value.is_nan() { Err(nobody_counts()) } else { Ok(value) }
}

pub(crate) fn nobody_counts() -> Failure {
    let why = "/proc/self/smaps_rollup cannot be read; cure: a kernel of 4.14 or newer with /proc mounted";
    Failure::CannotRunHere(why.to_owned())
}

/// Bytes. This file is counted page by page; shorter ones are off by what each processor has not yet added up.
pub(crate) fn resident() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0)
}
