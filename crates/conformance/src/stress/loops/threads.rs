//! What four other threads do to a loop: they wake, call, submit and cancel, until all is over, also after the close.

use super::super::account::Gone;
use super::super::watchdog::LONG;
use super::ledger::Ledger;
use super::{Dice, Progress, THREADS};
use contract::{Cancel, Executor, Job, JobError, Reject, Submit};
use core_loop::LoopHandle;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// How many jobs of one thread are under way at most, and how many old wakers it keeps.
const KEPT: usize = 16;

/// How many calls may wait for a loop that is slow: enough to be a crowd, few enough to fit into memory if it stands still.
const BACKLOG: u32 = 10_000;

/// Those who wait for a wake from one of the threads.
#[derive(Default)]
pub(super) struct Waiting(Mutex<Vec<(Arc<AtomicBool>, Waker)>>);

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Vec<(Arc<AtomicBool>, Waker)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a thread has flagged and woken exactly this wait: a wake that is lost is a standstill.
    pub(super) async fn wait(&self) {
        let flag = Arc::new(AtomicBool::new(false));
        let mut listed = false;
        poll_fn(|cx| {
            // Relaxed: what makes a wait end must be the wake alone. If it does not order the flag, the wait hangs.
            if flag.load(Ordering::Relaxed) {
                return Poll::Ready(());
            }
            if !std::mem::replace(&mut listed, true) {
                let waker = cx.waker().clone();
                self.lock().push((flag.clone(), waker));
            }
            Poll::Pending
        })
        .await;
    }

    fn take(&self, dice: &mut Dice) -> Option<(Arc<AtomicBool>, Waker)> {
        let mut waiting = self.lock();
        let index = dice.index(waiting.len())?;
        Some(waiting.swap_remove(index))
    }

    /// Lets go of those who are gone.
    pub(super) fn clear(&self) {
        let waiting = std::mem::take(&mut *self.lock());
        drop(waiting);
    }
}

/// One of the threads.
pub(super) struct Crew {
    pub(super) number: usize,
    pub(super) handle: LoopHandle,
    /// The loop's thread.
    pub(super) home: ThreadId,
    pub(super) ledger: Arc<Ledger>,
    pub(super) waiting: Arc<Waiting>,
    pub(super) progress: Arc<Progress>,
}

/// A job under way.
struct Asked {
    number: u64,
    job: Job<u64>,
    cancel: Option<Cancel>,
    has_deadline: bool,
}

impl Crew {
    /// Works until it is `over`; all doors must be shut once the loop is `closed`.
    pub(super) fn work(self, mut dice: Dice, over: &AtomicBool, closed: &AtomicBool) {
        let (mut old, mut jobs) = (Vec::new(), Vec::new());
        // The number of the last call that ran: calls of one thread run in order.
        let last = Arc::new(AtomicU64::new(0));
        for number in 1.. {
            if over.load(Ordering::Acquire) {
                break;
            }
            let shut = closed.load(Ordering::Acquire);
            let backlog = self.ledger.offered.get().saturating_sub(self.ledger.calls_gone.get());
            match dice.below(8) {
                0 if backlog < BACKLOG => self.call(number, &last, &mut dice, shut),
                1 if jobs.len() < KEPT => jobs.extend(self.submit(number, &mut dice, shut)),
                2 => self.settle_one(&mut jobs, &mut dice),
                _ => self.wake(&mut old, &mut dice),
            }
        }
        for mut asked in jobs {
            // The loop is closed: every job has its outcome.
            match asked.job.wait_timeout(LONG) {
                Some(outcome) => self.judge(&asked, &outcome),
                None => self.ledger.broken.note("a job of a loop that is closed has no outcome"),
            }
        }
    }

    /// Wakes somebody who waits, or somebody who did long ago.
    fn wake(&self, old: &mut Vec<Waker>, dice: &mut Dice) {
        if let Some((flag, waker)) = self.waiting.take(dice) {
            self.progress.count();
            self.ledger.woken.add();
            if dice.once_in(4) && old.len() < KEPT {
                old.push(waker.clone());
            }
            flag.store(true, Ordering::Relaxed);
            if dice.once_in(2) { waker.wake_by_ref() } else { waker.wake() }
        } else if let Some(index) = dice.index(old.len()).filter(|_| dice.once_in(4)) {
            self.progress.count();
            if dice.once_in(2) { old[index].wake_by_ref() } else { old.swap_remove(index).wake() }
        } else {
            thread::yield_now();
        }
    }

