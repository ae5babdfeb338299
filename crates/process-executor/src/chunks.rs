//! Many short calls in few jobs: each job is a chunk of them.

use crate::call::{Call, call};
use crate::pool::ProcessPool;
use contract::{Executor, ExecutorExt, Job, JobError, Map, Panic, Reject, Rejected, Room, Submit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec::IntoIter;

/// What came of one call: its output, or what it panicked with, and where.
type Outcome<R> = Result<R, (String, Option<String>)>;

/// A function and some of its arguments.
#[doc(hidden)]
#[derive(Debug)]
pub struct Chunk<F, A> {
    function: F,
    arguments: Vec<A>,
}

impl<F, A, R> Executor<Chunk<F, A>> for ProcessPool
where
    F: Fn(A) -> R + Copy + Send + Sync + 'static,
    A: Serialize + DeserializeOwned + Send + 'static,
    R: Serialize + DeserializeOwned + Send + 'static,
{
    type Output = Vec<Outcome<R>>;

    fn try_submit_with(
        &self,
        work: Chunk<F, A>,
        options: Submit,
    ) -> Result<Job<Self::Output>, Rejected<Chunk<F, A>>> {
        let Chunk { function, arguments } = work;
        // It captures the function, which has no data, and so has none itself.
        let each = move |arguments: Vec<A>| arguments.into_iter().map(|it| one(function, it)).collect();
        let submitted = self.try_submit_with(call::<_, _, Self::Output>(each, arguments), options);
        submitted.map_err(|rejected| {
            rejected.map(|call: Call<_, _>| Chunk { function, arguments: call.into_argument() })
        })
    }

    fn room(&self) -> Room {
        self.room()
    }
}

fn one<A, R>(function: impl Fn(A) -> R, argument: A) -> Outcome<R> {
    Panic::catch(|| function(argument))
        .map_err(|panic| (panic.message().to_owned(), panic.location().map(str::to_owned)))
}

/// The arguments in chunks; how long each is, is noted for whoever takes the outcomes.
#[derive(Debug)]
pub(crate) struct Chunks<F, I> {
    function: F,
    arguments: I,
    size: NonZeroUsize,
    sizes: Sizes,
}

/// How long the chunks are whose outcomes nobody has taken yet, the oldest first.
type Sizes = Arc<Mutex<VecDeque<usize>>>;

impl<F: Copy, I: Iterator> Iterator for Chunks<F, I> {
    type Item = Chunk<F, I::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        let arguments: Vec<I::Item> = self.arguments.by_ref().take(self.size.get()).collect();
        if arguments.is_empty() {
            return None;
        }
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner).push_back(arguments.len());
        Some(Chunk { function: self.function, arguments })
    }
}

impl ProcessPool {
    /// Calls `function` with each of `arguments`, `chunk` of them in one job, at most `in_flight` jobs at a time, and gives the
    /// outcomes in the order of the arguments: as [`map`](ExecutorExt::map), for calls so short that a job for each would
    /// cost more than they do.
    ///
    /// A call that panics fails alone. What fails a job – its worker dies, a value does not cross – is the outcome of all the
    /// calls in it.
    ///
    /// # Cancel safety
    ///
    /// Dropping it cancels what is in flight.
    ///
    /// # Examples
    ///
    /// ```
    /// use process_executor::ProcessPool;
    /// use std::num::NonZeroUsize;
    ///
    /// let pool = ProcessPool::new(2)?;
    /// let (chunk, in_flight) = (NonZeroUsize::new(100).unwrap(), NonZeroUsize::new(4).unwrap());
    /// let squares = pool.map_chunks(|n: u64| n * n, 0..1000, chunk, in_flight);
    /// let sum: u64 = squares.blocking().map(Result::unwrap).sum();
    /// assert_eq!(sum, 332_833_500);
    /// # Ok::<(), process_executor::StartError>(())
    /// ```
    ///
    /// # Python
    ///
    /// `ProcessPoolExecutor.map(function, *iterables, chunksize=chunk)`. There the first call that fails ends the iteration, and
    /// takes the rest of its chunk with it.
    pub fn map_chunks<F, A, R, I>(
        &self,
        function: F,
        arguments: I,
        chunk: NonZeroUsize,
        in_flight: NonZeroUsize,
    ) -> MapChunks<'_, F, R, I::IntoIter>
    where
        F: Fn(A) -> R + Copy + Send + Sync + 'static,
        A: Serialize + DeserializeOwned + Send + 'static,
        R: Serialize + DeserializeOwned + Send + 'static,
        I: IntoIterator<Item = A>,
    {
        let sizes = Sizes::default();
        let works = Chunks { function, arguments: arguments.into_iter(), size: chunk, sizes: sizes.clone() };
        MapChunks { jobs: self.map(works, in_flight), sizes, ready: Ready(Vec::new().into_iter()) }
    }
}

