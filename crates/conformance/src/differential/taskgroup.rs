//! `04_taskgroup.py`.

use super::{Log, MS, cancelled, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{ChildError, GroupError, TaskGroup, finally, sleep, spawn};
use std::fmt;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn taskgroup(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("04_taskgroup"), async |log| {
        guarded(&log, "both_ok", both_ok(log.clone()).await);
        guarded(&log, "child_fails", child_fails(log.clone()).await);
        guarded(&log, "body_fails", body_fails(log.clone()).await);
        guarded(&log, "nested", nested(log.clone()).await);
        let mut task = spawn(nested(log.clone()));
        sleep(MS * 5).await;
        task.cancel("");
        if cancelled(&wait([&mut task]).await[0]) {
            log.line("external cancel -> CancelledError");
        }
        Ok::<_, Miss>(None::<&str>)
    })
}

/// `tree(e)`: the name of an exception, or those in a group.
enum Tree {
    Leaf(&'static str),
    Group(Vec<Self>),
}

impl From<GroupError<Self>> for Tree {
    fn from(error: GroupError<Self>) -> Self {
        Self::Group(error.into_iter().collect())
    }
}

impl From<ChildError> for Tree {
    fn from(_: ChildError) -> Self {
        Self::Leaf("CancelledError")
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(name) => write!(f, "'{name}'"),
            Self::Group(trees) => f.write_str(&super::list(trees)),
        }
    }
}

fn guarded(log: &Log, title: &str, outcome: Result<&'static str, Tree>) {
    match outcome {
        Ok(value) => log.line(format_args!("{title} -> ok {value}")),
        Err(tree) => log.line(format_args!("{title} -> {tree}")),
    }
}

/// Gives its name, or the name of an exception.
async fn child(
    log: Log,
    name: &'static str,
    duration: Duration,
    exception: Option<&'static str>,
    clean_up: Duration,
) -> Result<&'static str, Tree> {
    log.line(format_args!("{name} start"));
    let cleaning = log.clone();
    finally(
        false,
        async |slept: &mut bool| {
            sleep(duration).await;
            *slept = true;
        },
        async move |slept: bool| {
            if !slept {
                sleep(clean_up).await;
                cleaning.line(format_args!("{name} cancelled"));
            }
        },
    )
    .await;
    log.line(format_args!("{name} {}", if exception.is_some() { "raises" } else { "end" }));
    exception.map_or(Ok(name), |exception| Err(Tree::Leaf(exception)))
}

async fn both_ok(log: Log) -> Result<&'static str, Tree> {
    let (a, b) = TaskGroup::<Tree>::scope(async |group| {
        let a = group.spawn(child(log.clone(), "a", MS * 40, None, MS));
        Ok((a, group.spawn(child(log.clone(), "b", MS * 20, None, MS))))
    })
    .await?;
    Ok(if (a.await?, b.await?) == ("a", "b") { "ab" } else { "other results" })
}

async fn child_fails(log: Log) -> Result<&'static str, Tree> {
    let group = TaskGroup::scope(async |group| {
        group.spawn(child(log.clone(), "c", SECOND, None, MS * 40));
        group.spawn(child(log.clone(), "d", MS * 20, Some("ValueError"), MS));
        child(log.clone(), "body", SECOND, None, MS * 20).await
    });
    Ok(group.await?)
}

async fn body_fails(log: Log) -> Result<&'static str, Tree> {
    let group = TaskGroup::scope(async |group| {
        group.spawn(child(log.clone(), "e", SECOND, None, MS));
        sleep(MS * 20).await;
        Err(Tree::Leaf("KeyError"))
    });
    Ok(group.await?)
}

async fn nested(log: Log) -> Result<&'static str, Tree> {
    let outer = TaskGroup::scope(async |outer| {
        outer.spawn(child(log.clone(), "f", SECOND, None, MS * 20));
        let inner = TaskGroup::scope(async |inner| {
            inner.spawn(child(log.clone(), "g", MS * 20, Some("OSError"), MS));
            Ok("")
        });
        Ok(inner.await?)
    });
    Ok(outer.await?)
}
