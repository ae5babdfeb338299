//! A program at random, drawn from the seed: what its tasks do, and how they end.
//!
//! Every program ends, unless it is meant to hang: whatever may wait for ever is put where something else ends it.

use loop_virtual::random_below;
use std::rc::Rc;

/// Something that runs, step by step, and how it ends.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
}

pub(super) type SharedPlan = Rc<Plan>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Value,
    Failure,
    /// Only where somebody else ends it.
    Never,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Pause {
    Turns(u32),
    Ms(u32),
}

#[derive(Debug)]
pub(super) enum Step {
    Pause(Pause),
    /// A word over a link and back.
    Echo,
    Inline(SharedPlan),
    /// A timeout.
    Bounded(Bound, u32, SharedPlan),
    /// Dropped after the pause, as the loser of a `select!` is.
    Race(Pause, SharedPlan),
    /// `finally`, with a clean-up that takes so long.
    Clean(SharedPlan, Pause),
    /// A part in which a request can be taken. It is swallowed then, or asked for again, for the part around this one.
    Cancellable(SharedPlan, bool),
    Task(Manner, SharedPlan, Fate),
    WaitFor(Manner, u32, SharedPlan),
    Wait(Vec<(Manner, SharedPlan)>, Mode, Option<u32>, Fate),
    AsCompleted(Vec<(Manner, SharedPlan)>, Option<u32>),
    Gather(Vec<SharedPlan>),
    TryGather(Vec<SharedPlan>),
    Shield(SharedPlan, Option<u32>),
    Group(Rc<GroupPlan>),
    /// A future that a task sets after the pause, if it does, and that several await.
    Promise {
        kept: bool,
        after: Pause,
        awaiters: u32,
    },
    Lock(Pause),
    Semaphore(Pause),
    Put(u32),
    Get(u32),
    Set(bool),
    AwaitSet(u32),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    After,
    At,
    /// In a scope, moved by so much.
    Scope(Option<u32>),
}

/// What kind of task, and what a cooperative one does about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Plain,
    Eager,
    PassesOn,
    CleansUpAndPassesOn,
    Swallows,
    Fails,
}

impl Manner {
    pub(super) fn is_cooperative(self) -> bool {
        !matches!(self, Self::Plain | Self::Eager)
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Awaited,
    Detached,
    /// After the pause; perhaps twice.
    Cancelled(Pause, bool),
    /// Its handle cancels it when it is dropped after the pause.
    CancelledOnDrop(Pause),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    First,
    FirstFailed,
    All,
}

#[derive(Debug)]
pub(super) struct GroupPlan {
    pub(super) scoped: bool,
    pub(super) moves: Vec<Move>,
    pub(super) end: End,
    /// Somebody else cancels the group after the pause, and then tries to spawn into it.
    pub(super) outsider: Option<Pause>,
}

/// What the body of a group does.
#[derive(Debug)]
pub(super) enum Move {
    Pause(Pause),
    Spawn(Rc<ChildPlan>),
    /// With a report, or without one.
    Start(Rc<ChildPlan>, bool),
    CancelFirst,
    AwaitLast,
    CancelAll,
}

#[derive(Debug)]
pub(super) struct ChildPlan {
    pub(super) manner: Manner,
    pub(super) plan: SharedPlan,
    /// It spawns one more.
    pub(super) sibling: Option<SharedPlan>,
    /// At its end it cancels its group, and so itself.
    pub(super) cancels: bool,
}

/// A whole program, and whether it hangs.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) plan: SharedPlan,
}

impl Program {
    /// One at random. One in twenty hangs.
    pub(super) fn draw() -> Self {
        let mut draft = Draft { left: 4 + below(40) };
        let mut steps = Vec::new();
        while draft.left > 0 {
            steps.push(draft.step(4, false));
        }
        let end = if one_in(20) { End::Never } else { End::Value };
        Self { plan: Rc::new(Plan { steps, end }) }
    }

    pub(super) fn hangs(&self) -> bool {
        self.plan.end == End::Never
    }
}

fn below(bound: u32) -> u32 {
    u32::try_from(random_below(u64::from(bound))).expect("it is below a u32")
}

fn one_in(times: u32) -> bool {
    below(times) == 0
}

fn ms() -> u32 {
    below(12)
}

fn perhaps_ms() -> Option<u32> {
    one_in(2).then(ms)
}

fn pause() -> Pause {
    if one_in(2) { Pause::Turns(below(4)) } else { Pause::Ms(ms()) }
}

fn manner() -> Manner {
    [
        Manner::Plain,
        Manner::Plain,
        Manner::Plain,
        Manner::Eager,
        Manner::PassesOn,
        Manner::CleansUpAndPassesOn,
        Manner::Swallows,
        Manner::Fails,
    ][below(8) as usize]
}

fn mode() -> Mode {
    [Mode::First, Mode::FirstFailed, Mode::All][below(3) as usize]
}

/// Draws plans until so many steps are used up.
struct Draft {
    left: u32,
}

