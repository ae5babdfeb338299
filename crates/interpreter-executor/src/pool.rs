//! The pool: load, submit, shut down.

use crate::call::{GuestCall, TypedCall};
use crate::engine::Engine;
use crate::meter::Halt;
use crate::{Builder, Imports, Limits, LoadError, Module, Reuse, seat};
use contract::{Attempt, Drain, Executor, Fallible, Job, Reject, Rejected, Report, Room, Shutdown, Submit};
use serde_core::de::DeserializeOwned;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use thread_executor::{BuildError, Stats, ThreadPool};

/// Runs calls of WebAssembly guests, each in an instance that shares nothing with any other. Cloning gives another handle to
/// the same pool.
///
/// A guest computes, answers, and can do nothing else but call the host functions that were [added by name](Imports). Its
/// memory, stack, tables and result have a cap. A deadline or a cancel stops it within one [slice](Builder::fuel_slice) of
/// fuel, wherever it is: the instance is dropped, and the thread serves the next call. No trap, and no lack of memory, is
/// more than the error of one job.
///
/// # Dropping the pool
///
/// Dropping the last handle closes the pool and returns at once; what was accepted still runs. Modules are no handles. A guest that never ends, and has neither deadline nor fuel, keeps its thread until somebody cancels it, or a
/// [`shutdown`](Shutdown::shutdown) has waited for its grace.
///
/// # Python
///
/// `concurrent.futures.InterpreterPoolExecutor`. There an interpreter isolates objects; here an instance isolates memory and
/// time as well.
#[derive(Clone)]
pub struct InterpreterPool {
    threads: ThreadPool,
    shared: Arc<Shared>,
}

/// What modules keep of their pool.
pub(crate) struct Shared {
    /// By which its threads know it.
    pub(crate) id: seat::PoolId,
    engine: Arc<dyn Engine>,
    pub(crate) limits: Limits,
    pub(crate) reuse: Reuse,
    /// How many threads there may be, those that stand in for others included.
    pub(crate) seats: usize,
    pub(crate) halt: Arc<Halt>,
}

impl InterpreterPool {
    /// A pool to be described.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn start(
        engine: Arc<dyn Engine>,
        limits: Limits,
        reuse: Reuse,
        threads: thread_executor::Builder,
        on_start: Option<Arc<dyn Fn(usize) + Send + Sync>>,
    ) -> Result<Self, BuildError> {
        let id = seat::new_pool();
        let threads = threads.on_thread_start(move |index| {
            seat::take(id, index);
            if let Some(prepare) = &on_start {
                prepare(index);
            }
        });
        let threads = threads.try_build()?;
        let seats = threads.threads_max().get() * 2;
        let shared = Arc::new(Shared { id, engine, limits, reuse, seats, halt: Arc::default() });
        Ok(Self { threads, shared })
    }

    /// Loads `module`, WebAssembly as bytes: it is parsed, validated and compiled here and now, on this thread, which takes
    /// milliseconds if it is large.
    ///
    /// # Errors
    ///
    /// Why it cannot be run.
    pub fn load(&self, module: impl AsRef<[u8]>) -> Result<Module, LoadError> {
        self.load_with(module, &Imports::new())
    }

    /// The same, and the guest may call `imports`.
    ///
    /// # Errors
    ///
    /// Why it cannot be run.
    pub fn load_with(&self, module: impl AsRef<[u8]>, imports: &Imports) -> Result<Module, LoadError> {
        let program = self.shared.engine.load(module.as_ref(), imports)?;
        Ok(Module::new(self.shared.clone(), program.into()))
    }

    /// What each call may have.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// What its threads are doing and have done. Calls that failed, in whatever way, are counted as `panicked`.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.threads.stats()
    }

    /// What speaks against running a call.
    fn refusal(&self, call: &GuestCall) -> Option<Reject> {
        let broken = |why: String| Reject::Broken(Arc::new(io::Error::other(why)));
        let inner = &call.module().inner;
        if !Arc::ptr_eq(&inner.pool, &self.shared) {
            let why = "the module was loaded by another pool, under other limits: load it in this one";
            return Some(broken(why.to_owned()));
        }
        if let Some(why) = inner.broken() {
            return Some(broken(format!("the module's initializer failed: {why}; load it anew")));
        }
        let (len, limit) = (call.argument_bytes(), self.shared.limits.memory);
        (len > limit).then_some(Reject::TooLarge { len, limit })
    }

    fn submit<A>(&self, call: A, options: Submit) -> Result<Job<A::Output>, Rejected<A>>
    where
        A: Attempt + Send + 'static,
        A::Output: Send + 'static,
    {
        let submitted = self.threads.try_submit_with(Fallible(call), options);
        submitted.map_err(|rejected| rejected.map(|fallible| fallible.0))
    }
}

impl Executor<GuestCall> for InterpreterPool {
    type Output = Vec<u8>;

    fn try_submit_with(&self, call: GuestCall, options: Submit) -> Result<Job<Vec<u8>>, Rejected<GuestCall>> {
        match self.refusal(&call) {
            Some(why) => Err(Rejected::new(call, why)),
            None => self.submit(call, options),
        }
    }

    fn room(&self) -> Room {
        room(&self.threads)
    }
}

impl<R: DeserializeOwned + Send + 'static> Executor<TypedCall<R>> for InterpreterPool {
    type Output = R;

    fn try_submit_with(&self, call: TypedCall<R>, options: Submit) -> Result<Job<R>, Rejected<TypedCall<R>>> {
        let unwritten = call.unwritten.clone().map(Reject::Codec);
        match unwritten.or_else(|| self.refusal(&call.call)) {
            Some(why) => Err(Rejected::new(call, why)),
            None => self.submit(call, options),
        }
    }

    fn room(&self) -> Room {
        room(&self.threads)
    }
}

/// The pool's, whatever the work.
fn room(threads: &ThreadPool) -> Room {
    Executor::<fn()>::room(threads)
}

/// Guests that still run when the grace is over are reported, and then stopped: they end as [`JobError::Shutdown`](contract::JobError::Shutdown) within a
/// slice.
impl Shutdown for InterpreterPool {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        let report = self.threads.shutdown(how, grace);
        if !report.stragglers.is_empty() {
            self.shared.halt.order();
        }
        report
    }
}

impl fmt::Debug for InterpreterPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterpreterPool")
            .field("limits", &self.shared.limits)
            .field("reuse", &self.shared.reuse)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}
