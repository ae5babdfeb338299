//! `17_ties.py`.

use super::{Log, MS, list, quoted, recorded, replay};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{Future, JoinError, Loop, ReturnWhen, as_completed, gather, try_gather, wait};
use std::time::Duration;

/// A text, or an exception.
type Output = Result<&'static str, &'static str>;

/// Futures, and their names.
struct Several {
    names: &'static [&'static str],
    futures: Vec<Future<Output>>,
}

impl Several {
    fn new(names: &'static [&'static str]) -> Self {
        Self { names, futures: names.iter().map(|_| Future::new()).collect() }
    }

    fn get(&self, name: &str) -> &Future<Output> {
        let place = self.names.iter().position(|known| *known == name);
        &self.futures[place.expect("a scenario knows its names")]
    }

    fn set(&self, name: &'static str) {
        let _late = self.get(name).set_result(Ok(name));
    }

    fn fail(&self, name: &'static str) {
        let _late = self.get(name).set_exception(name);
    }

    fn cancel(&self, name: &str) {
        self.get(name).cancel("in a scenario");
    }

    /// The same futures again.
    fn share(&self) -> Self {
        Self { names: self.names, futures: self.futures.clone() }
    }

    /// Waits for enough of them; gives the names of the done and of the pending.
    async fn wait(&self, when: ReturnWhen<Output>, timeout: Option<Duration>) -> (String, String) {
        let mut handles = self.futures.clone();
        let places: Vec<_> = handles.iter().map(std::ptr::from_ref).collect();
        let waiting = wait(&mut handles, when);
        let waited = match timeout {
            Some(timeout) => waiting.timeout(timeout).await,
            None => waiting.await,
        };
        let named = |handles: &[&mut Future<Output>]| {
            let mine = |handle: &Future<Output>| places.iter().position(|place| std::ptr::eq(*place, handle));
            list(handles.iter().filter_map(|handle| mine(handle)).map(|at| quoted(self.names[at])))
        };
        (named(&waited.done), named(&waited.pending))
    }

    /// The names of those that `chosen` picks.
    fn named(&self, chosen: impl Fn(&Future<Output>) -> bool) -> String {
        let chosen = self.names.iter().zip(&self.futures).filter(|(_, future)| chosen(future));
        list(chosen.map(|(name, _)| quoted(name)))
    }
}

pub(crate) fn ties(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("17_ties"), async |log| {
        completed(&log).await?;
        waits(&log).await;
        gathers(&log).await?;
        Ok::<_, Miss>(None::<&str>)
    })
}

/// Has `act` called soon, with these futures.
fn soon(several: &Several, act: impl FnOnce(&Several) + 'static) {
    let several = several.share();
    Loop::current().call_soon(move || act(&several));
}

/// The same after 20 ms.
fn later(several: &Several, act: impl FnOnce(&Several) + 'static) {
    let several = several.share();
    Loop::current().call_later(MS * 20, move || act(&several));
}

async fn completed(log: &Log) -> Result<(), Miss> {
    let f = Several::new(&["a", "b", "c", "d"]);
    soon(&f, |f| ["c", "a", "d"].into_iter().for_each(|name| f.set(name)));
    later(&f, |f| f.set("b"));
    let mut order = Vec::new();
    let mut futures = as_completed(f.futures);
    while let Some(future) = futures.next().await {
        order.extend(future.await?.map(quoted));
    }
    log.line(format_args!("as completed {}", list(order)));
    Ok(())
}

/// Waits until `when`, which the lines call `words`.
async fn waited(
    log: &Log,
    names: &'static [&'static str],
    (words, when): (&str, ReturnWhen<Output>),
    act: impl FnOnce(&Several) + 'static,
) -> Several {
    let f = Several::new(names);
    soon(&f, act);
    let (done, pending) = f.wait(when, None).await;
    let failed = f.named(|future| matches!(future.exception(), Ok(Some(_))));
    log.line(format_args!("{words} {done} {pending} failed {failed}"));
    f
}

async fn waits(log: &Log) {
    let first = ("FIRST_COMPLETED", ReturnWhen::FIRST_COMPLETED);
    let failed = ("FIRST_EXCEPTION", ReturnWhen::FIRST_EXCEPTION);
    waited(log, &["a", "b", "c"], first, |f| {
        f.set("c");
        f.fail("a");
    })
    .await;
    waited(log, &["a", "b", "c"], first, |f| f.cancel("b")).await;
    waited(log, &["a", "b", "c", "d"], failed, |f| {
        f.set("d");
        f.fail("b");
        f.set("a");
    })
    .await;
    waited(log, &["a", "b", "c"], failed, |f| {
        f.fail("c");
        f.fail("a");
    })
    .await;
    let a_cancel_is_no_failure = |f: &Several| {
        f.cancel("a");
        f.set("b");
        later(f, |f| f.fail("c"));
    };
    let f = waited(log, &["a", "b", "c", "d"], failed, a_cancel_is_no_failure).await;
    f.set("d");
    let (done, pending) = f.wait(ReturnWhen::ALL_COMPLETED, Some(Duration::ZERO)).await;
    log.line(format_args!("no time, all done {done} {pending}"));
}

async fn gathers(log: &Log) -> Result<(), Miss> {
    let f = Several::new(&["a", "b", "c"]);
    later(&f, |f| {
        f.fail("c");
        f.fail("a");
        f.set("b");
    });
    let outputs =
        |f: Several| f.futures.into_iter().map(async |future| future.await.unwrap_or(Err("cancelled")));
    if let Err(error) = try_gather(outputs(f).collect::<Vec<_>>()).await? {
        log.line(format_args!("gather: first in time {error}"));
    }
    let f = Several::new(&["a", "b", "c"]);
    later(&f, |f| {
        f.fail("b");
        f.set("c");
        f.cancel("a");
    });
    let kinds = gather(f.futures).await?.into_iter().map(|outcome| match outcome {
        Ok(Ok(_)) => "str",
        Ok(Err(_)) => "OSError",
        Err(JoinError::Cancelled(_)) => "CancelledError",
        Err(_) => "another error",
    });
    log.line(format_args!("gather: all {}", list(kinds.map(quoted))));
    Ok(())
}
