//! What happens on the loop's own thread: tasks that do every kind of step, to each other as well.

use super::super::account::Gone;
use super::ledger::{Ledger, Record};
use super::threads::Waiting;
use super::{Dice, End, Progress};
use crate::Miss;
use crate::behaviour::ensure;
use crate::loops::quiet_panic;
use core_loop::{Task, finally, sleep, spawn, timeout, yield_now};
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What tasks panic with.
pub(super) const ON_PURPOSE: &str = "on purpose";

/// How many tasks one main spawns at most; they spawn about as many again.
const TASKS: u64 = 400;

/// How many tasks a round spawns at most, all together.
const ALL_TASKS: u64 = 2000;

/// What the tasks of one loop share.
pub(super) struct World {
    ledger: Arc<Ledger>,
    waiting: Arc<Waiting>,
    progress: Arc<Progress>,
    dice: RefCell<Dice>,
    spawned: Cell<u64>,
    /// Tasks whose handle nobody else has.
    handles: RefCell<Vec<Kept>>,
    /// The first outcome that no history allows.
    broken: RefCell<Option<Miss>>,
}

/// A task that somebody may ask for.
struct Kept {
    record: Arc<Record>,
    task: Task<u64>,
}

impl World {
    pub(super) fn new(
        ledger: &Arc<Ledger>,
        waiting: &Arc<Waiting>,
        progress: &Arc<Progress>,
        dice: Dice,
    ) -> Rc<Self> {
        Rc::new(Self {
            ledger: ledger.clone(),
            waiting: waiting.clone(),
            progress: progress.clone(),
            dice: RefCell::new(dice),
            spawned: Cell::new(0),
            handles: RefCell::default(),
            broken: RefCell::default(),
        })
    }

    pub(super) fn count(&self) {
        self.progress.count();
    }

    fn below(&self, bound: u64) -> u64 {
        self.dice.borrow_mut().below(bound)
    }

    /// Takes the handle of a task at random, if it was spawned after the task `after`.
    fn take(&self, after: u64) -> Option<Kept> {
        let mut handles = self.handles.borrow_mut();
        let index = self.dice.borrow_mut().index(handles.len())?;
        (handles[index].record.number > after).then(|| handles.swap_remove(index))
    }

    fn judge(&self, record: &Record, outcome: &Result<u64, core_loop::JoinError>, end: Option<End>) {
        if let Err(miss) = record.judge(outcome, end) {
            self.broken.borrow_mut().get_or_insert(miss);
        }
    }

    /// Spawns a task, and keeps its handle or gives it up.
    fn spawn(self: &Rc<Self>) {
        if self.spawned.get() >= ALL_TASKS {
            return;
        }
        self.count();
        self.spawned.update(|spawned| spawned + 1);
        self.ledger.spawned.add();
        let record = Record::new(self.spawned.get());
        let gone = Gone::new(&self.ledger.dropped).counted_as_progress(&self.progress);
        let task = spawn(life(gone.only_here(&self.ledger.astray), record.clone(), self.clone()));
        match self.below(8) {
            0 => task.detach(),
            1 => {
                record.may_be_cancelled();
                drop(task.cancel_on_drop());
            }
            _ => self.handles.borrow_mut().push(Kept { record, task }),
        }
    }

    fn cancel_one(&self) {
        let handles = self.handles.borrow();
        if let Some(index) = self.dice.borrow_mut().index(handles.len()) {
            self.count();
            handles[index].record.may_be_cancelled();
            handles[index].task.cancel("at random");
        }
    }

    fn drop_one(&self) {
        if let Some(Kept { record, task }) = self.take(0) {
            self.count();
            if self.below(2) == 0 {
                record.may_be_cancelled();
                drop(task.cancel_on_drop());
            } else {
                task.detach();
            }
        }
    }

    /// Awaits a task that was spawned after `me`, so that no two tasks wait for each other.
    async fn await_one(&self, me: u64) {
        let Some(Kept { record, task }) = self.take(me) else { return yield_now().await };
        self.count();
        // Whoever awaits it may be cancelled, and then so is it.
        record.may_be_cancelled();
        let outcome = task.await;
        self.judge(&record, &outcome, None);
    }

    /// After the loop has ended: every handle that is left has an outcome.
    pub(super) fn settle(&self, end: End) -> Result<(), Miss> {
        for Kept { record, mut task } in self.handles.take() {
            ensure(task.done(), format!("a task is not done after the close: {record:?}"))?;
            match Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(outcome) => self.judge(&record, &outcome, Some(end)),
                Poll::Pending => return Err(Miss::Fail("a task that is done gave nothing".to_owned())),
            }
        }
        self.broken.take().map_or(Ok(()), Err)
    }
}

/// One task from its first step to its last.
async fn life(_gone: Gone, record: Arc<Record>, world: Rc<World>) -> u64 {
    if world.below(4) == 0 {
        world.ledger.owed.add();
        let clean_up = async |world: Rc<World>| {
            match world.below(3) {
                0 => world.waiting.wait().await,
                1 => yield_now().await,
                _ => {}
            }
            world.ledger.cleaned_up.add();
        };
        let number = record.number;
        finally(world.clone(), async move |world: &mut Rc<World>| steps(number, world).await, clean_up).await;
    } else {
        steps(record.number, &world).await;
    }
    if world.below(40) == 0 {
        record.panics();
        world.ledger.panicked.add();
        quiet_panic(ON_PURPOSE);
    }
    record.finishes();
    world.ledger.finished.add();
    record.number
}

async fn steps(me: u64, world: &Rc<World>) {
    for _ in 0..world.below(6) {
        match world.below(10) {
            0 => yield_now().await,
            1 => sleep(Duration::from_micros(world.below(300))).await,
            2 => {
                world.count();
                let limit = Duration::from_micros(world.below(200));
                let _in_time = timeout(limit, world.waiting.wait()).await.is_ok();
            }
            3 => world.spawn(),
            4 => world.cancel_one(),
            5 => world.drop_one(),
            6 => world.await_one(me).await,
            _ => world.waiting.wait().await,
        }
    }
}

/// Spawns tasks, does to them what they also do to each other, and awaits those that are left, or leaves them.
pub(super) async fn main(world: Rc<World>, mut dice: Dice) {
    for _ in 0..dice.below(TASKS) {
        world.spawn();
        match dice.below(12) {
            0 => world.cancel_one(),
            1 => world.drop_one(),
            2 => yield_now().await,
            3 => world.await_one(0).await,
            _ => {}
        }
    }
    if dice.below(2) == 0 {
        loop {
            let next = world.handles.borrow_mut().pop();
            let Some(Kept { record, task }) = next else { return };
            world.count();
            let outcome = task.await;
            world.judge(&record, &outcome, None);
        }
    }
}
