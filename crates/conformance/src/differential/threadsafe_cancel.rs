//! `22_threadsafe_cancel.py`.

use super::{LONG, Log, MS, py, recorded, replay};
use crate::behaviour::Verdict;
use crate::loops::{Loops, quiet_panic, turns};
use crate::{Miss, Subject};
use contract::{Cancel, ExecutorExt, Job, JobError, Reject};
use core_loop::{Loop, LoopHandle, current_task, pinned, sleep, to_thread};
use std::sync::Arc;
use sync_primitives::Event;

pub(crate) fn threadsafe_cancel(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("22_threadsafe_cancel"), async |log| {
        while_it_runs(&log).await?;
        in_order(&log).await?;
        ends(&log).await?;
        too_slow(&log).await?;
        let mut rest = Vec::new();
        for name in ["F", "G"] {
            let waits = Waits::new(&log, name);
            rest.push((waits.give(&Loop::current().handle())?, waits.ended.clone()));
            waits.started.wait().await;
        }
        if let [(left, _), (cancelled, ended)] = &rest[..] {
            log.line(format_args!("G cancel -> {}", py(cancel(cancelled))));
            ended.wait().await;
            log.line(format_args!("main returns, F done {}", py(left.done())));
        }
        Ok::<_, Miss>(None::<&str>)
    })
}

/// `Future.cancel()`, of what has not ended.
fn cancel<T>(job: &Job<T>) -> bool {
    job.cancel() != Cancel::AlreadyDone
}

/// A coroutine that waits to be cancelled.
#[derive(Clone)]
struct Waits {
    log: Log,
    name: &'static str,
    started: Arc<Event>,
    ended: Arc<Event>,
}

impl Waits {
    fn new(log: &Log, name: &'static str) -> Self {
        Self { log: log.clone(), name, started: Arc::default(), ended: Arc::default() }
    }

    fn give(&self, handle: &LoopHandle) -> Result<Job<()>, Reject> {
        /// `finally: ended.set()`.
        struct Finally(Arc<Event>);
        impl Drop for Finally {
            fn drop(&mut self) {
                self.0.set();
            }
        }
        let Self { log, name, started, ended } = self.clone();
        let coroutine = pinned(async move || {
            log.line(format_args!("{name} starts"));
            started.set();
            let _finally = Finally(ended);
            let _except = log.on_cancel(format_args!("{name} cancelled"));
            sleep(LONG).await;
            log.line(format_args!("{name} NOT REACHED"));
        });
        handle.try_submit(coroutine).map_err(|rejected| rejected.why)
    }
}

async fn while_it_runs(log: &Log) -> Result<(), Miss> {
    let (waits, handle) = (Waits::new(log, "A"), Loop::current().handle());
    let given = waits.clone();
    let job = to_thread(move || given.give(&handle)).await??;
    waits.started.wait().await;
    log.line(format_args!("A done {}", py(job.done())));
    let (answer, job) = to_thread(move || (cancel(&job), job)).await?;
    waits.ended.wait().await;
    log.line(format_args!("A cancel -> {} done {}", py(answer), py(job.done())));
    Ok(())
}

async fn in_order(log: &Log) -> Result<(), Miss> {
    let (handle, runs) = (Loop::current().handle(), log.clone());
    let saying = |words: &'static str| {
        let log = log.clone();
        move || log.line(words)
    };
    handle.call_soon_threadsafe(saying("call 1"))?;
    let job = handle.try_submit(pinned(async move || {
        runs.line("B runs");
        40 + 2
    }));
    let job = job.map_err(|rejected| rejected.why)?;
    handle.call_soon_threadsafe(saying("call 2"))?;
    let (ended, end) = std::sync::mpsc::channel::<()>();
    job.on_done(move || drop(ended));
    // Nothing is ever sent: it goes when the job is done.
    to_thread(move || end.recv().is_ok()).await?;
    let late = cancel(&job);
    log.line(format_args!("B -> {} {}", job.await?, py(late)));
    Ok(())
}

async fn ends(log: &Log) -> Result<(), Miss> {
    let outcome = |job: Job<()>| {
        to_thread(move || match job.wait() {
            Ok(()) => "None".to_owned(),
            Err(JobError::Cancelled { .. }) => "cancelled".to_owned(),
            Err(JobError::Panicked(panic)) => panic.message().to_owned(),
            Err(other) => other.to_string(),
        })
    };
    let (handle, gives_up) = (Loop::current().handle(), log.clone());
    let job = handle.try_submit(pinned(async move || {
        gives_up.line("C cancels itself");
        if let Some(task) = current_task() {
            task.cancel("by itself");
        }
        turns(1).await;
        gives_up.line("C NOT REACHED");
    }));
    log.line(format_args!("C -> {}", outcome(job.map_err(|rejected| rejected.why)?).await?));
    let job = handle.try_submit(pinned(async || {
        turns(1).await;
        quiet_panic("ValueError");
    }));
    log.line(format_args!("D -> {}", outcome(job.map_err(|rejected| rejected.why)?).await?));
    Ok(())
}

async fn too_slow(log: &Log) -> Result<(), Miss> {
    let (waits, handle) = (Waits::new(log, "E"), Loop::current().handle());
    let given = waits.clone();
    let answer = to_thread(move || {
        let mut job = given.give(&handle)?;
        // Only what has started says that it was cancelled.
        contract::block_on(given.started.wait());
        let early = job.wait_timeout(MS * 20).is_none();
        Ok::<_, Miss>((early, job.done(), cancel(&job)))
    });
    let (early, done, cancelled) = answer.await??;
    waits.ended.wait().await;
    if early {
        log.line(format_args!("E -> too slow {} {}", py(done), py(cancelled)));
    }
    Ok(())
}
