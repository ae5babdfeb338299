//! One of the threads that submit: what it asks for at random, and what comes of it.

use super::super::account::Gone;
use super::super::watchdog::LONG;
use super::errand::{Errand, Fate, Token};
use super::history::History;
use super::{Dice, Ends, Round, THREADS};
use crate::behaviour::ensure;
use crate::{Bench, Miss, Work};
use contract::{Executor, ExecutorExt, Job, JobError, Reject, Rejected, Submit, block_on};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// Jobs that it waits for, at most.
const KEPT: usize = 48;

/// After so many refusals by an executor that has ended it stops asking.
const ENOUGH: u32 = 20;

/// What a shutdown did to jobs that it withdrew.
pub(super) const CUT_OFF: &str = "withdrawn by a shutdown";

pub(super) struct Submitter<'a> {
    number: u64,
    round: &'a Round,
    bench: Option<Arc<Bench>>,
    /// Work runs in processes of its own: it may end them, and may be ended.
    apart: bool,
    /// Work goes as bytes: its runs are not seen here.
    crosses: bool,
    dice: Dice,
    /// The jobs that it waits for, oldest first.
    kept: VecDeque<(Job<u64>, usize)>,
    histories: Vec<History>,
    refused_at_the_end: u32,
    ends: Ends,
}

impl<'a> Submitter<'a> {
    pub(super) fn new(number: u64, round: &'a Round, bench: Arc<Bench>, dice: Dice) -> Self {
        Self {
            number,
            round,
            apart: bench.is_apart(),
            crosses: bench.crosses(),
            bench: Some(bench),
            dice,
            kept: VecDeque::new(),
            histories: Vec::new(),
            refused_at_the_end: 0,
            ends: Ends::new(),
        }
    }

    /// Submits so many jobs, and accounts for all of them.
    pub(super) fn submit_and_collect(mut self, jobs: u64) -> Result<Ends, Miss> {
        for number in 0..jobs {
            self.offer(number * THREADS + self.number)?;
            while self.kept.len() > KEPT {
                self.wait_for_the_oldest()?;
            }
            if self.refused_at_the_end >= ENOUGH {
                break;
            }
        }
        // The last handle of an executor that nobody shuts down: its jobs run on.
        self.bench = None;
        while !self.kept.is_empty() {
            self.wait_for_the_oldest()?;
        }
        for history in &self.histories {
            // What was let go of, and what outlived its deadline on a thread, ends when it ends.
            while !history.is_over() {
                thread::yield_now();
            }
            history.settle()?;
        }
        Ok(self.ends)
    }

    fn count(&self) {
        self.round.progress.count();
    }

    fn tell(&mut self, end: &'static str) {
        *self.ends.entry(end).or_default() += 1;
    }

    fn errand(&mut self, number: u64) -> (Errand, Submit, History) {
        let fate = match self.dice.below(4000) {
            0 if self.apart => Fate::Sticks,
            1..=3 if self.apart => Fate::Exits,
            4..=44 => Fate::Panics,
            _ => Fate::Returns,
        };
        let pauses = self.dice.once_in(40);
        let pause = Duration::from_micros(if pauses { self.dice.below(1000) } else { 0 });
        let mut options = Submit::new();
        let deadline = fate == Fate::Sticks || self.dice.once_in(8);
        if deadline {
            options = options.deadline(Duration::from_micros(self.dice.below(1500)));
        }
        let history = History::new(number, fate, deadline);
        let gone = Gone::new(&history.gone).counted_as_progress(&self.round.progress);
        let turns = if self.dice.once_in(4) { 3 } else { 0 };
        let token = Some(Token::new(&history.runs, gone));
        (Errand { number, fate, pause, turns, token }, options, history)
    }

