//! A job on its way, without its types: what the queue and the supervisor hold.

use crate::codec;
use crate::counters::{Counters, count};
use crate::frame::{Body, Kind};
use crate::ring::Ring;
use crate::segment::Words;
use crate::supervisor::PoolInbox;
use crate::sync::{Mutex, lock};
use contract::{CodecError, Control, JobError, Panic, Promise, Side};
use std::any::type_name;
use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

/// What a worker is to run: the kind and the number of the frame that tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct What {
    pub(crate) kind: Kind,
    pub(crate) a: u64,
}

impl What {
    /// The trampoline at this distance.
    pub(crate) fn at(offset: isize) -> Self {
        Self { kind: Kind::Run, a: offset as u64 }
    }

    /// The task whose name stands before its arguments.
    pub(crate) fn named(name: &str) -> Self {
        Self { kind: Kind::RunTask, a: name.len() as u64 }
    }
}

/// A job that waits for a worker: what to send, and whom to tell.
pub(crate) struct Request {
    pub(crate) what: What,
    /// Empty once it was sent, unless it may have to be sent again.
    pub(crate) body: Body,
    pub(crate) pending: Box<dyn Pending>,
    /// How often it may still be given to another worker because one has died under it.
    pub(crate) retries: u32,
    /// A worker had it already.
    pub(crate) started: bool,
    /// When it was submitted.
    pub(crate) came: Instant,
}

impl Request {
    /// It goes to a worker now. `false` if it was withdrawn meanwhile.
    pub(crate) fn begin(&mut self) -> bool {
        let begins = self.started || self.pending.start();
        self.started = begins;
        begins
    }

    /// What to send of it.
    pub(crate) fn body_to_send(&mut self) -> Body {
        if self.retries > 0 { self.body.clone() } else { std::mem::take(&mut self.body) }
    }

    /// Its deadline passed while it waited.
    pub(crate) fn expire(self) {
        self.pending.expire();
        if self.started {
            self.pending.finish(Answer::Failed(JobError::Deadline { started: true }));
        }
    }

    /// No worker will have it any more. `false` if somebody else withdrew it before.
    pub(crate) fn withdraw(self, error: impl FnOnce(bool) -> JobError) -> bool {
        if self.started {
            self.pending.finish(Answer::Failed(error(true)));
            return true;
        }
        self.pending.withdraw(error(false))
    }
}

/// What the worker said.
pub(crate) enum Answer {
    Result(Body),
    Panicked(Panic),
    BadArguments(String),
    BadResult(String),
    /// It sent something else.
    Nonsense(String),
    /// It gave none.
    Failed(JobError),
}

/// The promise of a job, without its types.
pub(crate) trait Pending: Send {
    /// The job goes to a worker. `false` if it was withdrawn meanwhile.
    fn start(&self) -> bool;
    /// Its deadline has passed.
    fn expire(&self);
    /// It will never start. `false` if somebody else withdrew it before.
    fn withdraw(&self, error: JobError) -> bool;
    /// It has ended.
    fn finish(self: Box<Self>, answer: Answer);
    fn label(&self) -> Option<Cow<'static, str>>;
    fn cancels(&self) -> &Cancels;
}

/// How a job reaches the supervisor when somebody cancels it.
pub(crate) struct Cancels {
    id: u64,
    /// Weak, because the queue holds the job.
    inbox: Weak<PoolInbox>,
    /// Set before the supervisor is told: a result that comes after that is too late.
    asked: AtomicBool,
    seat: Mutex<Seat>,
    counters: Arc<Counters>,
}

/// Where a job waits to be started.
enum Seat {
    /// In this process: whether it starts is settled here.
    Here,
    /// In a worker's ring, at this position: it is settled there.
    Ahead(Arc<Ring<Words>>, u64),
    /// Nowhere: it will not start.
    Withdrawn,
}

impl Cancels {
    pub(crate) fn new(id: u64, inbox: Weak<PoolInbox>, counters: Arc<Counters>) -> Self {
        Self { id, inbox, asked: AtomicBool::new(false), seat: Mutex::new(Seat::Here), counters }
    }
}

