//! The threads' side: take a job, run it, come back, sleep, leave.

use super::{Absence, Core, Crew, Parked, Taken, Ticket, own};
use crate::lanes::Entry;
use crate::seat::{Running, Seat};
use crate::sync::{MutexGuard, Parker, in_one_order, lock, yield_now};
use contract::spin::{self, SPIN_MAX};
use contract::{Job, Panic, Priority, Runnable};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How deep a thread may run jobs inside the waits of other jobs. Each level costs stack; beyond it another thread stands
/// in for the one that waits.
const NESTED_MAX: usize = 32;

/// A thread that serves a pool, or lends itself for one job: what only that thread looks at.
pub struct Worker {
    core: Arc<Core>,
    pub(super) seat: Arc<Seat>,
    parker: Parker,
    /// Whether the word counts it as coming.
    announced: Cell<bool>,
    /// Jobs that run on this thread, each within a wait of the one before. A guest counts what it did before as one.
    depth: Cell<usize>,
    /// Whether the innermost of them has ended.
    ended: Cell<bool>,
    /// When the last job ended, if the next begins at once: spares it a look at the clock.
    clock: Cell<Option<Instant>>,
    /// The job that ended, while its callbacks may follow.
    last: Cell<Option<Running>>,
    /// Whether it is in a section that blocks.
    pub(super) blocks: Cell<bool>,
}

impl Worker {
    /// The thread that was hired for the seat of this number, under the name that reports give it.
    #[must_use]
    pub fn new(core: Arc<Core>, number: usize, name: String) -> Self {
        let announced = !core.limits.initializer;
        Self::seated(core, number, name, false, announced)
    }

    fn seated(core: Arc<Core>, number: usize, name: String, guest: bool, announced: bool) -> Self {
        let parker = Parker::new();
        // There are never more numbers than the word can count threads.
        let seat = Arc::new(Seat::new(number as u32, name, guest, parker.unparker().clone()));
        lock(&core.crew).seats.push(Taken { seat: seat.clone(), absence: Absence::default() });
        Self {
            core,
            seat,
            parker,
            announced: Cell::new(announced),
            depth: Cell::new(usize::from(guest)),
            ended: Cell::new(false),
            clock: Cell::new(None),
            last: Cell::new(None),
            blocks: Cell::new(false),
        }
    }

    /// The pool it serves.
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn announce(&self) {
        if !self.announced.replace(true) {
            self.core.word.come();
        }
    }

    /// It has something to do, and sees to it that whoever relied on it has somebody else.
    fn retract(&self) {
        if self.announced.replace(false) {
            self.core.word.busy();
        }
        self.core.muster();
    }

    /// Runs a job for which the job on this thread waits, by `run`.
    pub(super) fn run_awaited(
        &self,
        label: Option<Cow<'static, str>>,
        priority: Priority,
        run: impl FnOnce(),
    ) {
        if self.seat.guest || self.depth.get() > NESTED_MAX {
            return;
        }
        // How long it has waited lies with its entry, which stays in its lane until its turn comes.
        self.seat.begin(Running::job(label, Instant::now(), priority, None));
        // Before it runs: nobody may count it as queued and as running.
        self.core.lanes.overtaken(priority);
        if !self.run(run) {
            self.core.lanes.not_overtaken(priority);
        }
    }

    /// Runs a job by `run`, whose `Running` stands in the seat's ledger, and all that others hung on its end. `false` if it
    /// was withdrawn, or has started elsewhere.
    fn run(&self, run: impl FnOnce()) -> bool {
        self.depth.set(self.depth.get() + 1);
        // A waker or a callback of the job around this one may have brought it here.
        let (ended, last) = (self.ended.replace(false), self.last.take());
        // The job keeps its panics to itself. What is left are destructors of what others put into it, and a panic there
        // must not cost the pool its thread.
        let _reported = Panic::catch(run);
        self.depth.set(self.depth.get() - 1);
        let ran = self.ended.replace(ended);
        if !ran || self.last.take().is_none() {
            // It did not run, or it lingered.
            self.seat.forget();
        }
        self.last.set(last);
        ran
    }

