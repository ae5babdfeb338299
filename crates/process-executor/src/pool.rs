//! The pool: what a program holds.

use crate::arena::Arena;
use crate::blob::BlobMut;
use crate::builder::{Builder, Workers};
use crate::call::Call;
use crate::child::Worker;
use crate::counters::{Counters, Stats, count};
use crate::frame::{Body, Small};
use crate::inbox::{Refusal, Way};
use crate::pending::{Cancels, Request, Typed, What};
use crate::supervisor::{self, PoolInbox};
use crate::task::{Named, Task};
use crate::trampoline::Trampoline;
use crate::{StartError, codec, image, trampoline};
use contract::role::{self, Role};
use contract::{
    CodecError, Drain, Executor, Job, JobError, Panic, Place, Reject, Rejected, Report, Room, Shutdown, Side,
    Slots, Straggler, Submit,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::type_name;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much longer than its grace a shutdown waits for the processes that it has killed to be gone.
const BURIAL: Duration = Duration::from_secs(1);

/// Runs [calls](crate::call) in worker processes.
///
/// A worker runs one job at a time. A job that crashes kills one worker, a worker that dies fails one job, and another
/// worker takes its place; everything else goes on. Workers die with this process, however it ends.
///
/// Results are decoded, and the callbacks of [`Job::on_done`] and the wakers of whoever waits are called, on the one thread
/// that supervises the workers: keep them short. They cannot block: a wait in a callback panics, as it does on every event loop's thread.
///
/// Dropping the pool does not block: nothing more is taken, what was accepted still runs as long as the program does.
/// [`Shutdown::shutdown`] waits for it, with a bound.
///
/// # Ordering
///
/// Jobs start in the order in which they were submitted, on one worker exactly. Where many short jobs wait, each worker is
/// sent some ahead; among several workers a job may then start later than one that came after it, by as much as a worker does
/// in 200 µs, or a millisecond if the job before it turns out to be long. What has not started can be cancelled without a
/// trace, wherever it waits.
///
/// # Cancel safety
///
/// [`Job::cancel`] of a running job sets a flag that the job can [ask for](crate::current), and kills its worker when the
/// [grace](Builder::grace) is over. Either way the outcome is [`Cancelled`](contract::JobError::Cancelled). A deadline
/// does the same, and the job's outcome is there at once.
///
/// # Examples
///
/// ```
/// use contract::ExecutorExt;
/// use process_executor::{ProcessPool, call};
///
/// let pool = ProcessPool::new(1)?;
/// let job = pool.try_submit(call(|(a, b): (u32, u32)| a / b, (6, 0)))?;
/// let error = job.wait().unwrap_err();
/// assert!(error.to_string().contains("attempt to divide by zero"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Python
///
/// `concurrent.futures.ProcessPoolExecutor`. There one worker that dies breaks the pool, and a running call cannot be
/// cancelled.
pub struct ProcessPool {
    pub(crate) inbox: Arc<PoolInbox>,
    pub(crate) counters: Arc<Counters>,
    /// The workers are another program.
    pub(crate) by_name: bool,
    pub(crate) arena: Arc<Arena>,
    pub(crate) slots: Slots,
    /// The size of an argument or a result, at most.
    pub(crate) limit: usize,
}

impl ProcessPool {
    /// A pool with so many workers, and the defaults of [`builder`](Self::builder) otherwise.
    ///
    /// # Errors
    ///
    /// [`StartError`], when no worker becomes ready; each names the cure.
    pub fn new(workers: impl Into<Workers>) -> Result<Self, StartError> {
        Self::builder().workers(workers).build()
    }

    /// A pool to be described.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// `len` bytes that the workers can read: fill them, [freeze](BlobMut::freeze) them, and pass the [`Blob`](crate::Blob) in
    /// an argument, or in many. Their memory is used again for later blobs.
    ///
    /// # Errors
    ///
    /// The system's, when there is no memory or no descriptor left. Where it does not share memory at all, as in some
    /// containers, blobs are copied instead, and [`Stats::shares_memory`] says so.
    pub fn blob(&self, len: usize) -> io::Result<BlobMut> {
        BlobMut::in_arena(&self.arena, len)
    }

    /// What it is doing and has done.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (queued, handed) = self.inbox.counts();
        Stats { shares_memory: self.arena.shares(), ..self.counters.stats(queued, handed) }
    }

    /// Waits for a place in the queue: [`Executor::room`], for whoever has no call at hand to name its type.
    pub fn room(&self) -> Room {
        self.slots.room()
    }

    /// Checks what can be checked before the work is taken.
    fn check(&self, options: &Submit, bulk: usize) -> Result<(), Reject> {
        self.inbox.check().map_err(reject)?;
        if options.deadline_has_passed() {
            return Err(Reject::DeadlinePassed);
        }
        self.check_size(bulk)
    }

    fn check_size(&self, len: usize) -> Result<(), Reject> {
        if len > self.limit { Err(Reject::TooLarge { len, limit: self.limit }) } else { Ok(()) }
    }

    /// Where workers find this function.
    fn find(&self, trampoline: Trampoline, function: &'static str) -> Result<What, Reject> {
        let offset = trampoline::offset(trampoline);
        let why = if self.by_name {
            "the workers of this pool are another program, which finds only a `task`, by its name"
        } else if image::holds_code(trampoline::address(offset)) {
            return Ok(What::at(offset));
        } else {
            "it lies outside the image that workers run"
        };
        Err(Reject::Codec(CodecError::new(Side::Parent, function, why)))
    }

    /// Takes work in: hands it to a worker on offer, or queues it.
    ///
    /// `encode` writes the argument; if that is to be moved as a whole, `give_up` does so, once the work is taken.
    fn take<W, A, R>(
        &self,
        work: W,
        mut options: Submit,
        (what, retries): (What, u32),
        encode: impl FnOnce(&W) -> Result<Option<Body>, String>,
        give_up: impl FnOnce(W) -> Body,
    ) -> Result<Job<R>, Rejected<W>>
    where
        A: 'static,
        R: DeserializeOwned + Send + 'static,
    {
        let Some(place) = self.slots.claim(&mut options) else {
            return Err(Rejected::new(work, Reject::Full));
        };
        let encoded = encode(&work).map_err(|why| CodecError::new(Side::Parent, type_name::<A>(), why));
        let encoded = encoded.map_err(Reject::Codec).and_then(|encoded| {
            self.check_size(encoded.as_ref().map_or(0, Body::len))?;
            Ok(encoded)
        });
        let mut encoded = match encoded {
            Ok(encoded) => encoded,
            Err(why) => return Err(Rejected::new(work, why)),
        };
        let came = Instant::now();
        let is_small = encoded.as_ref().is_some_and(Small::fits);
        // Moved into the queue under its lock, so that a refusal finds the work whole. Destructors of others run outside
        // the lock: that of the work, and that of the place of a job which never waits in the queue.
        let (mut work, mut place) = (Some(work), Some(place));
        let (mut job, mut taken) = (None, None);
        let ready = |worker: &Worker| is_small && worker.is_ready();
        let make = |id, way| {
            let place = place.take_if(|_| way == Way::Queued).unwrap_or_else(Place::none);
            let cancels = Cancels::new(id, Arc::downgrade(&self.inbox), self.counters.clone());
            count(&self.counters.submitted);
            let (promise, handle) = Job::promise(&options, place, cancels);
            job = Some(handle);
            taken = work.take();
            if way == Way::Handed {
                let started = promise.start();
                debug_assert!(started, "nobody else has the job yet");
            }
            // What is handed over is written below, and needed here only if it may have to be sent once more.
            let body = match (way, retries) {
                (Way::Handed, 0) => Body::default(),
                (Way::Handed, _) => encoded.clone().unwrap_or_default(),
                (Way::Queued, _) => encoded.take().or_else(|| taken.take().map(give_up)).unwrap_or_default(),
            };
            let pending = Box::new(Typed::<A, R>::new(promise));
            Box::new(Request { what, body, pending, retries, started: way == Way::Handed, came })
        };
        let pushed = self.inbox.push(options.deadline_from_now(), ready, make);
        if let (Ok(Some((id, worker))), Some(body)) = (&pushed, encoded) {
            worker.hand(&Small::bytes(what.kind, *id, what.a, &body));
            // Whoever waits for room is woken here; what that panics with is not the submitter's.
            drop(Panic::catch(|| drop(place)));
        }
        match (pushed, job, work) {
            (Err(refusal), _, Some(work)) => Err(Rejected::new(work, reject(refusal))),
            (_, Some(job), _) => Ok(job),
            _ => unreachable!("a push either takes the work or leaves it"),
        }
    }
}