    fn call(&self, number: u64, last: &Arc<AtomicU64>, dice: &mut Dice, shut: bool) {
        self.progress.count();
        self.ledger.offered.add();
        let withdrawn = Arc::new(AtomicBool::new(false));
        let gone = Gone::new(&self.ledger.calls_gone);
        let (ledger, home, before, cancelled) =
            (self.ledger.clone(), self.home, last.clone(), withdrawn.clone());
        let sent = self.handle.call_soon_threadsafe(move || {
            let _gone = gone;
            ledger.called.add();
            if thread::current().id() != home {
                ledger.broken.note("a call ran away from the loop's thread");
            }
            if before.swap(number, Ordering::Relaxed) >= number {
                ledger.broken.note("two calls of one thread ran out of order");
            }
            if cancelled.load(Ordering::Relaxed) {
                ledger.broken.note("a call ran that had been withdrawn");
            }
        });
        match sent {
            Ok(_) if shut => self.ledger.broken.note("a closed loop took a call"),
            Ok(call) => {
                self.ledger.calls.add();
                // After the close it says `true` as well: the close was first.
                if dice.once_in(4) && !call.cancelled() && call.cancel() {
                    withdrawn.store(true, Ordering::Relaxed);
                    self.ledger.withdrawn.add();
                }
            }
            Err(_) => {}
        }
    }

    fn submit(&self, number: u64, dice: &mut Dice, shut: bool) -> Option<Asked> {
        self.progress.count();
        let id = number * THREADS as u64 + self.number as u64;
        self.ledger.futures.add();
        let gone = Gone::new(&self.ledger.futures_gone);
        let astray = self.ledger.astray.clone();
        let mut turns = dice.below(4);
        let work = async move {
            // It has started: from now on it belongs to the loop's thread.
            let _gone = gone.only_here(&astray);
            poll_fn(|cx| {
                turns = turns.saturating_sub(1);
                cx.waker().wake_by_ref();
                if turns == 0 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            id
        };
        let mut options = Submit::new();
        let has_deadline = dice.once_in(4);
        if has_deadline {
            options = options.deadline(Duration::from_micros(dice.below(300)));
        }
        match self.handle.try_submit_with(work, options) {
            Ok(_) if shut => self.ledger.broken.note("a closed loop took a job"),
            Ok(job) => {
                self.ledger.jobs.add();
                let cancel = dice.once_in(4).then(|| job.cancel());
                return Some(Asked { number: id, job, cancel, has_deadline });
            }
            Err(refused) if matches!(refused.why, Reject::ShuttingDown | Reject::DeadlinePassed) => {}
            Err(refused) => self.ledger.broken.note(format!("a loop refused a job: {}", refused.why)),
        }
        None
    }

    /// Looks at one of the jobs, and perhaps cancels it.
    fn settle_one(&self, jobs: &mut Vec<Asked>, dice: &mut Dice) {
        let Some(index) = dice.index(jobs.len()) else { return };
        self.progress.count();
        if dice.once_in(8) {
            let again = jobs[index].job.cancel();
            jobs[index].cancel.get_or_insert(again);
        }
        if let Some(outcome) = jobs[index].job.wait_timeout(Duration::ZERO) {
            let asked = jobs.swap_remove(index);
            self.judge(&asked, &outcome);
        }
    }

    /// Counts an outcome, and notes one that the job's history does not allow.
    fn judge(&self, asked: &Asked, outcome: &Result<u64, JobError>) {
        let withdrawn = asked.cancel == Some(Cancel::Dequeued);
        let allowed = match outcome {
            Ok(number) => *number == asked.number && !withdrawn,
            Err(JobError::Cancelled { started }) => {
                *started != withdrawn && matches!(asked.cancel, Some(Cancel::Dequeued | Cancel::Signalled))
            }
            Err(JobError::Deadline { .. }) => asked.has_deadline && !withdrawn,
            Err(JobError::Shutdown { .. }) => !withdrawn,
            Err(_) => false,
        };
        if outcome.is_ok() {
            self.ledger.outputs.add()
        } else {
            self.ledger.job_errors.add()
        }
        if !allowed {
            self.ledger
                .broken
                .note(format!("a job that was cancelled ({:?}) gave {outcome:?}", asked.cancel));
        }
    }
}
