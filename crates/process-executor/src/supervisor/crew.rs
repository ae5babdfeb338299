//! How many workers there are: who is started, who takes whose place, who is let go, and when to give up.
//!
//! A start is asked for, a promotion happens: workers that are ready and not needed yet are *spares*, and whoever is needed
//! is taken from them. A pool without [spares](crate::Builder::spares) has one only for the moment between a worker's hello
//! and its promotion.

use super::staff::TRIES;
use super::{LEAVE_WITHIN, Supervisor, withdraw_all};
use crate::StartError;
use crate::child::{Child, Phase};
use crate::inbox::Broken;
use crate::{sys, worker};
use contract::{Death, Exit, JobError, Panic, Reject};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Workers that something may be expected of.
struct Crew {
    idle: usize,
    busy: usize,
    /// They will be ready soon.
    coming: usize,
    spares: usize,
}

impl Supervisor {
    fn crew(&self) -> Crew {
        let mut crew = Crew { idle: 0, busy: 0, coming: 0, spares: 0 };
        for child in self.children.values().filter(|child| child.is_sound()) {
            match child.phase {
                Phase::Idle => crew.idle += 1,
                Phase::Busy(_) | Phase::Stocked => crew.busy += 1,
                Phase::Starting | Phase::Preparing => crew.coming += 1,
                Phase::Spare => crew.spares += 1,
                Phase::Leaving => {}
            }
        }
        crew
    }

    /// How many workers should be at work or ready for it.
    fn wanted(&self, crew: &Crew) -> usize {
        let (fewest, most) = (*self.plan.workers.start(), *self.plan.workers.end());
        let fewest = if self.orders.closing.is_some() { 1 } else { fewest };
        let needed = crew.busy.saturating_add(self.orders.queued);
        // Who is here stays until its time is over.
        needed.min(most).max(fewest).max(crew.idle + crew.busy)
    }

    /// Starts and promotes the workers that are wanted, and lets go those that are not.
    pub(super) fn staff(&mut self, now: Instant) {
        if self.orders.closing.is_some() && self.orders.queued == 0 {
            self.let_go(now);
            return;
        }
        self.promote(now);
        while !self.broken && self.lacks_one() && self.staff.may_start(now) {
            let number = self.next_child;
            self.next_child += 1;
            match Child::start(&self.plan, number, nonce(number), now) {
                Ok(child) => {
                    let watched = self.watch.add(number, &child);
                    let child = self.children.entry(number).or_insert(child);
                    if watched.is_err() {
                        // Not watched, not used; it is buried once it is found dead.
                        child.pidfd = None;
                        child.kill();
                    }
                }
                Err(error) => self.not_started(error, now),
            }
        }
    }

    /// Spares take the places that are free. One that is there although no spare was asked for came too late for the work it
    /// was started for: it is as good as any that has done its work.
    fn promote(&mut self, now: Instant) {
        let crew = self.crew();
        let at_work = crew.idle + crew.busy;
        let wanted = self.wanted(&crew).saturating_sub(at_work);
        let too_many = crew.spares.saturating_sub(self.plan.spares);
        let places = wanted.max(too_many).min(self.plan.workers.end().saturating_sub(at_work));
        let is_spare = |child: &&mut Child| matches!(child.phase, Phase::Spare) && child.is_sound();
        for child in self.children.values_mut().filter(is_spare).take(places) {
            child.phase = Phase::Idle;
            child.idle_since = now;
        }
    }

    fn lacks_one(&self) -> bool {
        let crew = self.crew();
        let here = crew.idle + crew.busy + crew.coming + crew.spares;
        let spares = if self.orders.closing.is_some() { 0 } else { self.plan.spares };
        // The dead that are not buried yet count against the most: a pool never has more processes than that.
        self.children.len() < self.plan.most() && here < self.wanted(&crew).saturating_add(spares)
    }

    /// The system did not start a process.
    fn not_started(&mut self, error: io::Error, now: Instant) {
        let first = self.started.is_some() && self.children.is_empty();
        if first {
            self.give_up(StartError::Spawn(error));
        } else if sys::is_shortage(&error) {
            let short_for = self.staff.start_refused(now);
            if short_for >= self.plan.start_within && !self.works() {
                self.give_up(StartError::Spawn(error));
            }
        } else {
            self.staff.start_failed();
            if self.may_give_up() {
                self.give_up(StartError::Spawn(error));
            }
        }
    }