impl<F, A, R> Executor<Call<F, A>> for ProcessPool
where
    F: Fn(A) -> R + Copy + Send + Sync + 'static,
    A: Serialize + DeserializeOwned + Send + 'static,
    R: Serialize + DeserializeOwned + Send + 'static,
{
    type Output = R;

    /// The argument is encoded here, on the calling thread.
    fn try_submit_with(&self, work: Call<F, A>, options: Submit) -> Result<Job<R>, Rejected<Call<F, A>>> {
        let checked = self.check(&options, codec::bulk_len(&work.argument));
        match checked.and_then(|()| self.find(trampoline::of_call::<F, A, R>(), type_name::<F>())) {
            Err(why) => Err(Rejected::new(work, why)),
            Ok(what) => {
                let how = (what, work.retries);
                let encode = |work: &Call<F, A>| codec::encode_ref(&work.argument);
                self.take::<_, A, R>(work, options, how, encode, |work| {
                    codec::encode_bulk(work.into_argument())
                })
            }
        }
    }

    fn room(&self) -> Room {
        self.slots.room()
    }
}

impl<T: Task> Executor<Named<T>> for ProcessPool {
    type Output = T::Output;

    /// The task is encoded here, on the calling thread.
    fn try_submit_with(&self, work: Named<T>, options: Submit) -> Result<Job<T::Output>, Rejected<Named<T>>> {
        let what = self.check(&options, 0).and_then(|()| match self.by_name {
            true => Ok(What::named(T::NAME)),
            false => self.find(trampoline::of_task::<T>(), T::NAME),
        });
        match what {
            Err(why) => Err(Rejected::new(work, why)),
            Ok(what) => {
                let name = if self.by_name { T::NAME } else { "" };
                let encode = |work: &Named<T>| codec::encode_named(name, &work.task).map(Some);
                let how = (what, work.retries);
                self.take::<_, T, T::Output>(work, options, how, encode, |_encoded| Body::default())
            }
        }
    }

