//! The pools, each as its users get it, and the loop that they await it on.

use crate::host::Host;
use crate::hosts::ours;
#[cfg(feature = "glommio")]
use crate::hosts::raw;
use crate::hosts::raw::{SmolLocal, TokioLocalSet};
use crate::table::Failure;
use contract::{Executor, Job, JobError, Priority, Submit};
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use thread_executor::ThreadPool;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Threads of the pools that are told how many to have.
pub(super) const THREADS: usize = 2;

/// Room for every load, as all the others have: theirs are without bound.
const ROOM: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");

/// A pool, of [`THREADS`] threads where that can be said.
pub(super) trait Pool: Sized + 'static {
    type Host: Host;

    fn new() -> Self;

    fn submit(&self, job: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + 'static;

    /// The same, before all others if the pool knows how.
    fn submit_first(&self, job: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + 'static {
        self.submit(job)
    }
}

/// A pool that can withdraw what has not started.
pub(super) trait Cancels: Pool {
    fn submit_and_cancel(&self, job: impl FnOnce() + Send + 'static);
}

#[derive(Clone)]
pub(super) struct Ours(ThreadPool);

impl Pool for Ours {
    type Host = ours::Native;

    fn new() -> Self {
        let threads = NonZeroUsize::new(THREADS).expect("not zero");
        Self(ThreadPool::builder().threads(threads).queue(ROOM).build())
    }

    fn submit(&self, job: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + 'static {
        over(accepted(&self.0, job, Submit::new()))
    }

    fn submit_first(&self, job: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + 'static {
        over(accepted(&self.0, job, Submit::new().priority(Priority::High)))
    }
}

impl Cancels for Ours {
    fn submit_and_cancel(&self, job: impl FnOnce() + Send + 'static) {
        accepted(&self.0, job, Submit::new()).cancel();
    }
}

fn accepted(pool: &ThreadPool, job: impl FnOnce() + Send + 'static, options: Submit) -> Job<()> {
    pool.try_submit_with(job, options).expect("the queue has room")
}

async fn over(job: impl Future<Output = Result<(), JobError>>) {
    job.await.expect("the job ran");
}

/// Ours, told to wait awake.
pub(super) struct OursAwake(Ours);

impl Pool for OursAwake {
    type Host = ours::Native;

    fn new() -> Self {
        let threads = NonZeroUsize::new(THREADS).expect("not zero");
        let builder = ThreadPool::builder().threads(threads).queue(ROOM);
        Self(Ours(builder.spin(Duration::from_micros(20)).build()))
    }

    fn submit(&self, job: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + 'static {
        self.0.submit(job)
    }

    fn submit_first(&self, job: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + 'static {
        self.0.submit_first(job)
    }
}

/// tokio's, with as many threads as it likes.
#[derive(Clone)]
pub(super) struct Tokio(Handle);

impl Pool for Tokio {
    type Host = TokioLocalSet;

    fn new() -> Self {
        Self(Handle::current())
    }

    fn submit(&self, job: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + 'static {
        let job = self.0.spawn_blocking(job);
        async { job.await.expect("the job ran") }
    }
}

/// tokio's, with as many threads as the others.
#[derive(Clone)]
pub(super) struct TokioLimited(Tokio);

impl Pool for TokioLimited {
    type Host = LocalSetLimited;

    fn new() -> Self {
        Self(Tokio::new())
    }

    fn submit(&self, job: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + 'static {
        self.0.submit(job)
    }
}

impl Cancels for TokioLimited {
    fn submit_and_cancel(&self, job: impl FnOnce() + Send + 'static) {
        self.0.0.spawn_blocking(job).abort();
    }
}

/// A runtime whose calls that block have so many threads.
pub(super) struct LocalSetLimited;

impl Host for LocalSetLimited {
    type Listener = <TokioLocalSet as Host>::Listener;
    type Stream = <TokioLocalSet as Host>::Stream;

