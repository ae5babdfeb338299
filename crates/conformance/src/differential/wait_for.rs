//! `13_wait_for.py`.

use super::{Log, MS, cancelled, py, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{Future, Loop, Task, Waitable, finally, sleep, spawn, yield_now};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn wait_for(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("13_wait_for"), async |log| {
        let worker = |name, duration, result| spawn(worker(log.clone(), name, duration, result));
        let limited = |name, handle, limit| limited(log.clone(), name, handle, limit);
        limited("A", worker("A", SECOND, ""), MS * 20).await;
        limited("B", worker("B", MS * 20, "in time"), SECOND).await;
        limited("C", worker("C", SECOND, ""), Duration::ZERO).await;
        let mut done = worker("D", Duration::ZERO, "done before");
        core_loop::wait([&mut done], core_loop::ReturnWhen::ALL_COMPLETED).await;
        limited("D", done, Duration::ZERO).await;
        in_one_turn(subject, &log).await?;
        cancels(&log).await;

        let mut inner = worker("H", MS * 60, "shielded");
        limited_by(&log, "H", (&mut inner).shield(), MS * 20).await;
        log.line(format_args!("H done {}", py(inner.done())));
        log.line(format_args!("H -> {}", inner.await?));

        let future = Future::<&str>::new();
        limited_by(&log, "I", future.clone(), MS * 10).await;
        log.line(format_args!("I cancelled {}", py(future.cancelled())));
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn in_one_turn(subject: &Subject<Loops>, log: &Log) -> Result<(), Miss> {
    let (lp, future) = (Loop::current(), Future::new());
    let (late, armed) = (future.clone(), lp.clone());
    lp.call_soon(move || {
        armed.call_later(MS * 10, move || drop(late.set_result("too late")));
    });
    let blocking = subject.clone();
    lp.call_soon(move || blocking.let_time_pass(MS * 40));
    limited_by(log, "E", future.clone(), MS * 20).await;
    log.line(format_args!("E keeps its value {}", future.result()?));

    let future = Future::new();
    let (awaited, said) = (future.clone(), log.clone());
    let waiting = spawn(async move { limited_by(&said, "F", awaited, SECOND).await });
    let waiting = Rc::new(waiting);
    yield_now().await;
    let (set, cancel) = (future.clone(), waiting.clone());
    lp.call_soon(move || drop((set.set_result("just done"), cancel.cancel("in the same turn"))));
    yield_now().await;
    if let Some(mut waiting) = Rc::into_inner(waiting) {
        let cancelled = py(cancelled(&wait([&mut waiting]).await[0]));
        log.line(format_args!("F cancelled {cancelled} | the future keeps its value {}", future.result()?));
    }
    Ok(())
}

async fn cancels(log: &Log) {
    let slot = Rc::new(RefCell::new(None));
    let mut inner = Lent { task: Some(spawn(worker(log.clone(), "G", SECOND, ""))), back: slot.clone() };
    let said = log.clone();
    let mut waiting = spawn(async move {
        if let Some(inner) = &mut inner.task {
            limited_by(&said, "G", inner, SECOND).await;
        }
    });
    sleep(MS * 10).await;
    waiting.cancel("both");
    let waiting = cancelled(&wait([&mut waiting]).await[0]);
    let mut inner = slot.take();
    let inner = wait(&mut inner).await.iter().all(cancelled);
    log.line(format_args!("G cancelled {} | inner {}", py(waiting), py(inner)));
}

/// A handle that comes back when whoever borrowed it is dropped.
struct Lent<T: 'static> {
    task: Option<Task<T>>,
    back: Rc<RefCell<Option<Task<T>>>>,
}

impl<T: 'static> Drop for Lent<T> {
    fn drop(&mut self) {
        self.back.replace(self.task.take());
    }
}

async fn limited(log: Log, name: &str, handle: Task<&'static str>, limit: Duration) {
    limited_by(&log, name, handle, limit).await;
}

async fn limited_by(log: &Log, name: &str, handle: impl Waitable<Value = &'static str>, limit: Duration) {
    match core_loop::wait_for(limit, handle).await {
        Ok(Ok(result)) => log.line(format_args!("{name} -> {result}")),
        Ok(Err(error)) => log.line(format_args!("{name} failed: {error}")),
        Err(_) => log.line(format_args!("{name} timed out")),
    }
}

/// Python's `except CancelledError` with an await in it is here a clean-up that finds the body unfinished.
async fn worker(log: Log, name: &'static str, duration: Duration, result: &'static str) -> &'static str {
    log.line(format_args!("{name} start"));
    let cleaning = log.clone();
    finally(
        false,
        async |ended: &mut bool| {
            sleep(duration).await;
            log.line(format_args!("{name} end"));
            *ended = true;
            result
        },
        async move |ended: bool| {
            if !ended {
                cleaning.line(format_args!("{name} cancelled"));
                sleep(MS * 20).await;
                cleaning.line(format_args!("{name} cleaned up"));
            }
        },
    )
    .await
}