impl Draft {
    /// `hangs`: something ends it if it waits for ever.
    fn plan(&mut self, depth: u32, hangs: bool) -> SharedPlan {
        let steps = (0..below(3)).map(|_| self.step(depth, hangs)).collect();
        let end = match below(8) {
            0 | 1 => End::Failure,
            2 | 3 if hangs => End::Never,
            _ => End::Value,
        };
        Rc::new(Plan { steps, end })
    }

    fn step(&mut self, depth: u32, hangs: bool) -> Step {
        self.left = self.left.saturating_sub(1);
        if depth == 0 || self.left == 0 {
            return leaf();
        }
        let depth = depth - 1;
        match below(24) {
            0..=4 => leaf(),
            5 => Step::Inline(self.plan(depth, hangs)),
            6 | 7 => {
                let how = [Bound::After, Bound::At, Bound::Scope(perhaps_ms())][below(3) as usize];
                Step::Bounded(how, ms(), self.plan(depth, true))
            }
            8 => Step::Race(pause(), self.plan(depth, true)),
            9 | 10 => Step::Clean(self.plan(depth, hangs), pause()),
            // A request that is swallowed ends nothing else.
            11 => Step::Cancellable(self.plan(depth, hangs), !hangs && one_in(2)),
            12 | 13 => self.task(depth, hangs),
            14 => Step::WaitFor(manner(), ms(), self.plan(depth, true)),
            15 => self.wait(depth, hangs),
            16 => {
                let limit = perhaps_ms();
                Step::AsCompleted(self.tasks(depth, hangs || limit.is_some()), limit)
            }
            17 => Step::Gather(self.plans(depth, hangs)),
            18 => Step::TryGather(self.plans(depth, hangs)),
            19 => {
                let limit = perhaps_ms();
                Step::Shield(self.plan(depth, hangs || limit.is_some()), limit)
            }
            _ => Step::Group(Rc::new(self.group(depth, hangs))),
        }
    }

    fn plans(&mut self, depth: u32, hangs: bool) -> Vec<SharedPlan> {
        (0..below(4)).map(|_| self.plan(depth, hangs)).collect()
    }

    fn tasks(&mut self, depth: u32, hangs: bool) -> Vec<(Manner, SharedPlan)> {
        (0..1 + below(3)).map(|_| (manner(), self.plan(depth, hangs))).collect()
    }

    fn task(&mut self, depth: u32, hangs: bool) -> Step {
        let fate = match below(5) {
            0 => Fate::Awaited,
            1 => Fate::Detached,
            2 => Fate::CancelledOnDrop(pause()),
            _ => Fate::Cancelled(pause(), one_in(3)),
        };
        let hangs = hangs || (!matches!(fate, Fate::Awaited) && one_in(2));
        Step::Task(manner(), self.plan(depth, hangs), fate)
    }

    fn wait(&mut self, depth: u32, hangs: bool) -> Step {
        let limit = perhaps_ms();
        let fate = if one_in(2) { Fate::Detached } else { Fate::Cancelled(pause(), false) };
        Step::Wait(self.tasks(depth, hangs || limit.is_some()), mode(), limit, fate)
    }

    fn group(&mut self, depth: u32, hangs: bool) -> GroupPlan {
        let end = match below(8) {
            0 => End::Failure,
            1 if hangs => End::Never,
            _ => End::Value,
        };
        let cancels = one_in(5);
        // The children are cancelled at the latest when the body has come to its end.
        let ended = cancels || end == End::Failure;
        let mut moves = Vec::new();
        for _ in 0..below(6) {
            moves.push(match below(10) {
                0..=4 => Move::Spawn(self.child(depth, hangs || ended)),
                5 => Move::Start(self.child(depth, hangs), !one_in(3)),
                6 => Move::Pause(pause()),
                7 => Move::CancelFirst,
                8 if hangs || !ended => Move::AwaitLast,
                8 => Move::Pause(pause()),
                _ if one_in(3) => Move::CancelAll,
                _ => Move::Pause(pause()),
            });
        }
        if cancels {
            moves.push(Move::CancelAll);
        }
        GroupPlan { scoped: one_in(3), moves, end, outsider: one_in(6).then(pause) }
    }

    fn child(&mut self, depth: u32, hangs: bool) -> Rc<ChildPlan> {
        let manner = if one_in(2) { Manner::Plain } else { manner() };
        let sibling = one_in(6).then(|| self.plan(depth, hangs));
        Rc::new(ChildPlan { manner, plan: self.plan(depth, hangs), sibling, cancels: one_in(12) })
    }
}

/// A step without others in it.
fn leaf() -> Step {
    match below(12) {
        0 => Step::Echo,
        1 => Step::Lock(pause()),
        2 => Step::Semaphore(pause()),
        3 => Step::Put(ms()),
        4 => Step::Get(ms()),
        5 => Step::Set(!one_in(3)),
        6 => Step::AwaitSet(ms()),
        7 => Step::Promise { kept: !one_in(4), after: pause(), awaiters: below(3) },
        _ => Step::Pause(pause()),
    }
}