impl Cancels {
    /// The job is put into `ring`, at the position that `put` gives. `false` if it was withdrawn.
    ///
    /// Under the lock of whoever withdraws it: it is nowhere in between.
    pub(crate) fn go_ahead(&self, ring: &Arc<Ring<Words>>, put: impl FnOnce() -> u64) -> bool {
        let mut seat = lock(&self.seat);
        let goes = !matches!(*seat, Seat::Withdrawn);
        if goes {
            *seat = Seat::Ahead(ring.clone(), put());
        }
        goes
    }

    /// The job was taken out of the ring, and will not start there. `false` if that was because it was withdrawn.
    pub(crate) fn come_back(&self) -> bool {
        let mut seat = lock(&self.seat);
        let comes = !matches!(*seat, Seat::Withdrawn);
        if comes {
            *seat = Seat::Here;
        }
        comes
    }
}

impl Control for Cancels {
    fn may_withdraw(&self) -> bool {
        let mut seat = lock(&self.seat);
        let may = match &*seat {
            Seat::Ahead(ring, position) => ring.withdraw(*position),
            Seat::Here | Seat::Withdrawn => true,
        };
        if may {
            *seat = Seat::Withdrawn;
        }
        may
    }

    fn dequeued(&self) {
        count(&self.counters.cancelled);
        let request = self.inbox.upgrade().and_then(|inbox| inbox.remove(self.id));
        // Dropped here, outside the inbox: it may be large.
        drop(request);
    }

    fn signalled(&self) {
        // Relaxed: the inbox's lock orders it before the supervisor's visit; a result that overtakes it just wins.
        self.asked.store(true, Ordering::Relaxed);
        if let Some(inbox) = self.inbox.upgrade() {
            inbox.cancel(self.id);
        }
    }
}

/// The promise of a job that takes an `A` and gives an `R`.
pub(crate) struct Typed<A, R: Send + 'static> {
    promise: Promise<R, Cancels>,
    argument: PhantomData<fn(A)>,
}

impl<A, R: Send + 'static> Typed<A, R> {
    pub(crate) fn new(promise: Promise<R, Cancels>) -> Self {
        Self { promise, argument: PhantomData }
    }
}

impl<A, R> Pending for Typed<A, R>
where
    A: 'static,
    R: serde::de::DeserializeOwned + Send + 'static,
{
    fn start(&self) -> bool {
        self.promise.start()
    }

    fn expire(&self) {
        if self.promise.watch().expire() {
            count(&self.promise.control().counters.expired);
        }
    }

    fn withdraw(&self, error: JobError) -> bool {
        self.promise.withdraw(error)
    }

    fn finish(self: Box<Self>, answer: Answer) {
        let outcome = if self.promise.control().asked.load(Ordering::Relaxed) {
            // Whoever was told "signalled" finds it cancelled, also if the function came to its end within the grace.
            Err(JobError::Cancelled { started: true })
        } else {
            outcome::<A, R>(answer)
        };
        let counters = &self.promise.control().counters;
        count(match &outcome {
            Ok(_) => &counters.completed,
            Err(JobError::Panicked(_)) => &counters.panicked,
            Err(_) => &counters.failed,
        });
        self.promise.finish(outcome);
    }

    fn label(&self) -> Option<Cow<'static, str>> {
        self.promise.label().cloned()
    }

    fn cancels(&self) -> &Cancels {
        self.promise.control()
    }
}

fn outcome<A, R: serde::de::DeserializeOwned + 'static>(answer: Answer) -> Result<R, JobError> {
    let bad = |side, name, detail: String| JobError::Codec(CodecError::new(side, name, detail));
    match answer {
        // Code of the user decodes here, on the supervisor: its panic must not be ours.
        Answer::Result(body) => match Panic::catch(|| codec::decode::<R>(body)) {
            Ok(decoded) => decoded.map_err(|why| bad(Side::Parent, type_name::<R>(), why)),
            Err(panic) => Err(bad(Side::Parent, type_name::<R>(), format!("decoding panicked: {panic}"))),
        },
        Answer::Panicked(panic) => Err(JobError::Panicked(panic)),
        Answer::BadArguments(why) => Err(bad(Side::Worker, type_name::<A>(), why)),
        Answer::BadResult(why) => Err(bad(Side::Worker, type_name::<R>(), why)),
        Answer::Nonsense(why) => Err(bad(Side::Parent, type_name::<R>(), why)),
        Answer::Failed(error) => Err(error),
    }
}
