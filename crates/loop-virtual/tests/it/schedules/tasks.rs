//! Tasks, and what waits for several of them.

use super::guards::{Awaiting, Life};
use super::ledger::{Kind, Ticket, now};
use super::play::{Outcome, World, span};
use super::program::{Fate, Manner, Mode, SharedPlan};
use core_loop::{
    Cancelled, Elapsed, JoinError, ReturnWhen, Task, Waited, as_completed, current_task, gather, spawn,
    spawn_cooperative, spawn_eager, timeout, try_gather, wait, wait_for, yield_now,
};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;

/// A task that runs, and its life.
pub(super) struct Running {
    pub(super) ticket: Ticket,
    pub(super) task: Task<Outcome>,
}

impl World {
    pub(super) fn spawn(self: &Rc<Self>, manner: Manner, plan: &SharedPlan) -> Running {
        let kind = if manner.is_cooperative() { Kind::Cooperative } else { Kind::Task };
        let life = self.ledger.begin(kind, None, None);
        let ticket = life.ticket;
        let task = match manner {
            Manner::Plain => spawn(self.play(plan, life)),
            Manner::Eager => spawn_eager(self.play(plan, life)),
            _ => spawn_cooperative(self.clone().cooperate(manner, plan.clone(), life)),
        };
        Running { ticket, task }
    }

    /// A cooperative task: runs the plan, and answers a request in its manner.
    pub(super) async fn cooperate(
        self: Rc<Self>,
        manner: Manner,
        plan: SharedPlan,
        life: Life,
    ) -> Result<Outcome, Cancelled> {
        let ledger = &self.ledger;
        let me = life.ticket;
        let part = self.part(&plan, me);
        let well = match ledger.interruptible(part).await {
            Ok(outcome) => outcome.is_ok(),
            Err(cancelled) => {
                match manner {
                    Manner::CleansUpAndPassesOn => yield_now().await,
                    Manner::Swallows => drop(current_task().expect("it runs").uncancel()),
                    _ => {}
                }
                if matches!(manner, Manner::PassesOn | Manner::CleansUpAndPassesOn) {
                    ledger.passes_on(me);
                    return Err(cancelled);
                }
                ledger.saw("requests that were swallowed");
                manner == Manner::Swallows
            }
        };
        ledger.ended(me, well);
        Ok(if well { Ok(me) } else { Err(me) })
    }

    pub(super) fn cancel(&self, running: &Running, reason: &'static str) {
        let accepted = self.ledger.ask(running.ticket, Some(reason));
        let said = running.task.cancel(reason);
        self.ledger.must(said == accepted, || format!("cancelling {} gave {said}", running.ticket));
    }

    pub(super) async fn join(&self, mut running: Running) -> Result<Outcome, JoinError> {
        let awaiting = Awaiting { ledger: self.ledger.clone(), tickets: vec![running.ticket] };
        let outcome = (&mut running.task).await;
        awaiting.disarm();
        self.ledger.must(running.task.done(), || format!("{} was awaited, and is not done", running.ticket));
        self.ledger.joined(running.ticket, &outcome);
        outcome
    }

    pub(super) async fn task(self: &Rc<Self>, manner: Manner, plan: &SharedPlan, fate: Fate) {
        let running = self.spawn(manner, plan);
        self.end(running, fate).await;
    }

    /// Lets a task come to the end that it was meant to have.
    async fn end(&self, running: Running, fate: Fate) {
        match fate {
            Fate::Awaited => drop(self.join(running).await),
            Fate::Detached => running.task.detach(),
            Fate::Cancelled(pause, twice) => {
                pause.pass().await;
                self.cancel(&running, "at random");
                if twice {
                    self.cancel(&running, "at random, again");
                }
                drop(self.join(running).await);
            }
            Fate::CancelledOnDrop(pause) => {
                let task =
                    OnDrop { world: self, ticket: running.ticket, task: Some(running.task.cancel_on_drop()) };
                pause.pass().await;
                drop(task);
            }
        }
    }

