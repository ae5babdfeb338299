//! Workers that are sent jobs ahead: where many wait and each is short, a frame and a wake for each would cost more than
//! the jobs do.

use super::LEAVE_WITHIN;
use super::Supervisor;
use super::events::answer;
use crate::child::{Phase, Running, Stop};
use crate::counters::count;
use crate::frame::{Body, Frame, Kind};
use crate::inbox::{Bell, Queued};
use crate::pending::{Answer, Request};
use crate::stock::{Fate, Keep, Oldest, Reply, Sent, Stock};
use contract::{Death, Exit, JobError};
use std::time::Instant;

impl Supervisor {
    /// Sends jobs ahead to a worker that has nothing else to do, if more wait than there are workers. Whether it has some now.
    pub(super) fn stock_up(&mut self, number: u64) -> bool {
        let workers = self.children.values().filter(|child| child.is_ready()).count().max(1);
        let share = self.orders.queued.div_ceil(workers);
        let Some(child) = self.children.get_mut(&number) else { return false };
        let begins = matches!(child.phase, Phase::Idle);
        if self.orders.queued <= workers && begins || child.retires || !self.plan.shares_rings {
            return !begins;
        }
        let jobs_left =
            child.jobs_left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
        let stock = match child.open_stock() {
            Ok(stock) => stock,
            Err(_) => {
                // Then one at a time.
                self.plan.shares_rings = false;
                return false;
            }
        };
        let most = stock.room().min(share).min(jobs_left.saturating_sub(stock.len()));
        let now = Instant::now();
        let few = self.inbox.next_few(most, |request| Stock::fits(request));
        self.orders.queued = self.orders.queued.saturating_sub(few.len());
        for (id, queued) in few {
            stock.put(id, queued, now);
        }
        let (has_some, must_ring) = (!stock.is_empty(), stock.must_ring());
        if has_some && begins {
            child.phase = Phase::Stocked;
            child.used = true;
        }
        if must_ring {
            child.send(Frame::new(Kind::Look, 0, 0, Body::default()));
        } else {
            // That there is a ring, if it was made just now.
            child.write();
        }
        has_some
    }

    /// Takes what has ended out of a worker's stock, and fills it again.
    pub(super) fn harvest(&mut self, number: u64) {
        let mut over = self.gather(number);
        let may_sleep = |supervisor: &Self| {
            let stock = supervisor.children.get(&number).and_then(|child| child.stock.as_ref());
            stock.is_none_or(Stock::may_sleep)
        };
        if !may_sleep(self) {
            over.extend(self.gather(number));
        }
        // As with a single job: the worker has its next ones, or is on offer, before anybody sees the outcome.
        self.restock(number);
        self.counters
            .note(|times| over.iter().for_each(|(sent, _)| times.record(sent.running.waited(), sent.ran())));
        for (sent, answer) in over {
            sent.running.pending.finish(answer);
        }
    }

    fn restock(&mut self, number: u64) {
        let Some(child) = self.children.get_mut(&number) else { return };
        let Some(stock) = child.stock.as_ref().filter(|_| matches!(child.phase, Phase::Stocked)) else {
            return;
        };
        if !child.is_sound() {
            return;
        }
        if stock.is_empty() {
            self.settle(number);
            self.give_next(number);
        } else if stock.is_low() && self.orders.queued > 0 {
            self.stock_up(number);
        }
    }

    /// A worker whose stock is empty has nothing to do, or has served long enough.
    fn settle(&mut self, number: u64) {
        let Some(child) = self.children.get_mut(&number) else { return };
        let is_empty = child.stock.as_ref().is_some_and(Stock::is_empty);
        if !is_empty || !matches!(child.phase, Phase::Stocked) || !child.is_sound() {
            return;
        }
        child.phase = Phase::Idle;
        child.idle_since = Instant::now();
        if child.retires || child.jobs_left == Some(0) {
            child.dismiss(Instant::now() + LEAVE_WITHIN);
            count(&self.counters.recycled);
        }
    }

    /// What has ended.
    fn gather(&mut self, number: u64) -> Vec<(Box<Sent>, Answer)> {
        let now = Instant::now();
        let mut over = Vec::new();
        let mut grown = false;
        while let Some(child) = self.children.get_mut(&number).filter(|child| child.nonsense.is_none()) {
            let Some(stock) = &mut child.stock else { break };
            match stock.oldest(now) {
                Oldest::Nothing => break,
                Oldest::Over(sent, reply) => match open(&sent.running, reply) {
                    Some((answer, memory)) => {
                        if sent.running.stop.is_some() {
                            child.kill_at = None;
                        }
                        child.jobs_left = child.jobs_left.map(|left| left.saturating_sub(1));
                        grown |= self.plan.recycle.memory.is_some_and(|most| memory > most);
                        over.push((sent, answer));
                    }
                    None => {
                        let why = "an answer in the ring that makes no sense".to_owned();
                        over.push((sent, Answer::Nonsense(why.clone())));
                        self.distrust(number, why);
                    }
                },
                Oldest::Nonsense => self.distrust(number, "a ring that makes no sense".to_owned()),
            }
        }
        if let Some(child) = self.children.get_mut(&number)
            && let Some(stock) = &mut child.stock
        {
            stock.learn(over.len());
            child.retires |= grown;
        }
        if !over.is_empty() {
            self.staff.worker_is_ready();
        }
        if grown {
            self.take_back(number, Keep::Nothing);
        }
        over
    }