/// Outcomes in the order of the arguments. Made by [`ProcessPool::map_chunks`].
#[must_use = "nothing is submitted unless it is asked for outcomes"]
pub struct MapChunks<'a, F, R, I>
where
    I: Iterator,
    ProcessPool: Executor<Chunk<F, I::Item>, Output = Vec<Outcome<R>>>,
{
    jobs: Map<'a, ProcessPool, Chunk<F, I::Item>, Chunks<F, I>>,
    sizes: Sizes,
    ready: Ready<R>,
}

/// What came of the chunk that was taken last, as far as nobody has it yet.
struct Ready<R>(IntoIter<Result<R, JobError>>);

impl<R> Ready<R> {
    fn fill(&mut self, chunk: Result<Vec<Outcome<R>>, JobError>, sizes: &Sizes) {
        let size = sizes.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(0);
        let all: Vec<_> = match chunk {
            Ok(outcomes) => outcomes.into_iter().map(|outcome| outcome.map_err(panicked)).collect(),
            Err(error) => {
                let mut all: Vec<_> = (1..size).map(|_| Err(same(&error))).collect();
                all.push(Err(error));
                all
            }
        };
        self.0 = all.into_iter();
    }
}

fn panicked((message, location): (String, Option<String>)) -> JobError {
    JobError::Panicked(Panic::from_words(message, location))
}

/// The same error once more.
fn same(error: &JobError) -> JobError {
    let words =
        |panic: &Panic| Panic::from_words(panic.message().to_owned(), panic.location().map(str::to_owned));
    match error {
        JobError::Cancelled { started } => JobError::Cancelled { started: *started },
        JobError::Deadline { started } => JobError::Deadline { started: *started },
        JobError::Shutdown { started } => JobError::Shutdown { started: *started },
        JobError::WorkerDied(death) => JobError::WorkerDied(death.clone()),
        JobError::Codec(error) => JobError::Codec(error.clone()),
        JobError::Panicked(panic) => JobError::Panicked(words(panic)),
        JobError::Initializer(panic) => JobError::Initializer(words(panic)),
        JobError::Rejected(why) => JobError::Rejected(why.clone()),
        other => {
            let why: Arc<dyn std::error::Error + Send + Sync> =
                Arc::new(std::io::Error::other(other.to_string()));
            JobError::Rejected(Reject::Broken(why))
        }
    }
}

impl<F, A, R, I> MapChunks<'_, F, R, I>
where
    F: Fn(A) -> R + Copy + Send + Sync + 'static,
    A: Serialize + DeserializeOwned + Send + 'static,
    R: Serialize + DeserializeOwned + Send + 'static,
    I: Iterator<Item = A>,
{
    /// The next outcome; `None` after the last.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no call and no outcome.
    pub async fn next(&mut self) -> Option<Result<R, JobError>> {
        loop {
            if let Some(outcome) = self.ready.0.next() {
                return Some(outcome);
            }
            let chunk = self.jobs.next().await?;
            self.ready.fill(chunk, &self.sizes);
        }
    }

    /// The same as an iterator that blocks this thread.
    pub fn blocking(self) -> impl Iterator<Item = Result<R, JobError>> {
        let Self { jobs, sizes, mut ready } = self;
        let mut jobs = jobs.blocking();
        std::iter::from_fn(move || {
            loop {
                if let Some(outcome) = ready.0.next() {
                    return Some(outcome);
                }
                ready.fill(jobs.next()?, &sizes);
            }
        })
    }
}

impl<F, R, I> fmt::Debug for MapChunks<'_, F, R, I>
where
    I: Iterator,
    ProcessPool: Executor<Chunk<F, I::Item>, Output = Vec<Outcome<R>>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapChunks").finish_non_exhaustive()
    }
}
