//! Runs plans, and tells the ledger of each step; looks at what comes back.

use super::guards::{CleanUp, Life};
use super::ledger::{Kind, Ledger, Ticket, now};
use super::program::{Bound, End, Pause, SharedPlan, Step};
use super::shared::Shared;
use core_loop::{
    Cancelled, Elapsed, cancellable, current_task, finally, sleep_until, timeout, timeout_at, timeout_scope,
    yield_now,
};
use futures_lite::future::{or, zip};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use loop_virtual::{Link, pair};
use std::future::pending;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// What a life gives: itself, as its value or as its error.
pub(super) type Outcome = Result<Ticket, Ticket>;

const MS: Duration = Duration::from_millis(1);

/// What all tasks of a program share.
pub(super) struct World {
    pub(super) ledger: Rc<Ledger>,
    pub(super) shared: Shared,
}

/// The future of a life. It tells of each poll, of its end and of its drop.
pub(super) struct Tracked {
    /// `None` once it has ended. Dropped before the life.
    future: Option<Pin<Box<dyn Future<Output = bool>>>>,
    pub(super) life: Life,
}

impl Tracked {
    pub(super) fn new(life: Life, future: impl Future<Output = bool> + 'static) -> Self {
        Self { future: Some(Box::pin(future)), life }
    }

    pub(super) fn ticket(&self) -> Ticket {
        self.life.ticket
    }
}

impl Future for Tracked {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let (ledger, ticket) = (self.life.ledger.clone(), self.life.ticket);
        ledger.polled(ticket);
        let Some(future) = &mut self.future else { return Poll::Pending };
        let poll = ledger.during_poll(ticket, || future.as_mut().poll(cx));
        let well = ready!(poll);
        self.future = None;
        ledger.ended(ticket, well);
        Poll::Ready(if well { Ok(ticket) } else { Err(ticket) })
    }
}

impl Pause {
    pub(super) async fn pass(self) {
        let late = self.pass_perhaps_late().await;
        assert_eq!(late, Duration::ZERO, "a sleep is never late");
    }

    /// Gives how late it was: a clean-up that was begun in place may have to wait for others before it goes on.
    async fn pass_perhaps_late(self) -> Duration {
        match self {
            Self::Turns(turns) => {
                for _ in 0..turns {
                    yield_now().await;
                }
                Duration::ZERO
            }
            Self::Ms(ms) => {
                let due = now() + MS * ms;
                sleep_until(due).await;
                now().checked_duration_since(due).expect("a sleep is never early")
            }
        }
    }
}

pub(super) fn span(ms: u32) -> Duration {
    MS * ms
}

impl World {
    /// A run of `plan`, as a life of its own.
    pub(super) fn play(self: &Rc<Self>, plan: &SharedPlan, life: Life) -> Tracked {
        let (world, plan, ticket) = (self.clone(), plan.clone(), life.ticket);
        Tracked::new(life, async move { world.run(&plan, ticket).await })
    }

    /// A run of `plan` as a part of `owner`.
    pub(super) fn part(self: &Rc<Self>, plan: &SharedPlan, owner: Ticket) -> Tracked {
        self.play(plan, self.ledger.begin(Kind::Inline, Some(owner), None))
    }

    /// Gives whether it ended well.
    pub(super) async fn run(self: &Rc<Self>, plan: &SharedPlan, me: Ticket) -> bool {
        for step in &plan.steps {
            self.step(step, me).await;
        }
        match plan.end {
            End::Value => true,
            End::Failure => false,
            End::Never => pending().await,
        }
    }