    /// The work of the innermost job has ended, and its outcome can be seen next.
    pub(super) fn ending(&self, failed: bool) {
        let now = Instant::now();
        self.last.set(Some(self.seat.end(now, failed)));
        self.ended.set(true);
        if self.depth.get() == 1 {
            self.clock.set(Some(now));
            // Only if somebody might be called in vain otherwise: in a busy pool nobody writes the word.
            if Core::has_callable(self.core.word.load()) {
                self.announce();
            }
        }
    }

    /// Foreign code of unknown length follows on this thread.
    pub(super) fn lingering(&self) {
        let Some(running) = self.last.take() else { return };
        self.seat.begin(running.after());
        self.clock.set(None);
        if self.depth.get() == 1 {
            self.retract();
        }
    }
}

impl Core {
    /// Prepares the thread of `worker`, and takes job after job until it is to end. If it cannot be prepared, the pool is
    /// broken.
    pub fn serve(self: &Arc<Self>, worker: Worker, prepare: impl FnOnce() -> Result<(), Panic>) {
        own::with(worker, |worker| {
            if let Err(panic) = self.prepare(worker, prepare) {
                self.break_down(&panic);
                while self.idle(worker) {
                    self.closed_meanwhile();
                }
            } else {
                while self.serve_one(worker) || self.idle(worker) {}
            }
        });
    }

    fn prepare(&self, worker: &Worker, prepare: impl FnOnce() -> Result<(), Panic>) -> Result<(), Panic> {
        if !self.limits.initializer {
            return prepare();
        }
        // It may take its time, and a shutdown names it then.
        let label = Some("on_thread_start".into());
        worker.seat.begin(Running::job(label, Instant::now(), Priority::Normal, None).after());
        let prepared = prepare();
        worker.seat.forget();
        prepared
    }

    /// Takes the next job and runs it. `false` if there is none.
    fn serve_one(self: &Arc<Self>, worker: &Worker) -> bool {
        let since = worker.clock.take().unwrap_or_else(Instant::now);
        let taken = self.lanes.take(|entry, priority| {
            let waited = entry.stamp.age(self.epoch, since);
            worker.seat.begin(Running::job(None, since, priority, waited));
        });
        let Some((Entry { job, .. }, turn)) = taken else { return false };
        // Only here is the job itself looked at: it comes from another processor, and others wait at the lanes.
        if let Some(label) = job.label() {
            worker.seat.name(label.clone());
        }
        worker.retract();
        if !worker.run(|| job.run()) {
            self.lanes.fizzled(turn);
        }
        true
    }

    /// Takes in a job that runs at once on the calling thread.
    ///
    /// # Errors
    ///
    /// The work, if the pool is closed.
    pub fn run_here<W, T>(
        self: &Arc<Self>,
        thread: &str,
        work: W,
        package: impl FnOnce(W, Ticket) -> (Runnable, Job<T>),
    ) -> Result<Job<T>, W> {
        let taken_in = self.gate.enter().map(|_pass| {
            let own = own::on(self, |_| ()).is_some();
            let guests = &mut lock(&self.crew).guests;
            // Before the gate is left: from here on a shutdown waits for it.
            *guests += usize::from(!own);
            own
        });
        let settled = match taken_in {
            None => Err(work),
            Some(own) => {
                let (job, handle) = package(work, Ticket::on_the_spot(self.clone()));
                let run = |worker: &Worker| {
                    let label = job.label().cloned();
                    worker.seat.begin(Running::job(label, Instant::now(), Priority::Normal, None));
                    worker.run(|| job.run());
                };
                if own {
                    own::on(self, run);
                } else {
                    own::with(Worker::seated(self.clone(), 0, thread.to_owned(), true, false), |worker| {
                        run(worker);
                        let mut crew = lock(&self.crew);
                        crew.guests -= 1;
                        crew.stand_up(&worker.seat);
                    });
                }
                Ok(handle)
            }
        };
        if self.word.load().closed() {
            self.closed_meanwhile();
        }
        settled
    }