    fn run<T>(main: impl Future<Output = T>) -> Result<T, Failure> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().max_blocking_threads(THREADS).build()?;
        Ok(tokio::task::LocalSet::new().block_on(&runtime, main))
    }

    fn spawn<F: Future<Output: 'static> + 'static>(future: F) -> impl Future {
        TokioLocalSet::spawn(future)
    }

    fn detach(future: impl Future<Output = ()> + 'static) {
        TokioLocalSet::detach(future);
    }

    fn yield_now() -> impl Future<Output = ()> {
        TokioLocalSet::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        TokioLocalSet::sleep(duration)
    }

    async fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
        TokioLocalSet::listen().await
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        TokioLocalSet::accept(listener).await
    }

    async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        TokioLocalSet::read(stream, buffer).await
    }

    async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()> {
        TokioLocalSet::write_all(stream, bytes).await
    }
}

/// One pool a process, of up to 500 threads.
#[derive(Clone)]
pub(super) struct Smol;

impl Pool for Smol {
    type Host = SmolLocal;

    fn new() -> Self {
        Self
    }

    fn submit(&self, job: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + 'static {
        smol::unblock(job)
    }
}

impl Cancels for Smol {
    fn submit_and_cancel(&self, job: impl FnOnce() + Send + 'static) {
        drop(smol::unblock(job));
    }
}

/// One thread an executor.
#[cfg(feature = "glommio")]
pub(super) struct Glommio;

#[cfg(feature = "glommio")]
impl Pool for Glommio {
    type Host = raw::Glommio;

    fn new() -> Self {
        Self
    }

    /// In a task of its own: a job of glommio is not submitted before it is polled.
    fn submit(&self, job: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + 'static {
        glommio::spawn_local(async { glommio::executor().spawn_blocking(job).await })
    }
}

/// Work in a box, as pools take it whose own waiting blocks: it sends when it has ended.
type Boxed = Box<dyn FnOnce() + Send>;

/// A pool that runs boxed work and says nothing.
#[derive(Clone)]
pub(super) struct Sending<P>(P);

pub(super) trait Execute: Clone + 'static {
    fn start() -> Self;
    fn execute(&self, work: Boxed);
}

impl<P: Execute> Pool for Sending<P> {
    type Host = SmolLocal;

    fn new() -> Self {
        Self(P::start())
    }

    fn submit(&self, job: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + 'static {
        let (done, ended) = oneshot::channel();
        self.0.execute(Box::new(move || {
            job();
            // Nobody there: it was given up.
            done.send(()).unwrap_or_default();
        }));
        async { ended.await.expect("the job ran") }
    }
}

pub(super) type Rayon = Sending<Arc<rayon_core::ThreadPool>>;

impl Execute for Arc<rayon_core::ThreadPool> {
    fn start() -> Self {
        let builder = rayon_core::ThreadPoolBuilder::new().num_threads(THREADS);
        Self::new(builder.build().expect("there are threads"))
    }

    fn execute(&self, work: Boxed) {
        self.spawn(work);
    }
}

pub(super) type Threadpool = Sending<threadpool::ThreadPool>;

impl Execute for threadpool::ThreadPool {
    fn start() -> Self {
        Self::new(THREADS)
    }

    fn execute(&self, work: Boxed) {
        Self::execute(self, work);
    }
}

/// What people write themselves: threads that receive from one channel.
pub(super) type Crossbeam = Sending<crossbeam_channel::Sender<Boxed>>;

impl Execute for crossbeam_channel::Sender<Boxed> {
    fn start() -> Self {
        let (sender, receiver) = crossbeam_channel::unbounded::<Boxed>();
        for _ in 0..THREADS {
            let receiver = receiver.clone();
            std::thread::spawn(move || receiver.into_iter().for_each(|work| work()));
        }
        sender
    }

    fn execute(&self, work: Boxed) {
        self.send(work).expect("its threads are there");
    }
}
