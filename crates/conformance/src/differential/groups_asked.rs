//! `23_groups_asked.py`.

use super::{LONG, Log, MS, cancelled, list, py, quoted, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{
    Cancelled, GroupError, TaskGroup, TimeoutScope, cancellable, current_task, sleep, spawn_cooperative,
    timeout_scope_cooperative,
};
use std::cell::RefCell;
use std::time::Duration;

type Failure = &'static str;
type Outcome = Result<(), GroupError<Failure>>;

pub(crate) fn groups_asked(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("23_groups_asked"), async |log| {
        spawn_cooperative(uncancelled(log.clone())).await?;
        let mut task = spawn_cooperative(cancelled_group(log.clone()));
        sleep(MS * 20).await;
        task.cancel("");
        log.line(format_args!("B cancelled {}", py(cancelled(&wait([&mut task]).await[0]))));
        spawn_cooperative(timeout_around_group(log.clone())).await?;
        let mut task = spawn_cooperative(handled(log.clone()));
        sleep(MS * 20).await;
        task.cancel("");
        log.line(format_args!("handled cancelled {}", py(cancelled(&wait([&mut task]).await[0]))));
        Ok::<_, Miss>(None::<&str>)
    })
}

/// `current_task().cancelling()`.
fn count() -> u32 {
    current_task().map_or(0, |task| task.cancelling())
}

async fn interrupted(log: &Log, name: &str) -> Result<(), Cancelled> {
    let slept = cancellable(sleep(LONG)).await;
    if slept.is_err() {
        log.line(format_args!("{name} interrupted, {} asked", count()));
    }
    slept
}

async fn fails(log: Log, duration: Duration, name: Failure) -> Result<(), Failure> {
    sleep(duration).await;
    log.line(format_args!("{name} fails"));
    Err(name)
}

async fn fails_in_clean_up(log: Log, name: Failure) -> Result<Result<(), Failure>, Cancelled> {
    if cancellable(sleep(LONG)).await.is_ok() {
        return Ok(Ok(()));
    }
    sleep(MS * 20).await;
    log.line(format_args!("{name} fails in its clean-up"));
    Ok(Err(name))
}

/// `except* OSError`.
fn tell(log: &Log, outcome: Outcome, rest: &str) {
    if let Err(error) = outcome {
        log.line(format_args!("{} {} left{rest}", list(error.into_iter().map(quoted)), count()));
    }
}

async fn next_await(log: &Log) {
    log.line(match cancellable(sleep(Duration::ZERO)).await {
        Ok(()) => "the next await goes well",
        Err(_) => "the next await is cancelled",
    });
}

async fn uncancelled(log: Log) -> Result<(), Cancelled> {
    body_fails(&log).await?;
    nested(&log).await
}

async fn body_fails(log: &Log) -> Result<(), Cancelled> {
    let outcome = TaskGroup::scope_cooperative(async |group| {
        group.spawn(fails(log.clone(), MS * 20, "A"));
        if interrupted(log, "body of A").await.is_ok() {
            return Ok(Ok(()));
        }
        sleep(MS * 20).await;
        Ok(Err("the body"))
    });
    tell(log, outcome.await?, "");
    next_await(log).await;
    Ok(())
}

async fn nested(log: &Log) -> Result<(), Cancelled> {
    let outer = TaskGroup::scope_cooperative(async |outer| {
        outer.spawn(fails(log.clone(), Duration::ZERO, "outer"));
        let inner = TaskGroup::scope_cooperative(async |inner| {
            inner.spawn(fails(log.clone(), Duration::ZERO, "inner"));
            interrupted(log, "inner body").await.map(Ok)
        });
        tell(log, inner.await?, "");
        interrupted(log, "outer body").await.map(Ok)
    });
    tell(log, outer.await?, "");
    next_await(log).await;
    Ok(())
}

async fn group_of(log: &Log, name: Failure, body: &str) -> Result<Outcome, Cancelled> {
    TaskGroup::scope_cooperative(async |group| {
        group.spawn_cooperative(fails_in_clean_up(log.clone(), name));
        interrupted(log, body).await.map(Ok)
    })
    .await
}

async fn cancelled_group(log: Log) -> Result<(), Cancelled> {
    tell(&log, group_of(&log, "B", "body of B").await?, "");
    next_await(&log).await;
    next_await(&log).await;
    Ok(())
}

async fn timeout_around_group(log: Log) -> Result<(), Cancelled> {
    let seen: RefCell<Option<TimeoutScope>> = RefCell::default();
    let outcome = timeout_scope_cooperative(MS * 20, async |scope| {
        seen.replace(Some(scope));
        group_of(&log, "C", "body of C").await
    });
    if let Ok(outcome) = outcome.await? {
        let expired = seen.take().is_some_and(|scope| scope.expired());
        tell(&log, outcome, &format!(", expired {}", py(expired)));
    }
    next_await(&log).await;
    Ok(())
}

async fn handled(log: Log) -> Result<(), Cancelled> {
    let slept = interrupted(&log, "handled").await;
    if slept.is_err() {
        let limited =
            timeout_scope_cooperative(MS * 20, async |_| interrupted(&log, "in the clean-up").await);
        if limited.await?.is_err() {
            log.line(format_args!("timeout in the clean-up, {} left", count()));
        }
    }
    slept
}
