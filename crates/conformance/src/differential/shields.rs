//! `19_shields.py`.

use super::{Log, cancelled, py, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::{Loops, turns};
use crate::{Miss, Subject};
use core_loop::{
    Future, JoinError, Loop, Task, Waitable, cancellable, shield, spawn, spawn_cooperative, timeout,
};
use std::rc::Rc;
use std::time::Duration;

pub(crate) fn shields(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("19_shields"), async |log| {
        of_two(&log).await?;
        nested(&log).await?;
        tied(&log).await?;
        patient(&log).await;

        let mut job = spawn(work(log.clone(), "slow", 30));
        if timeout(Duration::ZERO, (&mut job).shield()).await.is_err() {
            log.line(format_args!("timed out around a shield, slow done {}", py(job.done())));
        }
        job.cancel("at last");
        log.line(format_args!("slow cancelled {}", py(cancelled(&wait([&mut job]).await[0]))));
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn of_two(log: &Log) -> Result<(), Miss> {
    let future = Future::new();
    let [mut one, mut two] =
        ["one", "two"].map(|name| spawn(awaits(log.clone(), name, future.clone().shield())));
    turns(2).await;
    one.cancel("one of two");
    wait([&mut one]).await;
    log.line(format_args!("one gone, the future cancelled {}", py(future.cancelled())));
    future.set_result("a value")?;
    wait([&mut two]).await;

    let future = Future::<&str>::new();
    let [mut three, mut four] =
        ["three", "four"].map(|name| spawn(awaits(log.clone(), name, future.clone().shield())));
    turns(2).await;
    log.line(format_args!("inner cancel -> {}", py(future.cancel("inside"))));
    wait([&mut three, &mut four]).await;
    Ok(())
}

async fn nested(log: &Log) -> Result<(), Miss> {
    let inner = eventual(log, "inner", 12);
    let both = shield(inner.clone().shield());
    let mut nested = spawn(awaits(log.clone(), "nested", async { both.await.flatten() }));
    turns(2).await;
    nested.cancel("outside of both");
    wait([&mut nested]).await;
    log.line(format_args!("inner done {}", py(inner.done())));
    log.line(format_args!("inner -> {}", inner.await?));
    Ok(())
}

async fn tied(log: &Log) -> Result<(), Miss> {
    let future = Future::new();
    let tied = Rc::new(spawn(awaits(log.clone(), "tied", future.clone().shield())));
    turns(2).await;
    let (set, cancel) = (future.clone(), tied.clone());
    Loop::current().call_soon(move || drop((set.set_result("kept"), cancel.cancel("in the same turn"))));
    turns(1).await;
    if let Some(mut tied) = Rc::into_inner(tied) {
        let cancelled = py(cancelled(&wait([&mut tied]).await[0]));
        log.line(format_args!("tied cancelled {cancelled} the future {}", future.result()?));
    }
    Ok(())
}

/// Python's `except CancelledError` with an await in it is here a cooperative task.
async fn patient(log: &Log) {
    let (job, said) = (eventual(log, "job", 8), log.clone());
    let awaited = job.clone();
    let mut waiting = spawn_cooperative(async move {
        let shielded = cancellable(awaited.clone().shield()).await;
        if shielded.is_err() {
            said.line("patient: cancelled, but waits");
            said.line(format_args!("patient: got {}", awaited.await.unwrap_or("nothing")));
        }
        shielded.map(drop)
    });
    turns(2).await;
    log.line(format_args!("cancel -> {}", py(waiting.cancel("enough"))));
    let cancelled = py(cancelled(&wait([&mut waiting]).await[0]));
    log.line(format_args!("patient cancelled {cancelled} job {}", py(job.done())));
}

/// A job that is awaited in several places, which a task cannot be.
fn eventual(log: &Log, name: &'static str, count: usize) -> Future<&'static str> {
    let (job, future): (Task<_>, _) = (spawn(work(log.clone(), name, count)), Future::new());
    let set = future.clone();
    spawn(async move { job.await.map(|name| drop(set.set_result(name))) }).detach();
    future
}

async fn work(log: Log, name: &'static str, count: usize) -> &'static str {
    let except = log.on_cancel(format_args!("{name} cancelled"));
    turns(count).await;
    except.ended();
    log.line(format_args!("{name} done"));
    name
}

async fn awaits(
    log: Log,
    name: &'static str,
    shield: impl std::future::Future<Output = Result<&'static str, JoinError>>,
) -> Result<(), JoinError> {
    let except = log.on_cancel(format_args!("{name} cancelled"));
    let output = shield.await?;
    except.ended();
    log.line(format_args!("{name} got {output}"));
    Ok(())
}
