//! `20_contexts.py`.

use super::{Log, MS, quoted, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::{Loops, turns};
use crate::{Miss, Subject};
use core_loop::{Context, Future, Loop, TaskLocal, current_task, outside, sleep, spawn, to_thread};
use std::fmt;
use std::sync::Arc;
use sync_primitives::Event;

static VAR: TaskLocal<&str> = TaskLocal::new();

fn var() -> &'static str {
    VAR.get().unwrap_or("nothing")
}

/// Prints what is seen here.
fn seen(log: &Log, place: impl fmt::Display) {
    let task = current_task().map_or_else(|| "no task".to_owned(), |task| task.name());
    log.line(format_args!("{place} sees {} in {task}", var()));
}

/// A callback that does it.
fn seeing(log: &Log, place: impl fmt::Display + 'static) -> impl FnOnce() + 'static {
    let log = log.clone();
    move || seen(&log, place)
}

pub(crate) fn contexts(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("20_contexts"), async |log| {
        callbacks(&log).await?;
        tasks(&log).await;
        nested(&log).await;
        threads(&log).await?;
        let chosen = Context::current();
        let three = chosen.scope(async {
            VAR.set("chosen");
            spawn(child(log.clone(), "three")).named("three").await
        });
        three.await?;
        seen(&log, "main");
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn callbacks(log: &Log) -> Result<(), Miss> {
    let lp = Loop::current();
    lp.call_soon(seeing(log, "soon, before the set"));
    VAR.set("main");
    lp.call_soon(seeing(log, "soon, after the set"));
    let future = Future::new();
    future.add_done_callback(seeing(log, "done-callback"));
    VAR.set("main again");
    future.set_result(())?;
    turns(2).await;
    seen(log, "main");
    Ok(())
}

async fn tasks(log: &Log) {
    let mut one = spawn(child(log.clone(), "one")).named("one");
    VAR.set("between");
    let mut two = spawn(child(log.clone(), "two")).named("two");
    wait([&mut one, &mut two]).await;
    seen(log, "main");
}

async fn child(log: Log, name: &'static str) {
    seen(&log, format_args!("{name}: first step"));
    VAR.set(name);
    turns(1).await;
    seen(&log, format_args!("{name}: second step"));
    Loop::current().call_soon(seeing(&log, format!("{name}: callback")));
    let inside = log.clone();
    let leaf = spawn(async move {
        seen(&inside, format_args!("{name}: leaf"));
        VAR.set("leaf");
        turns(1).await;
    });
    wait([&mut leaf.named(format!("{name}.leaf"))]).await;
    seen(&log, format_args!("{name}: last step"));
}

async fn nested(log: &Log) {
    let inside = log.clone();
    Loop::current().call_soon(move || {
        seen(&inside, "callback");
        VAR.set("callback");
        Loop::current().call_soon(seeing(&inside, "callback of a callback"));
    });
    turns(2).await;
    Loop::current().call_later(MS * 20, seeing(log, "timer"));
    VAR.set("after the timer was set");
    sleep(MS * 40).await;
}

async fn threads(log: &Log) -> Result<(), Miss> {
    let (before, after) = to_thread(|| {
        let before = var();
        VAR.set("thread");
        (before, var())
    })
    .await?;
    log.line(format_args!("to_thread ({}, {})", quoted(before), quoted(after)));
    seen(log, "main");
    let woken = Arc::new(Event::new());
    let (handle, called, set) = (Loop::current().handle(), log.clone(), woken.clone());
    let outside = outside();
    let thread = std::thread::spawn(move || {
        let _outside = outside;
        handle.call_soon_threadsafe(move || {
            seen(&called, "called by a thread");
            set.set();
        })
    });
    woken.wait().await;
    thread.join().map_err(|_| Miss::Fail("the other thread panicked".to_owned()))??;
    Ok(())
}