    /// No job: waits until there may be one. `false`: the thread has left.
    fn idle(self: &Arc<Self>, worker: &Worker) -> bool {
        worker.clock.set(None);
        let mut crew = lock(&self.crew);
        let now = self.word.load();
        if now.closed() || now.threads() > now.limit() {
            return !self.leave(crew, worker);
        }
        let longest = self.limits.spin.unwrap_or(SPIN_MAX);
        if self.limits.spin_pays
            && !crew.spinning
            && !longest.is_zero()
            && (self.limits.spin.is_some() || crew.pace.spins())
        {
            crew.spinning = true;
            worker.announce();
            drop(crew);
            let found = self.look_out(longest);
            crew = lock(&self.crew);
            crew.spinning = false;
            crew.pace.spun(found);
            // The end may have come between the last look and the lock, to which this thread was not asleep.
            if found || self.word.load().closed() {
                return true;
            }
        }
        self.park(crew, worker)
    }

    /// Waits awake for a job or the end.
    fn look_out(&self, longest: Duration) -> bool {
        spin::spin(Instant::now(), longest, || !self.lanes.is_empty() || self.word.load().closed())
    }

    /// Sleeps until it is called, or for as long as an idle thread may stay. `false`: the thread has left.
    fn park(self: &Arc<Self>, mut crew: MutexGuard<'_, Crew>, worker: &Worker) -> bool {
        let since = Instant::now();
        crew.parked.push(Parked { seat: worker.seat.clone(), since });
        self.word.park(worker.announced.replace(false));
        in_one_order();
        if self.word.load().coming() == 0 && !self.lanes.is_empty() {
            // Whoever put the job there relied on this thread.
            crew.parked.pop();
            self.word.unpark();
            worker.announced.set(true);
            return true;
        }
        drop(crew);
        match self.limits.idle {
            Some(idle) if self.word.load().threads() > self.limits.threads_min => {
                worker.parker.park_timeout(idle);
            }
            _ => worker.parker.park(),
        }
        let mut crew = lock(&self.crew);
        worker.announced.set(true);
        let Some(at) = crew.parked.iter().position(|parked| Arc::ptr_eq(&parked.seat, &worker.seat)) else {
            return true;
        };
        // Nobody called: its time is up, or the park ended without a reason.
        crew.parked.remove(at);
        self.word.unpark();
        let waited_enough = self.limits.idle.is_some_and(|idle| since.elapsed() >= idle);
        if waited_enough && self.word.load().threads() > self.limits.threads_min {
            return !self.leave(crew, worker);
        }
        true
    }

    /// Leaves, unless a job is there or comes. `true`: it has left.
    fn leave(self: &Arc<Self>, mut crew: MutexGuard<'_, Crew>, worker: &Worker) -> bool {
        self.word.leave(worker.announced.replace(false));
        in_one_order();
        // Whoever is on the gate keeps the last thread: it would not hire one. Any other is not missed, and must not wait for
        // it, as two would for each other.
        let comes = self.word.load().threads() == 0 && self.gate.is_busy();
        if comes || !self.lanes.is_empty() {
            self.word.stay();
            worker.announced.set(true);
            drop(crew);
            if comes {
                yield_now();
            }
            return false;
        }
        crew.stand_up(&worker.seat);
        crew.numbers_free.push(worker.seat.number as usize);
        let gone = self.is_gone();
        self.ended.notify_all();
        drop(crew);
        if gone {
            self.hands.gone();
        }
        true
    }
}

impl Crew {
    /// Whoever sat on `seat` is gone, what it did is not.
    fn stand_up(&mut self, seat: &Arc<Seat>) {
        seat.account(&mut self.left);
        self.seats.retain(|other| !Arc::ptr_eq(&other.seat, seat));
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("seat", &self.seat).finish_non_exhaustive()
    }
}
