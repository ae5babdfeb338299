//! How many workers there are, who gets the next job, and when to give up.

use super::{LEAVE_WITHIN, Supervisor, withdraw_all};
use crate::StartError;
use crate::child::{Child, Phase, Running};
use crate::desk::Handed;
use crate::frame::{Frame, Kind};
use crate::inbox::Broken;
use crate::pending::{Pending, Request};
use contract::{Death, JobError, Reject};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many starts in a row that fail break the pool.
const TRIES: u32 = 5;
/// The pause after the first failed start; doubled for each further one.
const PAUSE: Duration = Duration::from_millis(5);
/// The longest pause between two starts.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How well starting workers goes.
#[derive(Debug, Default)]
pub(super) struct Staff {
    /// Starts in a row that did not give a worker.
    failed: u32,
    /// Workers in a row that died before they were given a job.
    idle_deaths: u32,
    /// No start before this.
    not_before: Option<Instant>,
}

impl Staff {
    /// A worker said hello, or did a job.
    pub(super) fn worker_is_ready(&mut self) {
        self.failed = 0;
    }

    /// A worker died while it had nothing to do. One that had worked before is replaced at once.
    pub(super) fn died_idle(&mut self, used: bool) {
        self.idle_deaths = if used { 0 } else { self.idle_deaths.saturating_add(1) };
        self.pause(Instant::now());
    }

    fn start_failed(&mut self) {
        self.failed = self.failed.saturating_add(1);
        self.pause(Instant::now());
    }

    fn pause(&mut self, now: Instant) {
        let doublings = self.failed.saturating_add(self.idle_deaths);
        if doublings > 0 {
            let pause = PAUSE.saturating_mul(1 << (doublings - 1).min(16)).min(PAUSE_MAX);
            self.not_before = now.checked_add(pause);
        }
    }

    fn may_start(&mut self, now: Instant) -> bool {
        if self.not_before.is_some_and(|at| at > now) {
            return false;
        }
        self.not_before = None;
        true
    }

    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        self.not_before.filter(|at| *at > now)
    }
}

impl Supervisor {
    /// Starts the workers that are wanted, and lets go those that are not.
    pub(super) fn staff(&mut self, now: Instant) {
        if self.orders.closing.is_some() && self.orders.queued == 0 {
            self.let_go(now);
            return;
        }
        while !self.broken && self.wants_one_more() && self.staff.may_start(now) {
            let number = self.next_child;
            self.next_child += 1;
            match Child::start(&self.plan, nonce(number), now) {
                Ok(child) => {
                    let watched = self.watch.add(number, &child);
                    let child = self.children.entry(number).or_insert(child);
                    if watched.is_err() {
                        // Not watched, not used; it is buried once it is found dead.
                        child.pidfd = None;
                        child.kill();
                    }
                }
                Err(error) => {
                    self.staff.start_failed();
                    let first = self.started.is_some() && self.children.is_empty();
                    if first || self.may_give_up() {
                        self.give_up(StartError::Spawn(error));
                    }
                }
            }
        }
    }

    fn wants_one_more(&self) -> bool {
        let (mut count, mut free) = (0, 0);
        for child in self.children.values().filter(|child| child.is_sound()) {
            count += usize::from(!matches!(child.phase, Phase::Leaving));
            free += usize::from(matches!(child.phase, Phase::Idle | Phase::Starting));
        }
        let fewest = if self.orders.closing.is_some() { 1 } else { *self.plan.workers.start() };
        // The dead that are not buried yet count against the most: a pool never has more processes than that.
        self.children.len() < *self.plan.workers.end() && (count < fewest || self.orders.queued > free)
    }

    /// The end of a pool: whoever has nothing to do may leave.
    fn let_go(&mut self, now: Instant) {
        for child in self.children.values_mut() {
            match child.phase {
                Phase::Idle => {
                    child.hang_up();
                    child.kill_at = Some(now + LEAVE_WITHIN);
                }
                Phase::Starting if !child.killed => child.kill(),
                Phase::Starting | Phase::Busy(_) | Phase::Leaving => {}
            }
        }
    }

    pub(super) fn is_over(&self) -> bool {
        let closed = self.orders.closing.is_some() && self.orders.queued == 0;
        (closed || self.broken) && self.children.is_empty()
    }

    /// Learns which jobs submitters handed to workers.
    pub(super) fn take_over(&mut self) {
        for number in std::mem::take(&mut self.orders.cleared) {
            if let Some(child) = self.children.get_mut(&number) {
                child.offered = false;
            }
        }
        let handed = std::mem::take(&mut self.orders.handed);
        self.note(handed);
    }

