//! `18_eager_tasks.py`.

use super::{LONG, Log, cancelled, list, py, quoted, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::{Loops, quiet_panic};
use crate::{Miss, Subject};
use core_loop::{JoinError, Loop, TaskLocal, current_task, gather, sleep, spawn, spawn_eager, yield_now};

static VAR: TaskLocal<String> = TaskLocal::new();

/// The name of the current task: the number of its spawn, as there.
fn current() -> String {
    current_task().map_or_else(|| "no task".to_owned(), |task| task.name())
}

fn var() -> String {
    VAR.get().unwrap_or_else(|| "nothing".to_owned())
}

pub(crate) fn eager_tasks(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("18_eager_tasks"), async |log| {
        VAR.set("main".to_owned());
        spawns(&log).await?;
        fails(&log).await;
        cancels(&log).await;
        let gathered =
            gather(vec![spawn_eager(inline(log.clone())), spawn_eager(waits(log.clone(), 1))]).await?;
        let outputs = gathered.into_iter().collect::<Result<Vec<_>, _>>()?;
        log.line(format_args!("gather {}", list(outputs.iter().map(|output| quoted(output)))));
        log.line(format_args!("main at last {} {}", current(), var()));
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn spawns(log: &Log) -> Result<(), JoinError> {
    Loop::current().call_soon(log.printing("soon: after all first steps"));
    let task = spawn_eager(inline(log.clone()));
    let (done, cancel) = (py(task.done()), py(task.cancel("late")));
    log.line(format_args!("done {done} cancel -> {cancel} -> {}", task.await?));
    let (first, second) = (spawn_eager(waits(log.clone(), 2)), spawn_eager(waits(log.clone(), 1)));
    let late = spawn(waits(log.clone(), 0));
    log.line(format_args!("spawned, main has {} {} {}", var(), py(first.done()), py(second.done())));
    log.line(format_args!("{} {} {}", first.await?, second.await?, late.await?));
    spawn_eager(nests(log.clone())).await?
}

async fn inline(log: Log) -> String {
    log.line(format_args!("inline: runs in the spawn as {}", current()));
    "at once".to_owned()
}

async fn waits(log: Log, turns: usize) -> String {
    log.line(format_args!("{} begins with {}", current(), var()));
    VAR.set(current());
    for _ in 0..turns {
        yield_now().await;
    }
    log.line(format_args!("{} goes on with {}", current(), var()));
    current()
}

async fn nests(log: Log) -> Result<(), JoinError> {
    log.line(format_args!("outer begins as {}", current()));
    let inner = spawn_eager(waits(log.clone(), 1));
    let (name, done) = (current(), py(inner.done()));
    log.line(format_args!("outer again as {name} with {} inner done {done}", var()));
    log.line(format_args!("outer got {}", inner.await?));
    Ok(())
}

async fn fails(log: &Log) {
    let failing = log.clone();
    let task = spawn_eager(async move {
        failing.line("fails at once");
        quiet_panic("in the first step");
    });
    log.line(format_args!("failed, done {}", py(task.done())));
    if let Err(JoinError::Panicked(panic)) = task.await {
        log.line(format_args!("awaited: {}", panic.message()));
    }
}

async fn cancels(log: &Log) {
    let (itself, other) = (log.clone(), log.clone());
    let mut itself = spawn_eager(async move {
        let asked = current_task().is_some_and(|task| task.cancel("by itself"));
        itself.line(format_args!("cancels itself -> {}", py(asked)));
        yield_now().await;
        itself.line("NOT REACHED");
    });
    ended(log, "itself", &mut itself).await;
    let mut other = spawn_eager(async move {
        let _except = other.on_cancel("sees its cancel");
        sleep(LONG).await;
    });
    other.cancel("from outside");
    ended(log, "other", &mut other).await;
}

async fn ended(log: &Log, name: &str, task: &mut core_loop::Task<()>) {
    log.line(format_args!("{name} done {}", py(task.done())));
    if cancelled(&wait([task]).await[0]) {
        log.line(format_args!("{name} cancelled"));
    }
}