    pub(super) async fn wait_for(self: &Rc<Self>, manner: Manner, ms: u32, plan: &SharedPlan) {
        let Running { ticket, mut task } = self.spawn(manner, plan);
        let deadline = now() + span(ms);
        self.ledger.limit(ticket, deadline);
        let awaiting = Awaiting { ledger: self.ledger.clone(), tickets: vec![ticket] };
        let outcome = wait_for(span(ms), &mut task).await;
        awaiting.disarm();
        self.ledger.must_be_finished(ticket, "a `wait_for` is over");
        match outcome {
            Ok(outcome) => self.ledger.joined(ticket, &outcome),
            Err(Elapsed) => {
                self.ledger.saw("tasks out of time");
                let late = now() >= deadline;
                self.ledger
                    .must(late && task.done(), || format!("a `wait_for` of {ticket} was over too early"));
            }
        }
    }

    pub(super) async fn wait(
        self: &Rc<Self>,
        plans: &[(Manner, SharedPlan)],
        mode: Mode,
        ms: Option<u32>,
        fate: Fate,
    ) {
        let mut all: Vec<_> = plans.iter().map(|(manner, plan)| self.spawn(*manner, plan)).collect();
        let when = match mode {
            Mode::First => ReturnWhen::FIRST_COMPLETED,
            Mode::FirstFailed => ReturnWhen::FIRST_EXCEPTION,
            Mode::All => ReturnWhen::ALL_COMPLETED,
        };
        let deadline = ms.map(|ms| now() + span(ms));
        let waiting = wait(all.iter_mut().map(|running| &mut running.task), when);
        let Waited { done, pending } = match ms {
            Some(ms) => waiting.timeout(span(ms)).await,
            None => waiting.await,
        };
        let [done, pending] =
            [done, pending].map(|side| side.iter().map(|task| task.any().id()).collect::<Vec<_>>());
        self.ledger.saw("waits");
        self.check_partition(&all, &done, &pending);
        let failed = |running: &&Running| matches!(running.task.result(), Some(Ok(Err(_))));
        let enough = match mode {
            Mode::First => !done.is_empty(),
            Mode::FirstFailed => all.iter().any(|running| failed(&running)) || pending.is_empty(),
            Mode::All => pending.is_empty(),
        };
        let late = deadline.is_some_and(|deadline| now() >= deadline);
        self.ledger.must(enough || late, || format!("{mode:?} gave {done:?} and {pending:?} too early"));
        for running in all {
            let fate = if running.task.done() { Fate::Awaited } else { fate };
            self.end(running, fate).await;
        }
    }

    fn check_partition(&self, all: &[Running], done: &[u64], pending: &[u64]) {
        let ids = |is_done: bool| {
            let side = all.iter().filter(|running| running.task.done() == is_done);
            side.map(|running| running.task.any().id()).collect::<Vec<_>>()
        };
        self.ledger.must(ids(true) == done && ids(false) == pending, || {
            format!("{done:?} and {pending:?} are not {:?} and {:?}", ids(true), ids(false))
        });
        for running in all.iter().filter(|running| running.task.done()) {
            self.ledger.must_be_finished(running.ticket, "a wait says that it is done");
        }
    }

    pub(super) async fn as_completed(self: &Rc<Self>, plans: &[(Manner, SharedPlan)], ms: Option<u32>) {
        let all: Vec<_> = plans.iter().map(|(manner, plan)| self.spawn(*manner, plan)).collect();
        let mut tickets: Vec<_> =
            all.iter().map(|running| (running.task.any().id(), running.ticket)).collect();
        let mut before: Vec<_> =
            all.iter().filter(|running| running.task.done()).map(|running| running.ticket).collect();
        before.reverse();
        let deadline = now() + span(ms.unwrap_or(1 << 20));
        let mut coming = as_completed(all.into_iter().map(|running| running.task)).timeout(deadline - now());
        let mut last = 0;
        while let Some(next) = coming.next().await {
            let Ok(task) = next else {
                self.ledger.must(now() >= deadline, || "an `as_completed` was over too early".to_owned());
                break;
            };
            let place = tickets.iter().position(|(id, _)| *id == task.any().id());
            let Some(place) = place else {
                self.ledger.complain("a task came twice");
                continue;
            };
            let (_, ticket) = tickets.swap_remove(place);
            self.ledger.must_be_finished(ticket, "a task has come");
            self.ledger.must(task.done(), || format!("{ticket} came, and is not done"));
            let (at, foreign) = self.ledger.with(ticket, |record| (record.finished, record.foreign));
            match before.pop() {
                Some(first) => self.ledger.must(first == ticket, || format!("{ticket} came before {first}")),
                None => {
                    let at = at.unwrap_or_default();
                    self.ledger.must(at > last || foreign, || format!("{ticket} came too late"));
                    last = at.max(last);
                }
            }
            drop(self.join(Running { ticket, task }).await);
        }
        self.ledger.saw(if tickets.is_empty() { "all that completed" } else { "some that completed" });
        let left = coming.into_pending().len();
        self.ledger.must(left == tickets.len(), || format!("{left} have not come, and not {tickets:?}"));
    }

