//! `02_task_cancellation.py`.

use super::{LONG, Log, MS, py, recorded, replay};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{Cancelled, JoinError, Task, cancellable, finally, sleep, spawn, spawn_cooperative};
use std::rc::Rc;
use sync_primitives::Event;

/// The text that a worker gives, or the name of an exception.
type Output = Result<&'static str, &'static str>;

pub(crate) fn task_cancellation(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("02_task_cancellation"), async |log| {
        let mut task = spawn(dropped(log.clone(), "early", false));
        log.line(format_args!("cancel early -> {}", py(task.cancel("early"))));
        log.line(format_args!("early: {}", outcome(&mut task).await.0));
        for mode in ["plain", "cleanup"] {
            let mut task = spawn(dropped(log.clone(), mode, mode == "cleanup"));
            requested(&log, mode, &mut task, false).await;
        }
        for mode in ["swallow", "fail"] {
            let mut task = spawn_cooperative(asked(log.clone(), mode, mode));
            requested(&log, mode, &mut task, mode == "swallow").await;
        }
        let inner = spawn_cooperative(asked(log.clone(), "inner", "plain"));
        let watched = inner.any();
        let mut outer = spawn_cooperative(chain(log.clone(), inner));
        sleep(MS * 10).await;
        outer.cancel("outer");
        let (outcome, _) = outcome(&mut outer).await;
        // Its one request was not taken back: it ended by it.
        let cancelled = watched.done() && watched.cancelling() == 1;
        log.line(format_args!("outer: {outcome} inner cancelled() {}", py(cancelled)));
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn requested(log: &Log, mode: &'static str, task: &mut Task<Output>, twice: bool) {
    sleep(MS * 10).await;
    let cancels = [format!("cancel {mode}"), "cancel again".to_owned()];
    for words in &cancels[..=usize::from(twice)] {
        let (cancel, requests) = (py(task.cancel(mode)), task.any().cancelling());
        log.line(format_args!("{words} -> {cancel} requests {requests}"));
    }
    let (outcome, cancelled) = outcome(task).await;
    let (cancelled, again) = (py(cancelled), py(task.cancel("when done")));
    log.line(format_args!("{mode}: {outcome} | cancelled() {cancelled} | cancel when done {again}"));
}

/// In the mode of dropping: Python's `except CancelledError` is here a clean-up that finds the body unfinished.
async fn dropped(log: Log, name: &'static str, cleans_up: bool) -> Output {
    log.line(format_args!("{name} start"));
    let cleaning = log.clone();
    finally(
        false,
        async |reached: &mut bool| {
            sleep(LONG).await;
            log.line(format_args!("{name} NOT REACHED"));
            *reached = true;
        },
        async move |reached: bool| {
            if !reached {
                cleaning.line(format_args!("{name} sees cancel"));
                if cleans_up {
                    sleep(MS * 10).await;
                    cleaning.line(format_args!("{name} async cleanup done"));
                }
            }
            cleaning.line(format_args!("{name} finally"));
        },
    )
    .await;
    Ok("")
}

/// In the cooperative mode: it may also swallow the request, and fail in another way.
async fn asked(log: Log, name: &'static str, mode: &'static str) -> Result<Output, Cancelled> {
    log.line(format_args!("{name} start"));
    let slept = cancellable(sleep(LONG)).await;
    log.line(format_args!("{name} {}", if slept.is_err() { "sees cancel" } else { "NOT REACHED" }));
    if mode == "swallow" {
        sleep(MS * 10).await;
        log.line(format_args!("{name} swallowed it"));
    }
    log.line(format_args!("{name} finally"));
    match mode {
        "swallow" => Ok(Ok("survived")),
        "fail" => Ok(Err("ValueError")),
        _ => slept.map(|()| Ok("")),
    }
}

/// What came of a task, and whether it was a cancel.
async fn outcome(task: &mut Task<Output>) -> (String, bool) {
    match task.await {
        Ok(Ok(value)) => (format!("value {value}"), false),
        Ok(Err(exception)) => (format!("error {exception}"), false),
        Err(JoinError::Cancelled(_)) => ("cancelled".to_owned(), true),
        Err(other) => (other.to_string(), false),
    }
}

/// The cancel goes on to the task that it awaits; this goes on when that has ended.
async fn chain(log: Log, task: Task<Output>) -> Result<Output, Cancelled> {
    let ended = Rc::new(Event::new());
    let set = ended.clone();
    task.any().add_done_callback(move |_| set.set());
    let outcome = cancellable(task).await;
    ended.wait().await;
    if outcome.is_err() {
        log.line("chain: cancel went through the awaited task");
    }
    outcome.map(|outcome| outcome.unwrap_or(Ok("another outcome")))
}
