//! Groups, of tasks and of futures that are polled in place.

use super::group_book::Door;
use super::guards::Life;
use super::ledger::{Kind, Ledger, Ticket};
use super::play::{Outcome, Tracked, Watched, World};
use super::program::{ChildPlan, End, GroupPlan, Move, SharedPlan};
use super::tasks::at_once;
use core_loop::{
    ChildError, ChildTask, GroupClosed, GroupError, ScopedChild, ScopedGroup, StartError, TaskGroup, spawn,
};
use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;

/// Makes a child of a group of tasks one of the kind at hand.
type Ours<G> = fn(ChildTask<Ticket>) -> <G as Group>::Child;

/// What both kinds of groups can do.
trait Group: Clone + Sized + 'static {
    type Child: Future<Output = Result<Ticket, ChildError>>;
    const KIND: Kind;

    async fn scope(body: impl AsyncFnOnce(&Self) -> Outcome) -> Result<Ticket, GroupError<Ticket>>;
    fn spawn(&self, child: Tracked) -> Result<Self::Child, GroupClosed<Tracked>>;
    fn cancel(&self, reason: &'static str);
    fn cancel_child(child: &Self::Child) -> bool;
    fn is_done(child: &Self::Child) -> bool;
    /// The group as one of tasks, and its child as one of ours.
    fn tasks(&self) -> Option<(&TaskGroup<Ticket>, Ours<Self>)>;
}

impl Group for TaskGroup<Ticket> {
    type Child = ChildTask<Ticket>;
    const KIND: Kind = Kind::Task;

    async fn scope(body: impl AsyncFnOnce(&Self) -> Outcome) -> Result<Ticket, GroupError<Ticket>> {
        Self::scope(body).await
    }

    fn spawn(&self, child: Tracked) -> Result<Self::Child, GroupClosed<Tracked>> {
        self.try_spawn(child)
    }

    fn cancel(&self, reason: &'static str) {
        self.cancel(reason);
    }

    fn cancel_child(child: &Self::Child) -> bool {
        child.cancel("at random")
    }

    fn is_done(child: &Self::Child) -> bool {
        child.done()
    }

    fn tasks(&self) -> Option<(&TaskGroup<Ticket>, Ours<Self>)> {
        Some((self, |child| child))
    }
}

impl Group for ScopedGroup<'static, Ticket> {
    type Child = ScopedChild<Ticket>;
    const KIND: Kind = Kind::Scoped;

    async fn scope(body: impl AsyncFnOnce(&Self) -> Outcome) -> Result<Ticket, GroupError<Ticket>> {
        Self::scope(body).await
    }

    fn spawn(&self, child: Tracked) -> Result<Self::Child, GroupClosed<Tracked>> {
        self.try_spawn(child)
    }

    fn cancel(&self, reason: &'static str) {
        self.cancel(reason);
    }

    fn cancel_child(child: &Self::Child) -> bool {
        child.cancel("at random")
    }

    fn is_done(child: &Self::Child) -> bool {
        child.done()
    }

    fn tasks(&self) -> Option<(&TaskGroup<Ticket>, Ours<Self>)> {
        None
    }
}

type Handles<G> = Rc<RefCell<Vec<(Ticket, <G as Group>::Child)>>>;

/// A group from inside.
struct Site<G: Group> {
    world: Rc<World>,
    group: G,
    number: usize,
    /// The life that runs the group.
    owner: Ticket,
    /// They outlive the group.
    handles: Handles<G>,
}

impl<G: Group> Clone for Site<G> {
    fn clone(&self) -> Self {
        let (world, group, handles) = (self.world.clone(), self.group.clone(), self.handles.clone());
        Self { world, group, number: self.number, owner: self.owner, handles }
    }
}

impl World {
    pub(super) async fn group(self: &Rc<Self>, plan: &Rc<GroupPlan>, me: Ticket) {
        if plan.scoped {
            self.group_of::<ScopedGroup<'static, Ticket>>(plan, me).await;
        } else {
            self.group_of::<TaskGroup<Ticket>>(plan, me).await;
        }
    }

