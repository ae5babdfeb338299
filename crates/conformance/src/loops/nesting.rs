//! `nesting`: clean-ups and shields inside what awaits several things at once, and inside each other.

use super::{Loops, NEVER, Trace, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::{JoinError, finally, shield, spawn, spawn_cooperative, timeout};
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

type Log = Trace<&'static str>;

/// As `select!`: the output of the first that is ready; the other is dropped.
async fn select<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|cx| match one.as_mut().poll(cx) {
        Poll::Pending => other.as_mut().poll(cx),
        ready => ready,
    })
    .await
}

/// As `join!`: both outputs.
async fn join<T, U>(one: impl Future<Output = T>, other: impl Future<Output = U>) -> (T, U) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut first, mut second) = (None, None);
    poll_fn(|cx| {
        if first.is_none()
            && let Poll::Ready(output) = one.as_mut().poll(cx)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = other.as_mut().poll(cx)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            (one, other) => {
                (first, second) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

/// Does `body`, then cleans up for two turns and notes `name`.
async fn careful<T>(log: &Log, name: &'static str, body: impl AsyncFnOnce() -> T) -> T {
    finally(
        log.clone(),
        async |_: &mut Log| body().await,
        async move |log: Log| {
            turns(2).await;
            log.note(name);
        },
    )
    .await
}

async fn never() {
    pending().await
}

pub(super) fn the_loser_of_a_select_cleans_up(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let log = Trace::new();
        let seen = log.clone();
        let task = spawn(async move {
            // One that cleans up already, and one that waits.
            let begun = select(careful(&seen, "a clean-up that had begun", async || 1), async { 2 }).await;
            let slow = careful(&seen, "a body that never ends", async || {
                never().await;
                3
            });
            let waits = select(slow, async {
                turns(1).await;
                4
            });
            (begun, waits.await, seen.seen().contains(&"a body that never ends"))
        });
        same("the winners, and whether they waited for the losers", task.await?, (2, 4, false))?;
        let mut cleaned = log.seen();
        cleaned.sort_unstable();
        same(
            "the clean-ups, when the task has ended",
            cleaned,
            ["a body that never ends", "a clean-up that had begun"],
        )
    })
}

pub(super) fn all_parts_of_a_join_clean_up(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        for cooperative in [false, true] {
            let log = Trace::new();
            let seen = log.clone();
            let parts = async move {
                let done = careful(&seen, "the part that had ended", async || ());
                let both = join(careful(&seen, "one part", never), careful(&seen, "the other part", never));
                join(done, both).await;
            };
            let task = if cooperative {
                spawn_cooperative(async move { core_loop::cancellable(parts).await })
            } else {
                spawn(parts)
            };
            turns(5).await;
            same("what has ended by itself", log.seen(), ["the part that had ended"])?;
            task.cancel("all of it");
            let outcome = task.await;
            ensure(matches!(outcome, Err(JoinError::Cancelled(_))), format!("the task gave {outcome:?}"))?;
            let mut cleaned = log.seen();
            cleaned.sort_unstable();
            same("the clean-ups", cleaned, ["one part", "the other part", "the part that had ended"])?;
        }
        Ok(())
    })
}

pub(super) fn clean_ups_and_shields_nest(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        for by_timeout in [false, true] {
            let log = Trace::new();
            let (seen, shielded) = (log.clone(), log.clone());
            let nested = async move {
                careful(&seen, "outer", async || {
                    select(never(), async {
                        let protected = shield(async move {
                            turns(20).await;
                            shielded.note("shielded");
                        });
                        drop(join(careful(&seen, "inner", never), protected).await);
                    })
                    .await;
                })
                .await;
            };
            let task = spawn(async move {
                let limit = if by_timeout { Duration::from_millis(1) } else { NEVER };
                // In two: the outer one has nothing to do.
                timeout(NEVER, timeout(limit, nested)).await
            });
            if by_timeout {
                let outcome = task.await?;
                same("what the timeouts say", outcome, Ok(Err(core_loop::Elapsed)))?;
            } else {
                turns(3).await;
                task.cancel("all of it");
                ensure(task.await.is_err(), "a cancelled task gave an output")?;
            }
            let wanted = ["inner", "outer", "shielded"];
            let ended: Vec<_> = log.seen().into_iter().filter(|name| *name != "shielded").collect();
            same("the clean-ups, when it says so", &ended[..], &wanted[..2])?;
            turns(25).await;
            let mut all = log.seen();
            all.sort_unstable();
            same("with what was shielded", &all[..], &wanted[..])?;
        }
        Ok(())
    })
}
