//! `02_task_cancellation.py`.

use super::{LONG, Log, MS, py, recorded, replay};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{JoinError, Task, finally, sleep, spawn};

pub(crate) fn task_cancellation(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("02_task_cancellation"), async |log| {
        let mut task = spawn(worker(log.clone(), "early", false));
        log.line(format_args!("cancel early -> {}", py(task.cancel("early"))));
        log.line(format_args!("early: {}", outcome(&mut task).await));
        for mode in ["plain", "cleanup"] {
            let mut task = spawn(worker(log.clone(), mode, mode == "cleanup"));
            sleep(MS * 10).await;
            log.line(format_args!("cancel {mode} -> {}", py(task.cancel(mode))));
            let outcome = outcome(&mut task).await;
            let (done, again) = (py(task.done()), py(task.cancel("when done")));
            log.line(format_args!("{mode}: {outcome} | done {done} | cancel when done {again}"));
        }
        let inner = spawn(worker(log.clone(), "inner", false));
        let mut outer = spawn(chain(log.clone(), inner));
        sleep(MS * 10).await;
        outer.cancel("outer");
        log.line(format_args!("outer: {}", outcome(&mut outer).await));
        Ok::<_, Miss>(None::<&str>)
    })
}

/// Python's `except CancelledError` is here a clean-up that finds the body unfinished.
async fn worker(log: Log, name: &'static str, cleans_up: bool) {
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
}

async fn outcome(task: &mut Task<()>) -> String {
    match task.await {
        Ok(()) => "value None".to_owned(),
        Err(JoinError::Cancelled(_)) => "cancelled".to_owned(),
        Err(other) => other.to_string(),
    }
}

async fn chain(log: Log, task: Task<()>) {
    let _outcome = task.await;
    log.line("chain NOT REACHED");
}