    fn room(&self) -> Room {
        self.slots.room()
    }
}

fn reject(refusal: Refusal) -> Reject {
    match refusal {
        Refusal::Closed => Reject::ShuttingDown,
        Refusal::Broken(why) => Reject::Broken(why),
    }
}

/// Returns when its grace is over, plus the moment that the kernel takes to end what was killed then. In a callback of one
/// of its own jobs, which runs on the thread that would do it all, it returns at once and everything goes on without it.
impl Shutdown for ProcessPool {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        assert!(
            grace.is_zero() || supervisor::is_here(&self.inbox) || !matches!(role::current(), Role::Loop),
            "a shutdown with a grace would block the event loop that runs on this thread: move it to another thread \
             with `to_thread`, or give it no grace"
        );
        self.inbox.close(how);
        self.slots.close();
        if supervisor::is_here(&self.inbox) {
            return self.inbox.take_report();
        }
        // A grace too long to count is no bound at all.
        if !self.inbox.wait_until_ended(Instant::now().checked_add(grace)) {
            self.inbox.abandon();
            if !self.inbox.wait_until_ended(Instant::now().checked_add(BURIAL)) {
                // Code of the user holds it up, or the kernel does not let a process go: not clean, in any case.
                let held = Straggler::new(None, supervisor::THREAD, grace.saturating_add(BURIAL));
                let queued = self.inbox.drain();
                let cancelled = supervisor::withdraw_all(queued, |started| JobError::Shutdown { started });
                self.inbox.report(|report| {
                    report.cancelled += cancelled;
                    report.stragglers.push(held);
                });
            }
        }
        self.inbox.take_report()
    }
}

impl Drop for ProcessPool {
    fn drop(&mut self) {
        self.inbox.close(Drain::Queued);
        self.slots.close();
    }
}

impl fmt::Debug for ProcessPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPool")
            .field("free", &self.slots.free())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Blob, Stderr, call};
    use contract::{ExecutorExt, Exit};

    fn without_pidfds() -> ProcessPool {
        let builder = ProcessPool::builder().workers(1).stderr(Stderr::Keep).grace(Duration::ZERO);
        builder.without_pidfds().build().expect("a pool starts")
    }

    #[test]
    fn blobs_that_are_copied_count_against_the_limit() {
        let builder = ProcessPool::builder().workers(1).limit(1 << 20).without_memfds();
        let pool = builder.build().expect("a pool starts");
        let blob = pool.blob((1 << 20) + 1).expect("there is memory").freeze();
        let refused = pool.try_submit(call(|blob: Blob| blob.len(), blob)).map(drop).map_err(|it| it.why);
        assert!(matches!(refused, Err(Reject::TooLarge { limit, .. }) if limit == 1 << 20));
    }

    #[test]
    fn where_memory_is_not_shared_blobs_are_copied_and_the_numbers_say_so() {
        let pool = ProcessPool::builder().workers(1).without_memfds().build().expect("a pool starts");
        assert!(!pool.stats().shares_memory);
        let mut bytes = pool.blob(1 << 20).expect("there is memory");
        bytes.fill(3);
        let blob = bytes.freeze();
        assert!(!blob.is_shared());
        let both = |blob: Blob| (blob.iter().map(|byte| u64::from(*byte)).sum::<u64>(), blob);
        let (sum, back) = pool.try_submit(call(both, blob.clone())).expect("room").wait().expect("it runs");
        assert_eq!((sum, back), (3 << 20, blob));
    }

    #[test]
    fn on_a_kernel_without_pidfds_deaths_are_found_and_jobs_are_stopped() {
        let pool = without_pidfds();
        assert!(!pool.stats().has_pidfds);
        let pid =
            || pool.try_submit(call(|()| std::process::id(), ())).expect("room").wait().expect("it runs");
        let before = pid();
        let job = pool.try_submit(call(|()| std::process::exit(3), ())).expect("room");
        match job.wait() {
            Err(JobError::WorkerDied(death)) => assert_eq!((death.pid, death.exit), (before, Exit::Code(3))),
            other => panic!("{:?}", other.map(|(): ()| ())),
        }
        let options = Submit::new().deadline(Duration::from_millis(50));
        let spins = call(
            |()| loop {
                std::hint::spin_loop()
            },
            (),
        );
        let stuck: Job<()> = pool.try_submit_with(spins, options).expect("room");
        assert!(matches!(stuck.wait(), Err(JobError::Deadline { .. })));
        assert_ne!(pid(), before);
        assert!(pool.shutdown(Drain::Queued, Duration::from_secs(60)).is_clean());
    }
}
