//! Threads that are there and serve nobody: others stand in for them. And what a thread knows of the pool it serves.

use super::{Core, Crew, Limits, Taken};
use crate::seat::Seat;
use crate::sync::lock;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// Why a thread serves nobody for a while.
#[derive(Default)]
pub(super) struct Absence {
    /// It is in a section that blocks.
    blocks: bool,
    /// Jobs on it whose deadlines passed while they ran. More than one only if one runs within the wait of another.
    overrun: usize,
    /// It sleeps in a wait, which this would end.
    waits: Option<Waker>,
}

/// How many threads serve nobody, each counted once.
#[derive(Default)]
pub(super) struct Absent {
    /// Those that block or are lost.
    pub(super) excused: usize,
    /// The others of them, which sleep in a wait.
    pub(super) waiting: usize,
    /// Those that are lost, whether or not they also wait.
    pub(super) abandoned: usize,
}

/// So many threads that wait have somebody who stands in for them, beyond what [`Limits::spare`] says.
const STAND_INS_MAX: usize = 256;

/// For so long nobody asks the system for a thread again after it refused one.
pub(super) const REFUSED: Duration = Duration::from_millis(50);

impl Limits {
    /// How many threads there may be while others are absent.
    ///
    /// For each of them one may stand in, up to `spare`. Those that wait may wait for jobs in the lanes, so that in any case
    /// one thread is left that serves, unless all are lost for which there is no spare one.
    pub(super) fn limit(&self, absent: &Absent) -> usize {
        let Absent { excused, waiting, .. } = *absent;
        let usual = self.threads_max + (excused + waiting).min(self.spare);
        let may_serve = waiting > 0 && excused < self.threads_max + self.spare;
        let least = if may_serve { excused + waiting.min(STAND_INS_MAX) + 1 } else { 0 };
        usual.max(least)
    }
}

impl Absence {
    /// What it counts for.
    fn count(&self, absent: &mut Absent, add: impl Fn(&mut usize)) {
        if self.overrun > 0 {
            add(&mut absent.abandoned);
        }
        if self.blocks || self.overrun > 0 {
            add(&mut absent.excused);
        } else if self.waits.is_some() {
            add(&mut absent.waiting);
        }
    }
}

impl Core {
    /// The thread on the seat that `find` finds is absent for another reason than before, or is back.
    fn absent<T>(
        self: &Arc<Self>,
        find: impl FnOnce(&mut [Taken]) -> Option<&mut Taken>,
        change: impl FnOnce(&mut Absence) -> T,
    ) -> Option<T> {
        // Under the lock, as whatever decides how many there may be.
        let mut guard = lock(&self.crew);
        let Crew { seats, absent, parked, .. } = &mut *guard;
        let absence = &mut find(seats)?.absence;
        absence.count(absent, |number| *number -= 1);
        let changed = change(absence);
        absence.count(absent, |number| *number += 1);
        self.word.set_limit(self.limits.limit(absent));
        let now = self.word.load();
        // One too many is asleep: the one that has slept longest leaves.
        let longest = (now.threads() > now.limit() && !parked.is_empty()).then(|| parked.remove(0));
        if longest.is_some() {
            self.word.unpark();
        }
        drop(guard);
        if let Some(longest) = longest {
            longest.seat.unparker.unpark();
        }
        self.muster();
        Some(changed)
    }

    fn absent_on<T>(self: &Arc<Self>, seat: &Arc<Seat>, change: impl FnOnce(&mut Absence) -> T) -> Option<T> {
        // A guest is missed by nobody.
        let is = |taken: &&mut Taken| !seat.guest && Arc::ptr_eq(&taken.seat, seat);
        self.absent(|seats| seats.iter_mut().find(is), change)
    }

    /// The deadline of a job passed while it runs: the thread on the seat of the number that `which` says is lost until it
    /// ends. `which` is asked under the lock.
    pub(super) fn abandoned(self: &Arc<Self>, which: impl FnOnce() -> Option<usize>) {
        self.absent(
            |seats| {
                let number = which()?;
                seats.iter_mut().find(|taken| taken.seat.is_of(number))
            },
            |absence| absence.overrun += 1,
        );
    }

    /// It has ended.
    pub(super) fn recovered(self: &Arc<Self>, number: usize) {
        self.absent(
            |seats| seats.iter_mut().find(|taken| taken.seat.is_of(number)),
            |absence| absence.overrun -= 1,
        );
    }

    /// The calling thread goes to sleep in a wait, which `waker` would end. `Some`: a job is there and nobody to run it, so
    /// that it must ask again after this long.
    pub fn sleeps(self: &Arc<Self>, waker: &Waker) -> Option<Duration> {
        let seat = own::on(self, |worker| worker.seat.clone())?;
        let waker = waker.clone();
        let stale = self.absent_on(&seat, |absence| absence.waits.replace(waker));
        drop(stale);
        (Self::lacks(self.word.load()) && !self.lanes.is_empty()).then_some(REFUSED)
    }

    /// It is awake.
    pub fn goes_on(self: &Arc<Self>) {
        let Some(seat) = own::on(self, |worker| worker.seat.clone()) else { return };
        let waker = self.absent_on(&seat, |absence| absence.waits.take());
        drop(waker);
    }
}

