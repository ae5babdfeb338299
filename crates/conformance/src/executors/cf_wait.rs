//! `cf_wait`: waiting for some of many jobs.

use super::{occupy, output};
use crate::behaviour::{Verdict, same};
use crate::run::soon;
use crate::{Executors, Gate, Miss, Subject, Work};
use contract::{ExecutorExt, Job, When, as_completed, block_on, block_on_timeout, wait};
use std::time::Duration;

/// The positions of those that are done when `when` has seen enough.
fn done(jobs: &[Job<u64>], when: When) -> Result<Vec<usize>, Miss> {
    block_on_timeout(&mut wait(jobs, when), soon())
        .ok_or_else(|| Miss::Fail(format!("waiting for {when:?} did not end within {:?}", soon())))
}

pub(super) fn modes(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    same("no jobs at all", done(&[], When::FirstCompleted)?, [0; 0])?;
    let two = [bench.try_submit(Work::value(1))?, bench.try_submit(Work::value(2))?];
    same("all of two", done(&two, When::All)?, [0, 1])?;
    same("the first of two finished ones", done(&two, When::FirstCompleted)?, [0, 1])?;
    same("the first failure of none", done(&two, When::FirstFailed)?, [0, 1])?;

    let failed = bench.try_submit(Work::panic("no luck"))?;
    done(std::slice::from_ref(&failed), When::All)?;
    let waiting = bench.try_submit(gate.wait(0))?;
    gate.arrived(1)?;
    let [one, _two] = two;
    let three = [waiting, one, failed];
    same("the first of three", done(&three, When::FirstCompleted)?, [1, 2])?;
    same("the first failure of three", done(&three, When::FirstFailed)?, [1, 2])?;
    let early = block_on_timeout(&mut wait(&three, When::All), Duration::from_millis(1));
    same("all of three, one of which waits", early, None)?;
    gate.open();
    same("all of three", done(&three, When::All)?, [0, 1, 2])
}

pub(super) fn cancelled_counts_as_done(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let mut held = occupy(&bench, &gate, 0)?;
    let queued: Vec<_> = (0..3).map(|n| bench.try_submit(Work::value(n))).collect::<Result<_, _>>()?;
    queued.iter().for_each(|job| {
        job.cancel();
    });
    same("all of three cancelled ones", done(&queued, When::All)?, [0, 1, 2])?;
    let mut completed = as_completed(queued);
    for _ in 0..3 {
        let next = block_on(completed.next());
        same("a cancelled one as completed", next.map(|(_, outcome)| outcome.is_err()), Some(true))?;
    }
    gate.open();
    held.iter_mut().try_for_each(|job| output(job).map(|_| ()))
}
