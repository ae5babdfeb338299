//! Executors of futures that break one promise each, and the behaviours that catch them.

use crate::broken::{self, cases};
use conformance::{Bench, BoxFuture, Executors, LoopThread, Subject};
use contract::{Drain, Executor, Job, Rejected, Report, Room, Shutdown, Submit, Unavailable};
use core_loop::NativeDriver;
use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// A promise that the executor is made to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// Wakes from other threads are lost.
    ForgetsForeignWakes,
    /// What is parked when it is dropped stays parked.
    KeepsParkedWork,
}

/// A loop's handle with a bug.
struct Broken {
    /// `None` once it was dropped.
    handle: Option<LoopThread>,
    bug: Bug,
}

impl Broken {
    fn bench(bug: Bug) -> Result<Bench, Unavailable> {
        let handle = Some(LoopThread::start(NativeDriver::new)?);
        Ok(Bench::futures(Self { handle, bug }))
    }

    fn handle(&self) -> &LoopThread {
        self.handle.as_ref().expect("it is there until the drop")
    }
}

impl Executor<BoxFuture> for Broken {
    type Output = u64;

    fn try_submit_with(&self, work: BoxFuture, options: Submit) -> Result<Job<u64>, Rejected<BoxFuture>> {
        let work = if self.bug == Bug::ForgetsForeignWakes { deaf(work) } else { work };
        self.handle().try_submit_with(work, options)
    }

    fn room(&self) -> Room {
        Executor::<BoxFuture>::room(self.handle())
    }
}

impl Shutdown for Broken {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        self.handle().shutdown(how, grace)
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        if self.bug == Bug::KeepsParkedWork {
            mem::forget(self.handle.take());
        }
    }
}

/// `work`, deaf to wakes from other threads.
fn deaf(mut work: BoxFuture) -> BoxFuture {
    Box::pin(poll_fn(move |cx| {
        let filter = Filter { waker: cx.waker().clone(), thread: thread::current().id() };
        work.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(filter))))
    }))
}

struct Filter {
    waker: Waker,
    thread: ThreadId,
}

impl Wake for Filter {
    fn wake(self: Arc<Self>) {
        if thread::current().id() == self.thread {
            self.waker.wake_by_ref();
        }
    }
}

/// A handle with this bug.
fn handle(bug: Bug) -> Subject<Executors> {
    let subject = Subject::executor(format!("{bug:?}"), move || Broken::bench(bug));
    subject.limit(Duration::from_secs(5))
}

#[test]
fn a_handle_without_a_bug_is_not_caught() {
    broken::Broken::from(handle(Bug::None)).is_caught_by(&[]);
}

cases! { "executor":
    /// A loop's handle that forgets wakes of its work from other threads.
    a_handle_that_forgets_wakes_from_other_threads_is_caught: handle(Bug::ForgetsForeignWakes)
        => ["executor.parked_work_goes_on_when_woken"];
    /// A loop's handle that never drops parked work at its close.
    a_handle_that_keeps_parked_work_at_its_close_is_caught: handle(Bug::KeepsParkedWork)
        => ["executor.parked_work_is_dropped_at_the_close"];
}
