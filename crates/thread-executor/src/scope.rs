//! Jobs that borrow: a scope that does not end before they have.
#![expect(
    unsafe_code,
    reason = "the pool takes work that borrows nothing; the scope waits, so that nothing dangles"
)]

use crate::pool::ThreadPool;
use contract::role::{self, Role};
use contract::{ExecutorExt, Job, JobError, Panic, Watch, block_on};
use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

impl ThreadPool {
    /// Runs `body`, which may spawn jobs that borrow from outside; returns when they have all ended.
    ///
    /// A thread of the pool that waits for the end runs those of the jobs that have not started. A job that finds no room in
    /// the queue, or a closed pool, runs at once on the thread that spawns it.
    ///
    /// # Panics
    ///
    /// If `body` panics, or a job panics, or is withdrawn by a shutdown, whose handle was not waited for. On a thread that is
    /// running an event loop, which it would block.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = thread_executor::ThreadPool::default();
    /// let (mut left, mut right) = (vec![3, 1, 2], vec![6, 5, 4]);
    /// let longest = pool.scope(|scope| {
    ///     scope.spawn(|| left.sort());
    ///     scope.spawn(|| right.sort());
    ///     scope.spawn(|| 2 + 1).wait().unwrap()
    /// });
    /// assert_eq!((left, right, longest), (vec![1, 2, 3], vec![4, 5, 6], 3));
    /// ```
    ///
    /// # Python
    ///
    /// `with ThreadPoolExecutor() as pool`, whose end waits for everything in the pool.
    #[track_caller]
    pub fn scope<'env, R>(&self, body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R) -> R {
        // Refused before anything is spawned, where a wait at the end would be.
        block_on(std::future::ready(()));
        let open = Arc::new(Open::default());
        open.lock().helps = matches!(role::current(), Role::Worker(_));
        let scope = Scope { pool: self.clone(), open: open.clone(), scope: PhantomData, env: PhantomData };
        let ended = Panic::catch(|| body(&scope));
        // From here to the end of the wait nothing may unwind, which would take away what the jobs borrow.
        let no_way_out = Abort;
        let _role = matches!(role::current(), Role::Loop).then(|| role::enter(Role::Plain));
        open.run_queued();
        block_on(AllEnded(&open));
        std::mem::forget(no_way_out);
        let unseen = open.lock().unseen;
        match ended {
            Err(panic) => panic.resume(),
            Ok(_) if unseen.panics > 0 => panic!("a job of the scope panicked, and nobody waited for it"),
            Ok(_) if unseen.withdrawals > 0 => panic!(
                "a job of the scope never ran, since its pool was shut down, and nobody waited for it: shut the pool down \
                 after its scopes, with `Drain::Queued`, or wait for each job"
            ),
            Ok(output) => output,
        }
    }
}

/// Ends the program if it is dropped.
struct Abort;

impl Drop for Abort {
    fn drop(&mut self) {
        std::process::abort();
    }
}

/// Where jobs that borrow are spawned. Made by [`ThreadPool::scope`].
pub struct Scope<'scope, 'env: 'scope> {
    pool: ThreadPool,
    open: Arc<Open>,
    /// Neither longer nor shorter: what is spawned may borrow for exactly this long.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

impl<'scope> Scope<'scope, '_> {
    /// Spawns a job that ends before the scope does.
    pub fn spawn<F, T>(&'scope self, work: F) -> ScopedJob<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let outcome = Arc::new(Mutex::new(None));
        let task = Task { work: Some(work), outcome: Some(outcome.clone()), open: self.open.begin() };
        let work: Box<dyn FnOnce() + Send + 'scope> = Box::new(move || task.run());
        // SAFETY: only the lifetime changes. Whatever becomes of the box – run, withdrawn, refused – the task in it drops
        // the work, the output and its way to the outcome before `open`, its last field; and `scope` returns to whoever
        // lends for 'scope only after every `open` is dropped, also if the body panics. The scope itself cannot be
        // forgotten: `body` sees only a reference to it.
        let work: Box<dyn FnOnce() + Send + 'static> = unsafe { std::mem::transmute(work) };
        let job = match self.pool.try_submit(work) {
            Ok(job) => {
                self.open.queued(&job);
                Some(job)
            }
            Err(refused) => {
                (refused.into_work())();
                None
            }
        };
        ScopedJob { job, outcome, open: self.open.clone(), scope: PhantomData }
    }
}