    /// Looks at workers that have been silent for a while. What waits behind a long job goes to others.
    pub(super) fn look_around(&mut self, now: Instant) {
        let due = |stock: &Stock| stock.look_at.is_some_and(|at| at <= now);
        let silent: Vec<u64> = self
            .children
            .iter()
            .filter(|(_, child)| child.stock.as_ref().is_some_and(due))
            .map(|(number, _)| *number)
            .collect();
        for number in silent {
            self.harvest(number);
            let stock = self.children.get_mut(&number).and_then(|child| child.stock.as_mut());
            if stock.is_some_and(|stock| stock.is_held_up(now)) {
                self.take_back(number, Keep::Oldest);
            }
        }
    }

    /// Takes back what a worker has not begun: it has waited longest, and goes first.
    fn take_back(&mut self, number: u64, keep: Keep) {
        let stock = self.children.get_mut(&number).and_then(|child| child.stock.as_mut());
        let back = stock.map(|stock| stock.take_back(keep)).unwrap_or_default();
        self.queue_again(back);
        self.settle(number);
    }

    pub(super) fn take_all_back(&mut self) {
        let numbers: Vec<u64> = self.children.keys().copied().collect();
        numbers.into_iter().for_each(|number| self.take_back(number, Keep::Nothing));
    }

    fn queue_again(&mut self, back: Vec<(u64, Queued<Box<Request>>)>) {
        for (id, queued) in back {
            match self.inbox.put_back(id, queued) {
                Ok(()) => {
                    self.orders.queued += 1;
                    // Whoever was on offer is not any more, and learns of it at the next look, which may lie behind a sleep.
                    self.inbox.bell().ring();
                }
                Err(request) => {
                    request.withdraw(|started| JobError::Shutdown { started });
                }
            }
        }
    }

    /// One job of a stock is to be stopped. Whether it was there.
    pub(super) fn stop_in_stock(&mut self, job: u64, why: Stop, now: Instant) -> bool {
        let has = |stock: &Stock| stock.jobs().any(|running| running.id == job);
        let found = self.children.iter().find(|(_, child)| child.stock.as_ref().is_some_and(has));
        let Some(number) = found.map(|(number, _)| *number) else { return false };
        self.harvest(number);
        let Some(child) = self.children.get_mut(&number) else { return true };
        let Some(stock) = &mut child.stock else { return true };
        let Some((position, sent)) = stock.find(job) else { return true };
        if sent.running.stop.is_some() {
            return true;
        }
        if why == Stop::Deadline {
            // If it has not begun, this withdraws it.
            sent.running.pending.expire();
        }
        sent.running.stop = Some(why);
        if !stock.is_withdrawn(position) {
            child.kill_at = child.kill_at.into_iter().chain(now.checked_add(self.plan.grace)).min();
            child.ask_to_stop(job, why);
        }
        true
    }

    /// The worker is gone: what it had ended has ended, what it ran dies with it, what it had not begun goes to others.
    pub(super) fn bury_stock(&mut self, fates: Vec<Fate>, exit: Exit, nonsense: Option<&str>, death: &Death) {
        let mut back = Vec::new();
        for fate in fates {
            match fate {
                Fate::Waits(id, queued) => back.push((id, queued)),
                Fate::Over(sent, reply) => {
                    let answer = match open(&sent.running, reply) {
                        Some((answer, _)) => answer,
                        None => Answer::Nonsense("an answer in the ring that makes no sense".to_owned()),
                    };
                    sent.running.pending.finish(answer);
                }
                Fate::Started(sent) => {
                    self.died_busy(Box::new(sent.running), exit, nonsense.map(str::to_owned), death.clone());
                }
            }
        }
        self.queue_again(back);
    }
}

/// The answer to a job, and what its worker has in memory. `None` if it makes no sense.
fn open(running: &Running, reply: Reply) -> Option<(Answer, u64)> {
    match reply {
        Reply::OnSocket(answer) => Some((answer, 0)),
        Reply::InSlot(slip) if slip.job == running.id => {
            let kind = Kind::from_byte(slip.kind)?;
            let body = Body { structure: slip.bytes, ..Body::default() };
            Some((answer(kind, Frame::new(kind, slip.job, slip.a, body))?, slip.a))
        }
        Reply::InSlot(_) => None,
    }
}