impl Crew {
    /// Ends the sleep of somebody who waits, and who then asks for a thread again and again.
    pub(super) fn waker(&self) -> Option<Waker> {
        self.seats.iter().find_map(|taken| taken.absence.waits.clone())
    }
}

/// Runs `work`, which blocks: on a thread of a pool one more thread may serve that pool meanwhile, if jobs wait.
///
/// For a job that sleeps, waits for a lock or for a device, in a pool that is sized for jobs that compute. It opens at most
/// one thread, which leaves when the section is over and nothing waits; a section within a section opens none, and a pool has
/// at most as many such threads as [`Builder::spare`](crate::Builder::spare) says: beyond that `work` just runs.
/// On any other thread it just runs as well.
///
/// # Examples
///
/// ```
/// use std::{num::NonZeroUsize, sync::mpsc::channel};
/// use thread_executor::{ExecutorExt, ThreadPool, blocking};
///
/// let pool = ThreadPool::new(NonZeroUsize::MIN);
/// let (sender, receiver) = channel();
/// let waits = pool.try_submit(move || blocking(|| receiver.recv())).expect("there is room");
/// // The only thread waits for this one.
/// pool.try_submit(move || sender.send(7)).expect("there is room").detach();
/// assert_eq!(waits.wait().unwrap(), Ok(7));
/// ```
///
/// # Python
///
/// None; `ThreadPoolExecutor` starves.
pub fn blocking<T>(work: impl FnOnce() -> T) -> T {
    let section = own::current(|worker| {
        let seat = worker.seat.clone();
        (!seat.guest && !worker.blocks.replace(true)).then(|| Section { core: worker.core().clone(), seat })
    });
    let section = section.flatten();
    if let Some(section) = &section {
        section.blocks(true);
    }
    work()
}

/// Ends when the work returns or unwinds.
struct Section {
    core: Arc<Core>,
    seat: Arc<Seat>,
}

impl Section {
    fn blocks(&self, blocks: bool) {
        self.core.absent_on(&self.seat, |absence| absence.blocks = blocks);
    }
}

impl Drop for Section {
    fn drop(&mut self) {
        own::on(&self.core, |worker| worker.blocks.set(false));
        self.blocks(false);
    }
}

/// The pools that this thread serves: the innermost last. More than one only while it lends itself to another.
pub(crate) mod own {
    use crate::core::{Core, Worker};
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::Arc;

    #[cfg(not(loom))]
    thread_local! {
        static SERVES: RefCell<Vec<Rc<Worker>>> = const { RefCell::new(Vec::new()) };
    }
    #[cfg(loom)]
    loom::thread_local! {
        static SERVES: RefCell<Vec<Rc<Worker>>> = RefCell::new(Vec::new());
    }

    /// This thread is `worker` while `serve` runs, which does not unwind.
    pub(crate) fn with(worker: Worker, serve: impl FnOnce(&Worker)) {
        let worker = Rc::new(worker);
        SERVES.with(|serves| serves.borrow_mut().push(worker.clone()));
        serve(&worker);
        let own = SERVES.with(|serves| serves.borrow_mut().pop());
        // After the borrow: it may be the last that holds its pool.
        drop(own);
    }

    /// What `look` says of this thread, if it serves `core`.
    pub(crate) fn on<T>(core: &Arc<Core>, look: impl FnOnce(&Worker) -> T) -> Option<T> {
        let worker = find(|worker| Arc::ptr_eq(worker.core(), core))?;
        Some(look(&worker))
    }

    /// What `look` says of this thread, if it serves any.
    pub(crate) fn current<T>(look: impl FnOnce(&Worker) -> T) -> Option<T> {
        let worker = find(|_| true)?;
        Some(look(&worker))
    }

    fn find(which: impl Fn(&Worker) -> bool) -> Option<Rc<Worker>> {
        // A thread that is going away serves nothing any more.
        SERVES
            .try_with(|serves| serves.borrow().iter().rev().find(|worker| which(worker)).cloned())
            .ok()
            .flatten()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Absent, STAND_INS_MAX};
    use crate::core::Limits;

    fn limit(threads_max: usize, spare: usize, excused: usize, waiting: usize) -> usize {
        let limits = Limits { threads_max, spare, ..Limits::default() };
        limits.limit(&Absent { excused, waiting, abandoned: 0 })
    }

    #[test]
    fn one_may_stand_in_for_each_that_is_absent_up_to_the_spare_ones() {
        assert_eq!([0, 1, 2, 3].map(|excused| limit(2, 2, excused, 0)), [2, 3, 4, 4]);
        assert_eq!([1, 2].map(|waiting| limit(2, 2, 0, waiting)), [3, 4]);
        assert_eq!(limit(2, 2, 1, 1), 4);
        assert_eq!(limit(1, 0, 1, 0), 1);
    }

    #[test]
    fn however_many_wait_one_is_left_that_serves_within_a_bound() {
        assert_eq!([1, 2, 3, 100].map(|waiting| limit(1, 0, 0, waiting)), [2, 3, 4, 101]);
        assert_eq!(limit(2, 0, 1, 1), 3);
        assert_eq!(limit(2, 0, 2, 1), 2, "nobody may serve");
        assert_eq!([STAND_INS_MAX, 2 * STAND_INS_MAX].map(|waiting| limit(1, 1, 0, waiting)), [257, 257]);
    }
}
