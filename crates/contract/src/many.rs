//! Many jobs at once: in order of completion, or until enough are done.

use crate::panic::shielded;
use crate::sync::{Mutex, lock};
use crate::{Job, JobError};
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Gives the outcomes of `jobs` as they come, each with its position in `jobs`; those already done come first.
///
/// # Cancel safety
///
/// Dropping it detaches the jobs that are left, as dropping a [`Job`] does.
///
/// # Python
///
/// `concurrent.futures.as_completed`. The timeout is the caller's: put one around [`next`](AsCompleted::next).
pub fn as_completed<T>(jobs: impl IntoIterator<Item = Job<T>>) -> AsCompleted<T> {
    let inbox = Arc::new(Inbox::default());
    let jobs: Vec<_> = jobs.into_iter().map(Some).collect();
    for (index, job) in jobs.iter().flatten().enumerate() {
        let inbox = inbox.clone();
        job.on_done(move || inbox.put(index));
    }
    AsCompleted { left: jobs.len(), jobs, inbox }
}

/// Made by [`as_completed`].
#[must_use = "nothing is handed out unless `next` is awaited"]
pub struct AsCompleted<T> {
    jobs: Vec<Option<Job<T>>>,
    left: usize,
    inbox: Arc<Inbox>,
}

impl<T> AsCompleted<T> {
    /// The next outcome with its job's position; `None` when all have been given.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[expect(clippy::should_implement_trait, reason = "the asynchronous form of the same idea")]
    pub fn next(&mut self) -> NextCompleted<'_, T> {
        NextCompleted(self)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, Result<T, JobError>)>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let Poll::Ready(index) = self.inbox.poll(cx) else { return Poll::Pending };
        let mut job = self.jobs[index].take().expect("each job completes once");
        self.left -= 1;
        let Poll::Ready(outcome) = Pin::new(&mut job).poll(cx) else {
            unreachable!("a job that is done is ready")
        };
        Poll::Ready(Some((index, outcome)))
    }
}

impl<T> Drop for AsCompleted<T> {
    fn drop(&mut self) {
        self.inbox.forget_waker();
    }
}

/// Made by [`AsCompleted::next`].
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited"]
pub struct NextCompleted<'a, T>(&'a mut AsCompleted<T>);

impl<T> Future for NextCompleted<'_, T> {
    type Output = Option<(usize, Result<T, JobError>)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_next(cx)
    }
}

/// Positions of jobs that are done, and who waits for the next.
#[derive(Default)]
pub(crate) struct Inbox(Mutex<(VecDeque<usize>, Option<Waker>)>);

impl Inbox {
    pub(crate) fn put(&self, index: usize) {
        let mut inbox = lock(&self.0);
        inbox.0.push_back(index);
        let waker = inbox.1.take();
        drop(inbox);
        if let Some(waker) = waker {
            shielded(|| waker.wake());
        }
    }

    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<usize> {
        // A waker is foreign code: cloned before the lock is taken, dropped after it is released.
        let waker = cx.waker().clone();
        let mut inbox = lock(&self.0);
        if let Some(index) = inbox.0.pop_front() {
            return Poll::Ready(index);
        }
        let stale = inbox.1.replace(waker);
        drop(inbox);
        drop(stale);
        Poll::Pending
    }

    /// Nobody waits any more: a waker kept here would keep its task alive until the last job is done.
    pub(crate) fn forget_waker(&self) {
        let waker = lock(&self.0).1.take();
        drop(waker);
    }
}

/// When [`wait`] has seen enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as one job is done.
    FirstCompleted,
    /// As soon as one job has failed, or all are done.
    FirstFailed,
    /// When all are done.
    All,
}

/// Waits until enough of `jobs` are done, and gives the positions of those that are, in the order of `jobs`.
///
/// It only looks: the jobs stay with the caller, who then awaits those that are done. Without jobs it is ready at once.
///
/// # Cancel safety
///
/// Dropping it loses nothing and leaves nothing behind.
///
/// # Python
///
/// `concurrent.futures.wait`. The timeout is the caller's: put one around it.
pub fn wait<T>(jobs: &[Job<T>], when: When) -> Wait<'_, T> {
    Wait { jobs, when, inbox: Arc::new(Inbox::default()), callbacks: Vec::new() }
}

/// Made by [`wait`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Wait<'a, T> {
    jobs: &'a [Job<T>],
    when: When,
    inbox: Arc<Inbox>,
    /// The callback on each job, once it has been polled.
    callbacks: Vec<u64>,
}

impl<T> Wait<'_, T> {
    fn enough(&self) -> bool {
        let all = || self.jobs.iter().all(Job::done);
        match self.when {
            When::FirstCompleted => self.jobs.is_empty() || self.jobs.iter().any(Job::done),
            When::FirstFailed => self.jobs.iter().any(Job::failed) || all(),
            When::All => all(),
        }
    }
}

impl<T> Future for Wait<'_, T> {
    type Output = Vec<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Vec<usize>> {
        let this = &mut *self;
        if this.callbacks.is_empty() {
            for (index, job) in this.jobs.iter().enumerate() {
                let inbox = this.inbox.clone();
                this.callbacks.push(job.add_callback(Box::new(move || inbox.put(index))));
            }
        }
        // The waker is in place before the jobs are looked at, so that no completion falls between.
        while this.inbox.poll(cx).is_ready() {}
        if this.enough() {
            let done = this.jobs.iter().enumerate().filter(|(_, job)| job.done()).map(|(index, _)| index);
            return Poll::Ready(done.collect());
        }
        Poll::Pending
    }
}

impl<T> Drop for Wait<'_, T> {
    fn drop(&mut self) {
        for (job, id) in self.jobs.iter().zip(&self.callbacks) {
            job.remove_callback(*id);
        }
    }
}

impl<T> fmt::Debug for AsCompleted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Wait<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("jobs", &self.jobs.len())
            .field("when", &self.when)
            .finish_non_exhaustive()
    }
}