    async fn group_of<G: Group>(self: &Rc<Self>, plan: &Rc<GroupPlan>, me: Ticket) {
        let ledger = &self.ledger;
        let number = ledger.begin_group();
        let life = ledger.begin(Kind::Inline, Some(me), None);
        let body = life.ticket;
        let handles = Handles::<G>::default();
        let (inside, plan) = (handles.clone(), plan.clone());
        let scope = G::scope(async |group: &G| {
            let (world, group) = (self.clone(), group.clone());
            let site = Site { world, group, number, owner: me, handles: inside };
            let outcome = Tracked::new(life, async move { site.body(&plan).await }).await;
            if outcome.is_err() {
                ledger.body_has_failed(number, body);
            }
            outcome
        });
        let outcome = Watched::new(Left(ledger, number), scope).await;
        ledger.end_group(number, body, outcome);
        for (child, handle) in handles.take() {
            ledger.must(G::is_done(&handle), || {
                format!("a group is over, and the handle of {child} is not done")
            });
            let (at_once, outcome) = at_once(handle).await;
            ledger.must(at_once, || format!("a group is over, and {child} is waited for"));
            ledger.child_gave(child, &outcome);
        }
    }
}

impl<G: Group> Site<G> {
    async fn body(self, plan: &GroupPlan) -> bool {
        if let Some(pause) = plan.outsider {
            let (outside, life) = (self.clone(), self.world.ledger.begin(Kind::Task, None, None));
            let cancelling = async move {
                pause.pass().await;
                outside.cancel("from outside");
                outside.refuses();
                true
            };
            spawn(Tracked::new(life, cancelling)).detach();
        }
        for step in &plan.moves {
            match step {
                Move::Pause(pause) => pause.pass().await,
                Move::Spawn(child) => self.spawn(child),
                Move::Start(child, reports) => self.start(child, *reports).await,
                Move::CancelFirst => self.cancel_first(),
                Move::AwaitLast => {
                    let last = self.handles.borrow_mut().pop();
                    if let Some((child, handle)) = last {
                        self.world.ledger.child_gave(child, &handle.await);
                    }
                }
                Move::CancelAll => self.cancel("by the body"),
            }
        }
        match plan.end {
            End::Value => true,
            End::Failure => false,
            End::Never => pending().await,
        }
    }

    fn cancel(&self, reason: &'static str) {
        self.world.ledger.saw("groups that were cancelled");
        self.world.ledger.cancel_group(self.number);
        self.group.cancel(reason);
    }

    fn cancel_first(&self) {
        let handles = self.handles.borrow();
        if let Some((child, handle)) = handles.first() {
            let accepted = self.world.ledger.ask(*child, None);
            let said = G::cancel_child(handle);
            self.world.ledger.must(said == accepted, || format!("cancelling the child {child} gave {said}"));
        }
    }

    /// A life for a child that is about to be spawned, and whether it must be taken.
    fn child(&self, kind: Kind) -> (Life, Door) {
        let ledger = &self.world.ledger;
        let (life, door) =
            (ledger.begin(kind, Some(self.owner), Some(self.number)), ledger.door(self.number));
        if door != Door::Open {
            ledger.may_be_refused(life.ticket);
        }
        ledger.book(self.number, |book| book.children.push(life.ticket));
        (life, door)
    }

    fn was_taken(&self, child: Ticket, door: Door, taken: bool) {
        self.world.ledger.saw(if taken { "children" } else { "children that were refused" });
        let well = door == Door::Closing || taken == (door == Door::Open);
        self.world.ledger.must(well, || format!("the group is {door:?}, and {child} was taken: {taken}"));
    }

    fn refuses(&self) {
        let (life, door) = self.child(G::KIND);
        let child = life.ticket;
        let taken = self.group.spawn(Tracked::new(life, async { true })).is_ok();
        self.was_taken(child, door, taken);
    }