    /// A worker died before it was ready.
    pub(super) fn died_before_ready(&mut self, last: Death, nonsense: Option<String>, words: Option<Panic>) {
        let short = last.exit == Exit::Code(worker::SHORT) && self.started.is_none();
        let short_for = short.then(|| self.staff.start_refused(Instant::now()));
        if short_for.is_none() {
            self.staff.start_failed();
        }
        if self.broken || self.orders.closing.is_some() && self.orders.queued == 0 {
            return;
        }
        if let Some(short_for) = short_for {
            if short_for >= self.plan.start_within && !self.works() {
                self.give_up(StartError::Shortage { lasted: short_for, last });
            }
        } else if self.may_give_up() {
            self.give_up(match (nonsense, words) {
                (Some(nonsense), _) => StartError::Handshake(nonsense),
                (None, Some(words)) => StartError::Initializer(words),
                (None, None) => StartError::CrashLoop { tries: self.staff.failed(), last },
            });
        }
    }

    /// As long as one worker works, the pool does.
    fn works(&self) -> bool {
        self.children.values().any(Child::is_ready)
    }

    fn may_give_up(&self) -> bool {
        self.staff.failed() >= TRIES && !self.works()
    }

    /// No worker will ever be ready: everything that waits is told so, and nothing more is taken.
    pub(super) fn give_up(&mut self, why: StartError) {
        if std::mem::replace(&mut self.broken, true) {
            return;
        }
        for child in self.children.values_mut().filter(|child| !child.killed) {
            child.kill();
        }
        self.orders.queued = 0;
        if let Some(started) = self.started.take() {
            // There is no pool yet, so nothing waits in it.
            let _ = self.inbox.end(None);
            let _ = started.try_send(Err(why));
            return;
        }
        let words = match &why {
            StartError::Initializer(panic) => Some(same_words(panic)),
            _ => None,
        };
        let why: Broken = Arc::new(why);
        withdraw_all(self.inbox.end(Some(why.clone())), |_| match &words {
            Some(words) => JobError::Initializer(same_words(words)),
            None => JobError::Rejected(Reject::Broken(why.clone())),
        });
    }

    /// The end of a pool: whoever has nothing to do may leave.
    fn let_go(&mut self, now: Instant) {
        for child in self.children.values_mut() {
            match child.phase {
                Phase::Idle | Phase::Spare => child.dismiss(now + LEAVE_WITHIN),
                Phase::Starting | Phase::Preparing if !child.killed => child.kill(),
                Phase::Starting | Phase::Preparing | Phase::Busy(_) | Phase::Stocked | Phase::Leaving => {}
            }
        }
    }

    pub(super) fn is_over(&self) -> bool {
        let closed = self.orders.closing.is_some() && self.orders.queued == 0;
        (closed || self.broken) && self.children.is_empty()
    }

    /// Workers beyond the fewest that have had nothing to do for too long may leave.
    pub(super) fn shrink(&mut self, now: Instant) {
        while let Some((number, at)) = self.next_to_leave()
            && at <= now
        {
            // A submitter may have given it a job meanwhile; then it stays.
            self.retract(number);
            let Some(child) = self.children.get_mut(&number) else { return };
            if matches!(child.phase, Phase::Idle) {
                child.dismiss(now + LEAVE_WITHIN);
            }
        }
    }

    /// Who has been idle for the longest time, if there are more than the fewest, and when it may leave.
    fn next_to_leave(&self) -> Option<(u64, Instant)> {
        let crew = self.crew();
        if self.orders.closing.is_some() || crew.idle + crew.busy <= *self.plan.workers.start() {
            return None;
        }
        let idle = self.children.iter().filter(|(_, child)| child.is_idle());
        let (number, child) = idle.min_by_key(|(_, child)| child.idle_since)?;
        Some((*number, child.idle_since.checked_add(self.plan.idle_timeout)?))
    }

    pub(super) fn shrinks_at(&self) -> Option<Instant> {
        self.next_to_leave().map(|(_, at)| at)
    }

    /// Makes known how many workers there are.
    pub(super) fn publish(&self) {
        let crew = self.crew();
        // Relaxed: numbers for people.
        self.counters.workers.store(self.children.len(), Ordering::Relaxed);
        self.counters.idle.store(crew.idle, Ordering::Relaxed);
        self.counters.spares.store(crew.spares, Ordering::Relaxed);
        let has_pidfds = self.children.values().all(|child| child.pidfd.is_some());
        self.counters.has_pidfds.store(has_pidfds, Ordering::Relaxed);
    }
}

/// The words of a panic once more: each error has its own.
fn same_words(panic: &Panic) -> Panic {
    Panic::from_words(panic.message().to_owned(), panic.location().map(str::to_owned))
        .with_backtrace(panic.backtrace().map(str::to_owned))
}

/// A number that another process would not guess by accident; it is a check, not a secret.
fn nonce(number: u64) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(number)
}
