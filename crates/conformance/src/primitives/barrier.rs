//! `barrier`: rounds that begin when all are there.

use super::stage::{Actor, Stage, turns};
use super::{AnyBarrier, Primitives};
use crate::behaviour::{Verdict, same};
use crate::{Subject, Trace};
use std::rc::Rc;
use sync_primitives::BrokenBarrierError;

type Outcome = Result<usize, BrokenBarrierError>;

const BROKEN: Outcome = Err(BrokenBarrierError);

/// Somebody who waits `rounds` times, and notes what came of each.
fn party(stage: &Stage, barrier: &Rc<dyn AnyBarrier>, trace: &Trace<Outcome>, rounds: usize) -> Actor {
    let (barrier, trace) = (barrier.clone(), trace.clone());
    stage.spawn(async move {
        for _ in 0..rounds {
            trace.note(barrier.wait().await);
        }
    })
}

/// What came of `count` parties, sorted.
fn sorted(trace: &Trace<Outcome>) -> Vec<Outcome> {
    let mut seen = trace.seen();
    seen.sort_by_key(|outcome| outcome.map_err(|_| usize::MAX));
    seen
}

pub(super) fn trips_together(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (barrier, trace) = (stage.barrier(3)?, Trace::new());
        for round in 1..=2 {
            let mut parties = vec![party(stage, &barrier, &trace, 1), party(stage, &barrier, &trace, 1)];
            turns(2).await;
            same("how many wait", barrier.n_waiting(), 2)?;
            same("whether one has passed", parties.iter().any(Actor::done), false)?;
            parties.push(party(stage, &barrier, &trace, 1));
            for party in parties {
                party.ended().await?;
            }
            let indices = [0, 1, 2].into_iter().flat_map(|index| vec![Ok(index); round]);
            same("the indices", sorted(&trace), indices.collect::<Vec<_>>())?;
            same("how many wait after that", barrier.n_waiting(), 0)?;
        }
        Ok(())
    })
}

pub(super) fn cancel_while_filling(subject: &Subject<Primitives>) -> Verdict {
    cancelled(subject, |_, _| Ok(()))
}

pub(super) fn unique_index_after_cancel(subject: &Subject<Primitives>) -> Verdict {
    cancelled(subject, |_, trace| same("the indices", sorted(trace), [Ok(0), Ok(1), Ok(2)]))
}

/// One of two is cancelled, and two more come.
fn cancelled(
    subject: &Subject<Primitives>,
    ends: fn(&Rc<dyn AnyBarrier>, &Trace<Outcome>) -> Verdict,
) -> Verdict {
    subject.play(async |stage| {
        let (barrier, trace) = (stage.barrier(3)?, Trace::new());
        let cancelled = party(stage, &barrier, &trace, 1);
        let first = party(stage, &barrier, &trace, 1);
        turns(2).await;
        cancelled.cancel();
        turns(2).await;
        same("how many wait", barrier.n_waiting(), 1)?;
        same("whether it is broken", barrier.broken(), false)?;
        let second = party(stage, &barrier, &trace, 1);
        turns(2).await;
        same("whether the second passes", second.done(), false)?;
        let third = party(stage, &barrier, &trace, 1);
        for party in [first, second, third] {
            party.ended().await?;
        }
        ends(&barrier, &trace)
    })
}

pub(super) fn draining_blocks_newcomers(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (barrier, trace) = (stage.barrier(2)?, Trace::new());
        let slow = party(stage, &barrier, &trace, 1);
        turns(2).await;
        // It completes the round and comes back at once, before the slow one has run.
        let fast = party(stage, &barrier, &trace, 2);
        slow.ended().await?;
        turns(2).await;
        same("whether the fast one passes twice", fast.done(), false)?;
        same("how many wait for the next round", barrier.n_waiting(), 1)?;
        party(stage, &barrier, &trace, 1).ended().await?;
        fast.ended().await?;
        same("how many have passed", trace.seen().len(), 4)
    })
}

pub(super) fn reset_breaks_waiters_only(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (barrier, trace) = (stage.barrier(2)?, Trace::new());
        let passed = party(stage, &barrier, &trace, 1);
        turns(2).await;
        barrier.wait().await.map_err(|error| crate::Miss::Fail(error.to_string()))?;
        barrier.reset();
        passed.ended().await?;
        same("who has passed before the reset", trace.seen(), [Ok(0)])?;
        let waits = party(stage, &barrier, &trace, 1);
        turns(2).await;
        barrier.reset();
        waits.ended().await?;
        same("who waited at the reset", trace.seen(), [Ok(0), BROKEN])?;
        same("whether it is broken", barrier.broken(), false)?;
        let again = [(); 2].map(|()| party(stage, &barrier, &trace, 1));
        for party in again {
            party.ended().await?;
        }
        same("who comes after the reset", sorted(&trace), [Ok(0), Ok(0), Ok(1), BROKEN])
    })
}

pub(super) fn abort_is_sticky(subject: &Subject<Primitives>) -> Verdict {
    subject.play(async |stage| {
        let (barrier, trace) = (stage.barrier(2)?, Trace::new());
        let waits = party(stage, &barrier, &trace, 1);
        turns(2).await;
        barrier.abort();
        waits.ended().await?;
        same("whether it is broken", barrier.broken(), true)?;
        same("who comes after the abort", barrier.wait().await, BROKEN)?;
        same("who waited at the abort", trace.seen(), [BROKEN])?;
        barrier.reset();
        let again = [(); 2].map(|()| party(stage, &barrier, &trace, 1));
        for party in again {
            party.ended().await?;
        }
        same("who comes after the reset", sorted(&trace), [Ok(0), Ok(1), BROKEN])
    })
}