    /// In a box: plans hold plans.
    fn step<'a>(self: &'a Rc<Self>, step: &'a Step, me: Ticket) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        match step {
            Step::Pause(pause) => Box::pin(pause.pass()),
            Step::Echo => Box::pin(echo()),
            Step::Inline(plan) => Box::pin(async move {
                let _outcome = self.part(plan, me).await;
            }),
            Step::Bounded(how, ms, plan) => Box::pin(self.bounded(*how, *ms, plan, me)),
            Step::Race(pause, plan) => Box::pin(self.race(*pause, plan, me)),
            Step::Clean(plan, pause) => Box::pin(self.clean(plan, *pause, me)),
            Step::Cancellable(plan, swallows) => Box::pin(self.cancellable(plan, *swallows, me)),
            Step::Task(manner, plan, fate) => Box::pin(self.task(*manner, plan, *fate)),
            Step::WaitFor(manner, ms, plan) => Box::pin(self.wait_for(*manner, *ms, plan)),
            Step::Wait(plans, mode, ms, fate) => Box::pin(self.wait(plans, *mode, *ms, *fate)),
            Step::AsCompleted(plans, ms) => Box::pin(self.as_completed(plans, *ms)),
            Step::Gather(plans) => Box::pin(self.gather(plans)),
            Step::TryGather(plans) => Box::pin(self.try_gather(plans)),
            Step::Shield(plan, ms) => Box::pin(self.shield(plan, *ms)),
            Step::Group(group) => Box::pin(self.group(group, me)),
            Step::Promise { kept, after, awaiters } => Box::pin(self.promise(*kept, *after, *awaiters)),
            Step::Lock(pause) => Box::pin(self.lock(*pause)),
            Step::Semaphore(pause) => Box::pin(self.semaphore(*pause)),
            Step::Put(ms) => Box::pin(self.put(*ms)),
            Step::Get(ms) => Box::pin(self.get(*ms)),
            Step::Set(on) => Box::pin(self.set(*on)),
            Step::AwaitSet(ms) => Box::pin(self.await_set(*ms)),
        }
    }

    async fn bounded(self: &Rc<Self>, how: Bound, ms: u32, plan: &SharedPlan, me: Ticket) {
        let body = self.part(plan, me);
        let ticket = body.ticket();
        let mut deadline = now() + span(ms);
        let outcome = match how {
            Bound::After => timeout(span(ms), body).await,
            Bound::At => timeout_at(deadline, body).await,
            Bound::Scope(later) => {
                let moved = later.map(|later| deadline + span(later));
                deadline = moved.unwrap_or(deadline);
                let body = async |scope: core_loop::TimeoutScope| {
                    if moved.is_some() {
                        scope.reschedule(moved).expect("it has just begun");
                    }
                    body.await
                };
                timeout_scope(span(ms), body).await
            }
        };
        self.ledger.must_be_finished(ticket, "a timeout is over");
        let ended = self.ledger.with(ticket, |record| record.ended);
        let late = now();
        let well = match outcome {
            Ok(outcome) => outcome.is_ok() == (ended == Some(true)) && late <= deadline,
            Err(Elapsed) => ended.is_none() && late >= deadline,
        };
        self.ledger.saw(if outcome.is_ok() { "in time" } else { "out of time" });
        self.ledger.must(well, || {
            format!("{ticket} {ended:?}, its timeout: {outcome:?}, {late:?} for {deadline:?}")
        });
    }

    async fn race(self: &Rc<Self>, pause: Pause, plan: &SharedPlan, me: Ticket) {
        let mut loser = Box::pin(self.part(plan, me));
        let ticket = loser.ticket();
        let first = async { loser.as_mut().await.map_or(true, |_| true) };
        let ended = or(first, async {
            pause.pass().await;
            false
        })
        .await;
        self.ledger.saw(if ended { "races won" } else { "races lost" });
        self.ledger.drop_plainly(ticket, || drop(loser));
    }

    async fn clean(self: &Rc<Self>, plan: &SharedPlan, pause: Pause, me: Ticket) {
        let part = self.part(plan, me);
        let ticket = part.ticket();
        let owed = CleanUp::new(&self.ledger, me, ticket);
        let clean_up = async move |owed: CleanUp| {
            owed.begin();
            pause.pass_perhaps_late().await;
            owed.end();
        };
        let _outcome = finally(owed, async |_: &mut CleanUp| part.await, clean_up).await;
        self.ledger.must_be_finished(ticket, "a `finally` is over");
    }

    /// Takes a request, if its task is a cooperative one; then asks for it again, unless it `swallows` it.
    async fn cancellable(self: &Rc<Self>, plan: &SharedPlan, swallows: bool, me: Ticket) {
        let part = self.part(plan, me);
        if self.ledger.interruptible(part).await.is_ok() {
            return;
        }
        let task = current_task().expect("a plan runs in a task");
        task.uncancel();
        if !swallows {
            self.ledger.saw("requests that were passed on");
            self.ledger.ask(self.ledger.task_of(me), Some("passed on"));
            task.cancel("passed on");
        }
    }
}

impl Ledger {
    /// `part`, unless its task is a cooperative one and takes a request in it.
    pub(super) async fn interruptible(&self, part: Tracked) -> Result<Outcome, Cancelled> {
        let ticket = part.ticket();
        self.enter(ticket);
        let outcome = Watched::new(Abandons(self, ticket), cancellable(part)).await;
        if let Err(cancelled) = &outcome {
            self.delivered(ticket, cancelled.reason().as_str());
        }
        outcome
    }
}

/// The place where the request was to be taken goes, before the part in it.
struct Abandons<'a>(&'a Ledger, Ticket);

impl Drop for Abandons<'_> {
    fn drop(&mut self) {
        self.0.abandons(self.1);
    }
}

/// A future, and what is dropped before it if it is dropped unfinished.
pub(super) struct Watched<G, F> {
    guard: Option<G>,
    future: Pin<Box<F>>,
}

impl<G, F: Future> Watched<G, F> {
    pub(super) fn new(guard: G, future: F) -> Self {
        Self { guard: Some(guard), future: Box::pin(future) }
    }
}

impl<G: Unpin, F: Future> Future for Watched<G, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let output = ready!(self.future.as_mut().poll(cx));
        std::mem::forget(self.guard.take());
        Poll::Ready(output)
    }
}

/// A word over a link and back.
async fn echo() {
    let (mut near, mut far) = pair(Link::new().latency(MS..=9 * MS).partial());
    let mut word = Vec::new();
    let there = async {
        near.write_all(b"word").await.expect("it is perfect");
        near.read_to_end(&mut word).await.expect("it is perfect");
    };
    let back = async move {
        let mut word = [0; 4];
        far.read_exact(&mut word).await.expect("it is perfect");
        far.write_all(&word).await.expect("it is perfect");
    };
    zip(there, back).await;
    assert_eq!(word, b"word");
}
