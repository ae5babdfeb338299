//! `12_wait_as_completed.py`.

use super::{LONG, Log, MS, cancelled, list, names, py, quoted, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{
    Future, JoinError, Loop, ReturnWhen, Task, as_completed, sleep, spawn, try_gather, yield_now,
};
use std::time::Duration;

/// What a job gives: its name, or the name of an exception.
type Output = Result<&'static str, &'static str>;

pub(crate) fn wait_as_completed(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("12_wait_as_completed"), async |log| {
        in_one_turn(&log).await?;
        modes(&log).await;
        timeouts(&log).await;
        cancelled_waiter(&log).await?;
        completed(&log).await?;
        completed_until_the_timeout(&log).await?;
        cancelled_child(&log).await?;
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn in_one_turn(log: &Log) -> Result<(), Miss> {
    let mut futures = [Future::new(), Future::new(), Future::new()];
    let [x, _, z] = futures.clone();
    Loop::current().call_soon(move || drop((z.set_result("z"), x.set_result("x"))));
    let waited = core_loop::wait(&mut futures, ReturnWhen::FIRST_COMPLETED).await;
    let mut results = Vec::new();
    for future in &waited.done {
        results.push(quoted(future.result()?));
    }
    log.line(format_args!("in one turn {} {}", list(results), waited.pending.len()));
    Ok(())
}

async fn modes(log: &Log) {
    let mut tasks = [mk(log, "a", 2, Some("OSError")), mk(log, "b", 9, None), mk(log, "c", 9, None)];
    tasks[2].cancel("before it began");
    let waited = core_loop::wait(&mut tasks, ReturnWhen::FIRST_EXCEPTION).await;
    log.line(format_args!("first exception {} {}", names(&waited.done), names(&waited.pending)));
    let waited = core_loop::wait(waited.pending, ReturnWhen::ALL_COMPLETED).await;
    log.line(format_args!("the rest {} {}", names(&waited.done), names(&waited.pending)));
    let waited = core_loop::wait(&mut tasks, ReturnWhen::FIRST_EXCEPTION).await;
    log.line(format_args!("all done before {} {}", names(&waited.done), names(&waited.pending)));
}

async fn timeouts(log: &Log) {
    let never = spawn(async {
        sleep(LONG).await;
        Ok("never")
    });
    let mut tasks = [never.named("never"), mk(log, "e", 1, None)];
    let waited = core_loop::wait(&mut tasks, ReturnWhen::ALL_COMPLETED).timeout(MS * 20).await;
    let (done, pending) = (names(&waited.done), names(&waited.pending));
    log.line(format_args!("timeout {done} {pending} {}", py(tasks[0].done())));
    let waited = core_loop::wait(&mut tasks[..1], ReturnWhen::ALL_COMPLETED).timeout(Duration::ZERO).await;
    let (done, pending) = (names(&waited.done), names(&waited.pending));
    log.line(format_args!("no time {done} {pending} {}", py(tasks[0].done())));
    tasks[0].cancel("at last");
}

async fn cancelled_waiter(log: &Log) -> Result<(), Miss> {
    let f = eventual(log, "f", 9);
    let mut handle = f.clone();
    let mut waiting =
        spawn(async move { drop(core_loop::wait([&mut handle], ReturnWhen::ALL_COMPLETED).await) });
    yield_now().await;
    yield_now().await;
    waiting.cancel("enough");
    if cancelled(&wait([&mut waiting]).await[0]) {
        log.line(format_args!("waiter cancelled, f done {}", py(f.done())));
    }
    log.line(format_args!("f -> {}", f.await?.unwrap_or("an exception")));
    Ok(())
}

async fn completed(log: &Log) -> Result<(), Miss> {
    let mut order = Vec::new();
    let mut tasks = as_completed([mk(log, "g", 9, None), mk(log, "h", 1, None), mk(log, "i", 5, None)]);
    while let Some(task) = tasks.next().await {
        let name = task.name();
        if task.await? == Ok(name.as_str()) {
            order.push(quoted(&name));
        }
    }
    log.line(format_args!("as completed {}", list(order)));
    Ok(())
}

async fn completed_until_the_timeout(log: &Log) -> Result<(), Miss> {
    let slow = spawn(async {
        sleep(MS * 60).await;
        Ok("slow")
    });
    let mut order = Vec::new();
    let mut tasks = as_completed([slow, mk(log, "j", 2, None)]).timeout(MS * 20);
    while let Some(Ok(task)) = tasks.next().await {
        order.extend(task.await?.map(quoted));
    }
    for slow in tasks.into_pending() {
        let done = py(slow.done());
        log.line(format_args!("as completed until the timeout {} {done}", list(&order)));
        log.line(format_args!("the slow one -> {}", slow.await?.unwrap_or("an exception")));
    }
    Ok(())
}

async fn cancelled_child(log: &Log) -> Result<(), Miss> {
    let (k, l) = (mk(log, "k", 20, None), eventual(log, "l", 6));
    yield_now().await;
    k.cancel("one child");
    if let Err(JoinError::Cancelled(_)) = try_gather((k, l.clone())).await? {
        log.line("gather: a child was cancelled, not the awaiter");
    }
    log.line(format_args!("l -> {}", l.await?.unwrap_or("an exception")));
    Ok(())
}

/// A job that is awaited in several places, which a task cannot be.
fn eventual(log: &Log, name: &'static str, turns: usize) -> Future<Output> {
    let (job, future) = (mk(log, name, turns, None), Future::new());
    let set = future.clone();
    spawn(async move {
        if let Ok(output) = job.await {
            let _late = set.set_result(output);
        }
    })
    .detach();
    future
}

fn mk(log: &Log, name: &'static str, turns: usize, exception: Option<&'static str>) -> Task<Output> {
    let log = log.clone();
    let job = async move {
        let except = log.on_cancel(format_args!("{name} cancelled"));
        for _ in 0..turns {
            yield_now().await;
        }
        except.ended();
        log.line(format_args!("{name} done"));
        exception.map_or(Ok(name), Err)
    };
    spawn(job).named(name)
}