    pub(super) async fn gather(self: &Rc<Self>, plans: &[SharedPlan]) {
        let lives: Vec<_> =
            plans.iter().map(|plan| self.play(plan, self.ledger.begin(Kind::Task, None, None))).collect();
        let tickets: Vec<_> = lives.iter().map(|life| life.ticket()).collect();
        let awaiting = Awaiting { ledger: self.ledger.clone(), tickets: tickets.clone() };
        let outcome = gather(lives).await;
        awaiting.disarm();
        match outcome {
            Ok(outcomes) => {
                self.ledger.saw("gathers");
                let places: Vec<_> =
                    outcomes.iter().map(|outcome| outcome.unwrap_or_else(|error| error)).collect();
                self.ledger.must(places == tickets, || format!("{tickets:?} were gathered as {outcomes:?}"));
                for (ticket, outcome) in tickets.into_iter().zip(outcomes) {
                    self.ledger.joined(ticket, &Ok(outcome));
                }
            }
            Err(error) => self.ledger.must(self.ledger.closing.get(), || format!("{tickets:?}: {error}")),
        }
    }

    pub(super) async fn try_gather(self: &Rc<Self>, plans: &[SharedPlan]) {
        let lives: Vec<_> =
            plans.iter().map(|plan| self.play(plan, self.ledger.begin(Kind::Task, None, None))).collect();
        let tickets: Vec<_> = lives.iter().map(|life| life.ticket()).collect();
        let awaiting = Awaiting { ledger: self.ledger.clone(), tickets: tickets.clone() };
        let outcome = try_gather(lives).await;
        awaiting.disarm();
        match outcome {
            Ok(Ok(values)) => {
                self.ledger.must(values == tickets, || format!("{tickets:?} were gathered as {values:?}"));
                values.into_iter().for_each(|ticket| self.ledger.joined(ticket, &Ok(Ok(ticket))));
            }
            Ok(Err(error)) => {
                self.ledger.saw("gathers that failed");
                self.ledger.joined(error, &Ok(Err(error)));
                let at = |ticket: Ticket| {
                    self.ledger.with(ticket, |record| {
                        record.finished.filter(|_| record.ended == Some(false) && !record.foreign)
                    })
                };
                let first = tickets.iter().filter_map(|ticket| Some((at(*ticket)?, *ticket))).min();
                let first = first.map(|(_, ticket)| ticket);
                self.ledger.must(at(error).is_none() || first == Some(error), || {
                    format!("{error} failed after {first:?}")
                });
            }
            Err(error) => self.ledger.must(self.ledger.closing.get(), || format!("{tickets:?}: {error}")),
        }
    }

    pub(super) async fn shield(self: &Rc<Self>, plan: &SharedPlan, ms: Option<u32>) {
        let life = self.ledger.begin(Kind::Task, None, None);
        let ticket = life.ticket;
        // Nobody cancels it, so it must not be dropped before it has ended.
        let shielded = core_loop::shield(self.play(plan, life));
        let outcome = match ms {
            Some(ms) => timeout(span(ms), shielded).await,
            None => Ok(shielded.await),
        };
        match outcome {
            Ok(outcome) => self.ledger.joined(ticket, &outcome),
            Err(Elapsed) => self.ledger.saw("shields out of time"),
        }
    }
}

/// A handle whose drop cancels.
struct OnDrop<'a> {
    world: &'a World,
    ticket: Ticket,
    task: Option<Task<Outcome>>,
}

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        // As far as anybody can tell the words are the library's.
        self.world.ledger.ask(self.ticket, None);
        drop(self.task.take());
    }
}

/// Ends when `future` does; `true` if its first poll was enough.
pub(super) async fn at_once<F: Future>(future: F) -> (bool, F::Output) {
    let mut future = Box::pin(future);
    let mut polls = 0;
    let output = poll_fn(|cx| {
        polls += 1;
        Pin::new(&mut future).poll(cx)
    })
    .await;
    (polls == 1, output)
}
