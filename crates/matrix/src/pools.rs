//! The pools of others behind `Executor<W>`: each with the promises that it breaks, found by the suite.
//!
//! The adapter gives them what a job is by itself: a cancel before the start, panics as errors, waits. Bounds, deadlines and
//! the end are the pool's own, so that is where they differ.

use conformance::{Bench, Executors, Subject};
use contract::{Drain, Executor, Job, Place, Rejected, Report, Room, Shutdown, Submit, Unavailable};
#[cfg(feature = "tokio")]
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What another pool takes.
type Boxed = Box<dyn FnOnce() + Send>;

/// A pool of others.
pub(crate) trait Pool: Send + Sync + 'static {
    fn execute(&self, work: Boxed);
    /// Its own way to end, if it has one.
    fn end(&self, grace: Duration);
}

/// The adapter.
struct Behind<P>(P);

impl<P, F, R> Executor<F> for Behind<P>
where
    P: Pool,
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    type Output = R;

    fn try_submit_with(&self, work: F, options: Submit) -> Result<Job<R>, Rejected<F>> {
        let (runnable, job) = Job::package(work, &options, Place::none(), ());
        self.0.execute(Box::new(move || runnable.run()));
        Ok(job)
    }

    fn room(&self) -> Room {
        Room::unbounded()
    }
}

impl<P: Pool> Shutdown for Behind<P> {
    fn shutdown(&self, _: Drain, grace: Duration) -> Report {
        self.0.end(grace);
        Report::default()
    }
}

/// How many threads those get that can be told.
const THREADS: usize = 2;

/// Only a hang takes so long.
const LIMIT: Duration = Duration::from_secs(90);

/// A broken promise: the behaviour, and why.
type Broken = (&'static str, &'static str);

/// A pool of others in its column. `threads`: as many as it keeps to.
pub(crate) fn subject<P: Pool>(
    name: &'static str,
    threads: Option<usize>,
    broken: &[Broken],
    make: fn() -> Result<P, Unavailable>,
) -> Subject<Executors> {
    let subject = Subject::executor(name, move || {
        let bench = Bench::closures(Behind(make()?));
        Ok(match threads {
            Some(threads) => bench.workers(threads),
            None => bench,
        })
    });
    broken.iter().fold(subject.limit(LIMIT), |subject, (id, why)| subject.fails(id, why))
}

const NO_DEADLINE: Broken = ("executor.deadline_withdraws_queued", "it knows no deadlines");
const NO_CLOSE: Broken =
    ("executor.submit_after_shutdown", "it cannot be closed: what comes later is taken, or lost");
const NO_DRAIN: Broken = ("executor.shutdown_wait_drains_queue", "its end waits for nothing that is queued");
const NO_CANCEL: Broken = ("executor.cancel_futures", "its end withdraws nothing");
const NO_REPORT: Broken = ("executor.shutdown_ends_within_its_grace", "nobody learns what still runs");

/// A pool that this program was built without.
#[cfg(not(all(feature = "glommio", feature = "smol", feature = "tokio")))]
fn absent(name: &'static str, runtime: &'static str) -> Subject<Executors> {
    Subject::executor(name, move || {
        Err(Unavailable::new(runtime, "this program was built without it", "build it with its feature"))
    })
}

#[cfg(not(feature = "tokio"))]
pub(crate) fn tokio() -> Subject<Executors> {
    absent("raw-tokio-blocking", "tokio")
}

#[cfg(not(feature = "smol"))]
pub(crate) fn smol() -> Subject<Executors> {
    absent("raw-smol-blocking", "smol")
}

#[cfg(not(all(feature = "glommio", feature = "smol")))]
pub(crate) fn glommio() -> Subject<Executors> {
    absent("raw-glommio-blocking", "glommio")
}

#[cfg(feature = "tokio")]
pub(crate) struct Tokio(Mutex<Option<tokio::runtime::Runtime>>, tokio::runtime::Handle);

#[cfg(feature = "tokio")]
impl Pool for Tokio {
    fn execute(&self, work: Boxed) {
        self.1.spawn_blocking(work);
    }

    fn end(&self, grace: Duration) {
        let runtime = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_timeout(grace);
        }
    }
}

#[cfg(feature = "tokio")]
pub(crate) fn tokio() -> Subject<Executors> {
    let broken = [NO_DEADLINE, NO_CLOSE, NO_CANCEL, NO_REPORT];
    subject("raw-tokio-blocking", Some(THREADS), &broken, || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.max_blocking_threads(THREADS).build();
        let runtime = runtime.map_err(|error| {
            Unavailable::new("tokio", error.to_string(), "raise the limits of this process")
        })?;
        let handle = runtime.handle().clone();
        Ok(Tokio(Mutex::new(Some(runtime)), handle))
    })
}

#[cfg(feature = "smol")]
pub(crate) struct Smol;

#[cfg(feature = "smol")]
impl Pool for Smol {
    fn execute(&self, work: Boxed) {
        smol::unblock(work).detach();
    }

    fn end(&self, _: Duration) {}
}

/// One pool a process, of up to 500 threads: nothing ever waits in its queue here.
#[cfg(feature = "smol")]
pub(crate) fn smol() -> Subject<Executors> {
    subject("raw-smol-blocking", None, &[NO_CLOSE, NO_DRAIN, NO_REPORT], || Ok(Smol))
}

pub(crate) struct Rayon(rayon_core::ThreadPool);

impl Pool for Rayon {
    fn execute(&self, work: Boxed) {
        self.0.spawn(work);
    }

    fn end(&self, _: Duration) {}
}

pub(crate) fn rayon() -> Subject<Executors> {
    let broken = [NO_DEADLINE, NO_CLOSE, NO_DRAIN, NO_CANCEL, NO_REPORT];
    subject("raw-rayon", Some(THREADS), &broken, || {
        let pool = rayon_core::ThreadPoolBuilder::new().num_threads(THREADS).build();
        pool.map(Rayon)
            .map_err(|error| Unavailable::new("rayon", error.to_string(), "raise the limits of this process"))
    })
}

/// Its one thread for work that blocks belongs to an executor, which has a thread of its own here.
#[cfg(all(feature = "glommio", feature = "smol"))]
pub(crate) struct Glommio(smol::channel::Sender<Boxed>);

#[cfg(all(feature = "glommio", feature = "smol"))]
impl Pool for Glommio {
    fn execute(&self, work: Boxed) {
        // Refused after its end: the work is dropped, and its job ends with an error.
        let _refused = self.0.try_send(work);
    }

    fn end(&self, _: Duration) {
        self.0.close();
    }
}

#[cfg(all(feature = "glommio", feature = "smol"))]
pub(crate) fn glommio() -> Subject<Executors> {
    use glommio::{LocalExecutorBuilder, Placement};

    let broken = [NO_DEADLINE, NO_CLOSE, NO_DRAIN, NO_CANCEL, NO_REPORT];
    subject("raw-glommio-blocking", Some(1), &broken, || {
        // Asked through our driver: glommio itself would panic, or end the process.
        loop_glommio::GlommioDriver::new().map(drop)?;
        let (sender, receiver) = smol::channel::unbounded::<Boxed>();
        let serve = move || async move {
            while let Ok(work) = receiver.recv().await {
                glommio::spawn_local(async { glommio::executor().spawn_blocking(work).await }).detach();
            }
        };
        let executor = LocalExecutorBuilder::new(Placement::Unbound).name("raw").spawn(serve);
        executor.map(|_| Glommio(sender)).map_err(|error| {
            Unavailable::new("glommio", error.to_string(), "raise the limits of this process")
        })
    })
}