/// A job of a [`Scope`].
pub struct ScopedJob<'scope, T> {
    /// `None` if it ran where it was spawned.
    job: Option<Job<()>>,
    outcome: Outcome<T>,
    open: Arc<Open>,
    scope: PhantomData<&'scope ()>,
}

type Outcome<T> = Arc<Mutex<Option<Result<T, Panic>>>>;

impl<T> ScopedJob<'_, T> {
    /// Blocks this thread until it has ended; a thread of the pool runs it, if it has not started.
    ///
    /// # Errors
    ///
    /// Why it gave no output: it panicked, or a shutdown withdrew it.
    pub fn wait(self) -> Result<T, JobError> {
        let ended = self.job.map_or(Ok(()), Job::wait);
        let outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
        match outcome {
            Some(Ok(output)) => Ok(output),
            Some(Err(panic)) => {
                self.open.lock().unseen.panics -= 1;
                Err(JobError::Panicked(panic))
            }
            None => {
                self.open.lock().unseen.withdrawals -= 1;
                Err(ended.err().unwrap_or(JobError::Shutdown { started: false }))
            }
        }
    }
}

/// What runs. The order of the fields is the order in which they are dropped: see [`Scope::spawn`].
struct Task<F, T> {
    work: Option<F>,
    outcome: Option<Outcome<T>>,
    open: Begun,
}

impl<F: FnOnce() -> T, T> Task<F, T> {
    fn run(mut self) {
        let (Some(work), Some(outcome)) = (self.work.take(), self.outcome.take()) else { return };
        let ended = Panic::catch(work);
        if ended.is_err() {
            self.open.0.lock().unseen.panics += 1;
        }
        *outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
        // Perhaps the last that holds the output, whose destructor is foreign.
        let _reported = Panic::catch(|| drop(outcome));
    }
}

impl<F, T> Drop for Task<F, T> {
    fn drop(&mut self) {
        if self.work.is_some() {
            self.open.0.lock().unseen.withdrawals += 1;
        }
    }
}

/// What is known of the jobs of a scope.
#[derive(Default)]
struct Open(Mutex<State>);

#[derive(Default)]
struct State {
    /// How many have not ended.
    jobs: usize,
    unseen: Unseen,
    waiter: Option<Waker>,
    /// Whether whoever waits for the end runs jobs meanwhile.
    helps: bool,
    /// If so, those that may not have started, and some that have.
    queued: VecDeque<Watch>,
    /// How many were left when those that had started were last looked for.
    kept: usize,
}

/// How jobs ended for which nobody waited.
#[derive(Default, Clone, Copy)]
struct Unseen {
    panics: usize,
    withdrawals: usize,
}

/// Below this many jobs it does not pay to look for those that have started.
const QUEUED_MIN: usize = 64;

impl Open {
    fn begin(self: &Arc<Self>) -> Begun {
        self.lock().jobs += 1;
        Begun(self.clone())
    }

    fn queued(&self, job: &Job<()>) {
        let mut state = self.lock();
        if !state.helps {
            return;
        }
        if state.queued.len() >= QUEUED_MIN.max(state.kept * 2) {
            state.queued.retain(Watch::is_queued);
            state.kept = state.queued.len();
        }
        state.queued.push_back(job.watch());
    }

    /// Runs what has not started, on a thread of the pool that waits for all of it.
    fn run_queued(&self) {
        loop {
            // Not under the lock.
            let Some(next) = self.lock().queued.pop_front() else { return };
            next.run_here();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them, until it is dropped.
struct Begun(Arc<Open>);

impl Drop for Begun {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.jobs -= 1;
        let waiter = if state.jobs == 0 { state.waiter.take() } else { None };
        drop(state);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }
}

/// Ready when no job of the scope is left.
struct AllEnded<'a>(&'a Open);

impl Future for AllEnded<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut state = self.0.lock();
        if state.jobs == 0 {
            return Poll::Ready(());
        }
        let stale = state.waiter.replace(waker);
        drop(state);
        drop(stale);
        Poll::Pending
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("open", &self.open.lock().jobs).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ScopedJob<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJob").field("job", &self.job).finish_non_exhaustive()
    }
}