    /// These workers are busy, and have been since before this thread took the inbox's lock.
    pub(super) fn note(&mut self, handed: Vec<Handed<Request>>) {
        for Handed { worker, id, since, queued } in handed {
            match self.children.get_mut(&worker) {
                Some(child) => occupy(child, id, queued.item.pending, queued.deadline, since),
                None => debug_assert!(false, "a worker is off the desk before it is buried"),
            }
        }
    }

    /// Nobody hands this worker a job any more; if somebody has, that is known now.
    pub(super) fn retract(&mut self, number: u64) {
        let handed = self.inbox.retract(number);
        self.note(handed);
        if let Some(child) = self.children.get_mut(&number) {
            child.offered = false;
        }
    }

    /// Gives queued jobs to workers that have nothing to do, and offers the others to submitters.
    pub(super) fn assign(&mut self) {
        let free = |child: &Child| child.is_idle() && !child.offered;
        let numbers: Vec<u64> =
            self.children.iter().filter(|(_, child)| free(child)).map(|(number, _)| *number).collect();
        for number in numbers {
            self.give_next(number);
        }
    }

    /// Gives the next job to a worker that has nothing to do, or puts it on offer.
    pub(super) fn give_next(&mut self, number: u64) {
        let Some(child) = self.children.get_mut(&number).filter(|child| child.is_idle()) else { return };
        // It may have died a moment ago, and the word be on its way. A job that it is not given is not lost with it.
        if self.orders.queued > 0 && child.ended().is_some() {
            child.lost = true;
            return;
        }
        while let Some((id, queued)) = self.inbox.next(number, || child.worker()) {
            self.orders.queued = self.orders.queued.saturating_sub(1);
            let request = queued.item;
            // Withdrawn meanwhile: the next one, please.
            if !request.pending.start() {
                continue;
            }
            occupy(child, id, request.pending, queued.deadline, Instant::now());
            child.send(Frame::new(Kind::Run, id, request.offset as u64, request.body));
            return;
        }
        child.offered = true;
    }

    /// A worker died before it was ready.
    pub(super) fn died_before_ready(&mut self, last: Death, nonsense: Option<String>) {
        self.staff.start_failed();
        if self.broken || self.orders.closing.is_some() && self.orders.queued == 0 {
            return;
        }
        if let Some(nonsense) = nonsense {
            if self.may_give_up() {
                self.give_up(StartError::Handshake(nonsense));
            }
        } else if self.staff.failed >= TRIES && self.may_give_up() {
            self.give_up(StartError::CrashLoop { tries: self.staff.failed, last });
        }
    }

    /// As long as one worker works, the pool does.
    fn may_give_up(&self) -> bool {
        self.staff.failed >= TRIES
            && !self.children.values().any(|child| matches!(child.phase, Phase::Idle | Phase::Busy(_)))
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
        let why: Broken = Arc::new(why);
        withdraw_all(self.inbox.end(Some(why.clone())), || JobError::Rejected(Reject::Broken(why.clone())));
    }
}

/// The worker has this job from now on.
fn occupy(child: &mut Child, id: u64, pending: Box<dyn Pending>, deadline: Option<Instant>, since: Instant) {
    debug_assert!(matches!(child.phase, Phase::Idle), "a worker runs one job at a time");
    let label = pending.label();
    child.phase = Phase::Busy(Running { id, label, pending, since, deadline, stop: None, last_words: None });
    child.offered = false;
    child.used = true;
}

/// A number that another process would not guess by accident; it is a check, not a secret.
fn nonce(number: u64) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_while_starts_fail_and_end_with_the_first_that_works() {
        let mut staff = Staff::default();
        let mut last = Duration::ZERO;
        for _ in 0..5 {
            let now = Instant::now();
            staff.start_failed();
            let pause = staff.due(now).expect("a pause") - now;
            assert!(pause > last && !staff.may_start(now));
            last = pause;
            staff.not_before = None;
        }
        staff.worker_is_ready();
        assert!(staff.may_start(Instant::now()));
    }

    #[test]
    fn workers_that_die_unused_are_replaced_ever_more_slowly_and_used_ones_at_once() {
        let mut staff = Staff::default();
        staff.died_idle(true);
        assert!(staff.may_start(Instant::now()));
        for _ in 0..40 {
            staff.died_idle(false);
        }
        let now = Instant::now();
        let due = staff.due(now).expect("a pause");
        assert!(due > now && due <= now + PAUSE_MAX);
    }
}
