//! The stress of an executor: threads submit, cancel, wait, let go; somewhere in the middle it is shut down.

use super::watchdog::{LONG, watched};
use super::{Dice, Ends, Progress, Stress, Stressed, add};
use crate::behaviour::{ensure, same};
use crate::{Bench, Executors, Miss, Subject};
use contract::{Drain, Report, Shutdown};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use submitter::Submitter;

pub(crate) mod errand;
mod history;
mod submitter;

/// How many threads submit.
const THREADS: u64 = 3;

/// How many jobs one of them submits in a round at most.
const JOBS: u64 = 1500;

/// What is known to be different about executors whose shutdown is the close of a loop.
const DRAINS: &str = "executor.shutdown_wait_drains_queue";

impl Subject<Executors> {
    /// Does everything at once to executors of this kind.
    ///
    /// # Errors
    ///
    /// What was lost, came twice, did not end, or ended as it must not, with the seed that repeats it; or why there is no
    /// such executor here.
    pub fn stress(&self, stress: Stress) -> Result<Stressed, Miss> {
        let subject = self.clone();
        watched(self.time_limit(), move |progress| {
            stress.rounds(progress, |dice| round(&subject, progress, dice))
        })
    }
}

/// How an executor ends.
#[derive(Debug)]
pub(super) struct End {
    /// `None`: its last handle is dropped.
    shutdown: Option<(Drain, Duration)>,
    /// It cancels also what a shutdown would drain.
    cancels: bool,
}

impl End {
    fn at_random(subject: &Subject<Executors>, bench: &Bench, dice: &mut Dice) -> Self {
        let how = if dice.once_in(2) { Drain::Queued } else { Drain::Started };
        let grace = if dice.once_in(3) { Duration::ZERO } else { LONG };
        let shutdown = (!dice.once_in(5)).then_some((how, grace));
        // A loop whose last handle goes is closed, and a close cancels.
        let closes = shutdown.is_none() && bench.parks();
        Self { shutdown, cancels: closes || subject.exception(DRAINS).is_some() }
    }

    /// Whether it may end a job with `Shutdown`, one that has started or one that has not.
    fn cuts_off(&self, started: bool) -> bool {
        let (how, grace) = self.shutdown.unwrap_or((Drain::Queued, LONG));
        self.cancels || grace.is_zero() || (how == Drain::Started && !started)
    }
}

/// What the threads of one round share.
struct Round {
    end: End,
    progress: Arc<Progress>,
    /// How many jobs were offered so far.
    offered: AtomicU64,
    /// The shutdown has begun: refusals say so now.
    closing: AtomicBool,
    /// The shutdown has returned: everything is refused now.
    closed: AtomicBool,
}

/// One executor, from its first job to its end.
fn round(subject: &Subject<Executors>, progress: &Arc<Progress>, dice: &mut Dice) -> Result<Ends, Miss> {
    let bench = Arc::new(subject.fresh()?);
    let round = Round {
        end: End::at_random(subject, &bench, dice),
        progress: progress.clone(),
        offered: AtomicU64::new(0),
        closing: AtomicBool::new(false),
        closed: AtomicBool::new(false),
    };
    let jobs = 1 + dice.below(JOBS);
    let results: Result<Vec<Ends>, Miss> = thread::scope(|scope| {
        let submitters: Vec<_> = (0..THREADS)
            .map(|number| {
                let submitter = Submitter::new(number, &round, bench.clone(), dice.split());
                scope.spawn(move || submitter.submit_and_collect(jobs))
            })
            .collect();
        // Somewhere in the middle, or after all of it.
        let from = dice.below(jobs * THREADS * 5 / 4);
        let working = || submitters.iter().any(|submitter| !submitter.is_finished());
        while round.offered.load(Ordering::Relaxed) < from && working() {
            thread::yield_now();
        }
        let report = end(bench, &round);
        let joined = submitters.into_iter().map(|submitter| {
            submitter.join().unwrap_or_else(|_| Err(Miss::Fail("a thread that submits panicked".to_owned())))
        });
        let ends = joined.collect::<Result<Vec<_>, _>>()?;
        let cut_off: u64 = ends.iter().filter_map(|ends| ends.get(submitter::CUT_OFF)).sum();
        match report? {
            // A loop counts its tasks, and not what has not come to it yet.
            Some(report) if !round.end.cancels => ensure(
                cut_off <= report.cancelled as u64,
                format!("{cut_off} queued jobs ended with a shutdown that says: {report}"),
            )?,
            _ => {}
        }
        Ok(ends)
    });
    let mut ends = Ends::new();
    results?.into_iter().for_each(|more| add(&mut ends, more));
    Ok(ends)
}

/// Ends it.
fn end(bench: Arc<Bench>, round: &Round) -> Result<Option<Report>, Miss> {
    let Some((how, grace)) = round.end.shutdown else {
        drop(bench);
        return Ok(None);
    };
    round.progress.count();
    // Release: pairs with the Acquire of the submitters, for whom a refusal is no surprise from now on.
    round.closing.store(true, Ordering::Release);
    let report = bench.shutdown(how, grace);
    round.closed.store(true, Ordering::Release);
    if !grace.is_zero() {
        ensure(
            report.stragglers.is_empty(),
            format!("a shutdown with all the time it needs says: {report}"),
        )?;
    }
    round.progress.count();
    let again = bench.shutdown(how, Duration::ZERO);
    same("jobs cancelled by a second shutdown", again.cancelled, 0)?;
    Ok(Some(report))
}