    fn spawn(&self, child: &Rc<ChildPlan>) {
        match self.group.tasks() {
            Some((group, ours)) if child.manner.is_cooperative() => {
                let (life, door) = self.child(Kind::Cooperative);
                let ticket = life.ticket;
                let future = self.world.clone().cooperate(child.manner, child.plan.clone(), life);
                let handle = group.spawn_cooperative(future);
                self.was_taken(ticket, door, handle.name().is_some());
                self.handles.borrow_mut().push((ticket, ours(handle)));
            }
            _ => self.spawn_plain(child.plan.clone(), child.sibling.clone(), child.cancels),
        }
    }

    fn spawn_plain(&self, plan: SharedPlan, sibling: Option<SharedPlan>, cancels: bool) {
        let (life, door) = self.child(G::KIND);
        let (ticket, site) = (life.ticket, self.clone());
        let future = async move {
            let well = site.world.run(&plan, ticket).await;
            if let Some(sibling) = sibling {
                site.spawn_plain(sibling, None, false);
            }
            if cancels {
                site.cancel("by a child");
            }
            well
        };
        let taken = self.group.spawn(Tracked::new(life, future));
        self.was_taken(ticket, door, taken.is_ok());
        if let Ok(handle) = taken {
            self.handles.borrow_mut().push((ticket, handle));
        }
    }

    /// Starts a child, and waits for its report, which comes before its plan.
    async fn start(&self, child: &Rc<ChildPlan>, reports: bool) {
        let Some((group, ours)) = self.group.tasks() else { return self.spawn(child) };
        let (ledger, number) = (&self.world.ledger, self.number);
        let (life, door) = self.child(Kind::Task);
        let (ticket, world, plan) = (life.ticket, self.world.clone(), child.plan.clone());
        ledger.begin_start(number, ticket);
        let starting = Starting { ledger, number, child: ticket };
        let started = group.start(async move |status: core_loop::TaskStatus<Ticket>| {
            let future = async move {
                core_loop::yield_now().await;
                if reports {
                    world.ledger.reported(number, ticket);
                    status.started(ticket);
                }
                world.run(&plan, ticket).await
            };
            Tracked::new(life, future).await
        });
        let outcome = started.await;
        std::mem::forget(starting);
        let ended = ledger.with(ticket, |record| record.ended);
        let well = match &outcome {
            Ok((value, _)) => *value == ticket && reports,
            Err(StartError::Failed(error)) => *error == ticket && ended == Some(false) && !reports,
            Err(StartError::Unreported) => ended == Some(true) && !reports,
            Err(StartError::Ended(ChildError::Cancelled(_))) => {
                door != Door::Open || ledger.was_cancelled(ticket)
            }
            Err(_) => false,
        };
        ledger.saw(if outcome.is_ok() { "starts" } else { "starts that failed" });
        ledger.must(well, || format!("the start of {ticket}, which {ended:?}: {:?}", outcome.as_ref().err()));
        match outcome {
            Ok((_, handle)) => self.handles.borrow_mut().push((ticket, ours(handle))),
            Err(_) => ledger.must_be_finished(ticket, "a start has failed"),
        }
    }
}

impl Ledger {
    /// Whether it ended because of a cancel, or was overruled by one.
    fn was_cancelled(&self, child: Ticket) -> bool {
        self.with(child, |record| record.ended.is_none() || record.asked.is_some())
    }

    /// What the handle of a child says.
    fn child_gave(&self, child: Ticket, outcome: &Result<Ticket, ChildError>) {
        self.must_be_finished(child, "a child has an outcome");
        let cancelled = self.was_cancelled(child);
        let ended = self.with(child, |record| record.ended);
        let well = match outcome {
            Ok(value) => *value == child && ended == Some(true) && !cancelled,
            Err(ChildError::Failed) => self.failed(child),
            Err(ChildError::Cancelled(_)) => cancelled,
            Err(_) => false,
        };
        self.must(well, || format!("the child {child}, which {ended:?}, gave {outcome:?}"));
    }
}

/// The scope of a group goes before its end, and nothing of it has gone yet.
struct Left<'a>(&'a Ledger, usize);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.leave_group(self.1);
    }
}

/// Somebody waits for the report of a child.
struct Starting<'a> {
    ledger: &'a Ledger,
    number: usize,
    child: Ticket,
}

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        self.ledger.abandon_start(self.number, self.child);
    }
}
