//! What the tests share.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process_executor::{Builder, Death, ExecutorExt, JobError, OutOfMemory, ProcessPool, Stderr, call};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for anything that ends at all; reached only when something hangs.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn builder() -> Builder {
    ProcessPool::builder().stderr(Stderr::Keep).start_within(LONG)
}

pub(crate) fn pool(workers: usize) -> ProcessPool {
    builder().workers(workers).build().expect("a pool starts")
}

/// Waits until `condition` holds: for what other processes do, which nobody can be told of.
#[track_caller]
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LONG, "in a minute it did not happen that {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A file through which a job tells that it has begun, gone when dropped.
pub(crate) struct Flag(PathBuf);

impl Flag {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("anyloop-flag-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    /// What a job passes to [`raise`].
    pub(crate) fn path(&self) -> String {
        self.0.to_str().expect("a path of text").to_owned()
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.exists()
    }

    /// The process id of the worker whose job has raised the flag.
    pub(crate) fn wait(&self) -> u32 {
        until("the job begins", || self.is_raised());
        fs::read_to_string(&self.0).expect("it is there").parse().expect("a process id")
    }
}

impl Drop for Flag {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// In a job: tells that it has begun, and in which process.
pub(crate) fn raise(path: &str) {
    let draft = format!("{path}.draft");
    fs::write(&draft, std::process::id().to_string()).expect("the flag is written");
    fs::rename(&draft, path).expect("the flag is raised");
}

/// A job: raises the flag and never returns.
pub(crate) fn hang(path: String) -> u32 {
    raise(&path);
    spin(())
}

/// A job: burns its CPU for ever.
pub(crate) fn spin((): ()) -> u32 {
    loop {
        std::hint::spin_loop();
    }
}

/// A job: in which process it runs.
pub(crate) fn pid((): ()) -> u32 {
    std::process::id()
}

pub(crate) fn alive(pid: u32) -> bool {
    // The state is what follows the name, which is in brackets.
    fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"))
        .is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| !rest.starts_with(['Z', 'X'])))
}

pub(crate) fn sigkill(pid: u32) {
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).expect("it lives");
}

#[track_caller]
pub(crate) fn death<T: std::fmt::Debug>(outcome: Result<T, JobError>) -> Death {
    match outcome {
        Err(JobError::WorkerDied(death)) => death,
        other => panic!("instead of a death: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn pid_of(pool: &ProcessPool) -> u32 {
    pool.try_submit(call(pid, ())).expect("room").wait().expect("it runs")
}

/// What may be thought of a worker that a test has killed: nothing of the kind where the kernel's counter can be read.
pub(crate) fn is_told_apart(verdict: OutOfMemory) -> bool {
    matches!(verdict, OutOfMemory::No | OutOfMemory::Suspected)
}