    /// Submits one job, at once or when there is room.
    fn offer(&mut self, number: u64) -> Result<(), Miss> {
        self.count();
        self.round.offered.fetch_add(1, Ordering::Relaxed);
        let (errand, options, history) = self.errand(number);
        let bench = self.bench.clone().expect("it is kept while jobs are submitted");
        let closed = self.round.closed.load(Ordering::Acquire);
        let waits = self.dice.once_in(2);
        let submitted = if waits {
            block_on(bench.submit_with(Work::errand(errand), options))
        } else {
            bench.try_submit_with(Work::errand(errand), options)
        };
        match submitted {
            Ok(_) if closed => Err(Miss::Fail("work was accepted after the shutdown".to_owned())),
            Ok(job) => {
                self.accepted(job, history);
                Ok(())
            }
            Err(rejected) => self.refused(rejected, history, waits),
        }
    }

    fn refused(&mut self, rejected: Rejected<Work>, history: History, waited: bool) -> Result<(), Miss> {
        let why = rejected.why.clone();
        let allowed = match why {
            Reject::Full => !waited,
            Reject::ShuttingDown => self.round.closing.load(Ordering::Acquire),
            Reject::DeadlinePassed => history.deadline,
            _ => false,
        };
        ensure(allowed, format!("{history:?} was refused: {why}"))?;
        self.refused_at_the_end += u32::from(matches!(why, Reject::ShuttingDown));
        let work = rejected.into_work();
        ensure(work.errand_number() == Some(history.number), format!("other work came back: {work:?}"))?;
        ensure(history.runs.get() == 0, "work that was refused ran all the same")?;
        ensure(self.crosses || history.gone.get() == 0, "work that was refused did not come back whole")?;
        drop(work);
        ensure(history.gone.get() == 1, "work that was refused is still kept somewhere")?;
        self.tell("refused");
        Ok(())
    }

    /// Does to a job what users do.
    fn accepted(&mut self, job: Job<u64>, mut history: History) {
        for _ in 0..self.dice.below(4).saturating_sub(1) {
            self.count();
            job.attach(Gone::new(&history.guards_gone));
            history.guards += 1;
        }
        if self.dice.once_in(4) {
            self.count();
            let called = history.called.clone();
            job.on_done(move || called.add());
            history.callbacks += 1;
        }
        if self.dice.once_in(6) {
            self.count();
            history.was_cancelled(job.cancel());
        }
        let at = self.histories.len();
        match self.dice.below(10) {
            0 => {
                self.count();
                job.detach();
                self.tell("let go of");
            }
            1 => {
                self.count();
                drop(job.cancel_on_drop());
                self.tell("cancelled by a drop");
            }
            _ => self.kept.push_back((job, at)),
        }
        self.histories.push(history);
        self.cancel_one();
    }

    /// Cancels one that may have been running for a while, now and then.
    fn cancel_one(&mut self) {
        if let Some(index) = self.dice.index(self.kept.len()).filter(|_| self.dice.once_in(8)) {
            self.count();
            let (job, at) = &self.kept[index];
            self.histories[*at].was_cancelled(job.cancel());
        }
    }

    fn wait_for_the_oldest(&mut self) -> Result<(), Miss> {
        let Some((mut job, at)) = self.kept.pop_front() else { return Ok(()) };
        self.count();
        let outcome = job.wait_timeout(LONG);
        let history = &self.histories[at];
        let outcome = outcome.ok_or_else(|| Miss::Fail(format!("a job is lost: {history:?}")))?;
        history.judge(&outcome, &self.round.end)?;
        if !self.crosses {
            history.judge_runs(&outcome)?;
        }
        self.tell(match outcome {
            Ok(_) => "finished",
            Err(JobError::Panicked(_)) => "panicked",
            Err(JobError::Cancelled { started: false }) => "cancelled in the queue",
            Err(JobError::Cancelled { started: true }) => "cancelled while running",
            Err(JobError::Deadline { started: false }) => "too late in the queue",
            Err(JobError::Deadline { started: true }) => "too late while running",
            Err(JobError::Shutdown { started: false }) => CUT_OFF,
            Err(JobError::Shutdown { started: true }) => "ended by a shutdown",
            Err(_) => "died with their worker",
        });
        Ok(())
    }
}
