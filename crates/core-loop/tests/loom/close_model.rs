//! The close, and what other threads do meanwhile.
#![expect(
    unsafe_code,
    reason = "stands for the memory that the last holder frees: loom says who races for it"
)]

use crate::afar::Afar;
use crate::host::Host;
use crate::inbox::Inbox;
use crate::jobs::{Jobs, Ticket};
use crate::model;
use crate::parcel::{Parcel, Withdraw};
use crate::signal::Signal;
use contract::{Job, JobError, Place, Promise, Submit};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use std::cell::Cell;
use std::task::{Context, Wake, Waker};

/// What a loop shares with its handles and wakers.
struct Shared {
    inbox: Inbox<Remote>,
    jobs: std::sync::Arc<Jobs>,
    ended: Ended,
}

/// How many jobs have started, were withdrawn, or were left in the inbox. A plain atomic, which orders nothing.
type Ended = std::sync::Arc<std::sync::atomic::AtomicUsize>;

enum Remote {
    Job(std::sync::Arc<Parcel<Work>>),
    Wake(Message),
}

struct Work {
    promise: Promise<u8>,
    ticket: Ticket,
    ended: Ended,
}

impl Withdraw for Work {
    fn withdraw(self) -> bool {
        self.ended.fetch_add(1, Relaxed);
        self.promise.withdraw(JobError::Shutdown { started: false })
    }
}

impl Shared {
    fn new() -> Self {
        Self { inbox: Inbox::new(), jobs: Jobs::new(), ended: Ended::default() }
    }

    /// As `LoopHandle`. `None` if the work came back.
    fn submit(&self) -> Option<Job<u8>> {
        let ticket = Ticket::take(&self.jobs, None)?;
        let key = ticket.key();
        let (promise, job) = Job::promise(&Submit::new(), Place::none(), ());
        let send = |parcel| self.inbox.push_with(|| Remote::Job(parcel));
        Parcel::send(Work { promise, ticket, ended: self.ended.clone() }, &self.jobs, key, send)
            .ok()
            .map(|()| job)
    }

    /// As the start of a turn, and jobs that end in their first step. Gives how many there were.
    fn turn(&self) -> usize {
        let mut started = 0;
        self.inbox.take_into(&Cell::default(), |remote| match remote {
            Remote::Wake(message) => message.0.afar.taken(),
            Remote::Job(parcel) => {
                let Some(Work { promise, ticket, .. }) = parcel.take() else { return };
                self.ended.fetch_add(1, Relaxed);
                Ticket::started(&self.jobs, ticket.key(), String::new());
                if promise.start() {
                    started += 1;
                    promise.finish(Ok(7));
                }
            }
        });
        started
    }

    /// As `Closing`: the jobs, turns for the clean-ups, and the inbox.
    fn close(&self) {
        self.jobs.end();
        assert_eq!(self.turn(), 0, "a job started after the close began");
        for remote in self.inbox.close() {
            if let Remote::Job(parcel) = remote
                && parcel.take().is_some()
            {
                self.ended.fetch_add(1, Relaxed);
            }
        }
    }
}

/// A job that was accepted has an outcome, now that the loop is closed.
fn has_ended(job: Job<u8>) {
    assert!(job.done(), "a job was lost");
    match job.wait() {
        Ok(output) => assert_eq!(output, 7),
        Err(JobError::Shutdown { started }) => assert!(!started, "it ended in its first step"),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_job_that_races_with_the_close_has_ended_after_it_or_comes_back() {
    model(|| {
        let shared = Arc::new(Shared::new());
        let submitter = {
            let shared = shared.clone();
            // Its handle may be the last that lives.
            thread::spawn(move || shared.submit())
        };
        shared.turn();
        shared.close();
        let accepted = submitter.join().unwrap();
        assert_eq!(
            shared.ended.load(Relaxed),
            usize::from(accepted.is_some()),
            "work that is refused comes back"
        );
        accepted.into_iter().for_each(has_ended);
        assert!(shared.submit().is_none(), "it is closed");
        // One that was left would keep a shutdown waiting: loom reports a deadlock.
        assert!(shared.jobs.wait(None));
    });
}

#[test]
fn a_shutdown_that_waits_on_another_thread_ends_with_the_close() {
    model(|| {
        let shared = Arc::new(Shared::new());
        let accepted = shared.submit().expect("it is open");
        let [submitter, shutter] = [true, false].map(|submits| {
            let shared = shared.clone();
            thread::spawn(move || {
                if submits {
                    return shared.submit();
                }
                shared.jobs.close();
                assert!(shared.jobs.wait(None));
                None
            })
        });
        shared.close();
        shutter.join().unwrap();
        has_ended(accepted);
        submitter.join().unwrap().into_iter().for_each(has_ended);
    });
}

/// A task's memory.
struct Task {
    afar: Afar,
    memory: UnsafeCell<u8>,
    freed: AtomicUsize,
}

impl Task {
    fn new() -> Arc<Self> {
        Arc::new(Self { afar: Afar::new(), memory: UnsafeCell::new(0), freed: AtomicUsize::new(0) })
    }

    /// As a waker, which is a holder, and goes with it.
    fn wake(task: &Arc<Self>, shared: &Shared) {
        if task.afar.wake() {
            let message = Message(task.clone());
            shared.inbox.push_with(|| Remote::Wake(message));
        }
        task.let_go();
    }

    fn let_go(&self) {
        // The last read of a holder, and the write of whoever frees: loom finds them if they race.
        // SAFETY: what the model is to show: whoever holds the memory may read it.
        self.memory.with(|memory| assert_eq!(unsafe { *memory }, 0, "it was freed"));
        if self.afar.release() {
            // SAFETY: what the model is to show: the last holder has it alone.
            self.memory.with_mut(|memory| unsafe { *memory = 1 });
            self.freed.fetch_add(1, Relaxed);
        }
    }
}

/// A task on its way to the loop: a holder.
struct Message(Arc<Task>);

// SAFETY: as `AfarRef`: it reaches nothing but what other threads may touch; of the rest loom says who races for it.
unsafe impl Send for Message {}

impl Drop for Message {
    fn drop(&mut self) {
        self.0.let_go();
    }
}

#[test]
fn wakes_that_race_with_the_close_reach_no_memory_that_was_freed_and_leave_none() {
    model(|| {
        let (shared, task) = (Arc::new(Shared::new()), Task::new());
        let wakers = [(); 2].map(|()| {
            task.afar.hold();
            let (shared, task) = (shared.clone(), task.clone());
            thread::spawn(move || Task::wake(&task, &shared))
        });
        shared.turn();
        // As `drop_all`: the task is dropped, and nobody keeps its handle.
        task.afar.finish();
        task.let_go();
        drop(shared.inbox.close());
        wakers.into_iter().for_each(|waker| waker.join().unwrap());
        assert_eq!(task.freed.load(Relaxed), 1);
    });
}

/// Wakes a task whose loop may be closed.
struct Sends(std::sync::Arc<Shared>);

impl Wake for Sends {
    fn wake(self: std::sync::Arc<Self>) {
        Task::wake(&Task::new(), &self.0);
    }
}

#[test]
fn a_cancel_that_races_with_the_close_leaves_the_job_one_outcome() {
    model(|| {
        let shared = std::sync::Arc::new(Shared::new());
        let (promise, job) = Job::<u8>::promise(&Submit::new(), Place::none(), Signal::new());
        assert!(promise.start());
        let job = std::sync::Arc::new(job);
        let canceller = {
            let job = job.clone();
            thread::spawn(move || {
                job.cancel();
            })
        };
        // Its last step before the close, which drops it.
        let waker = Waker::from(std::sync::Arc::new(Sends(shared.clone())));
        let cancelled = promise.control().poll(&mut Context::from_waker(&waker));
        if cancelled {
            promise.finish(Err(JobError::Cancelled { started: true }));
        } else {
            drop(promise);
        }
        drop(shared.inbox.close());
        canceller.join().unwrap();
        let job = std::sync::Arc::into_inner(job).expect("the other thread has ended");
        match job.wait() {
            Err(JobError::Cancelled { started: true }) => assert!(cancelled),
            Err(JobError::Shutdown { started: true }) => assert!(!cancelled),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_cancel_from_another_thread_wakes_the_task_or_is_seen_by_its_step() {
    model(|| {
        let signal = std::sync::Arc::new(Signal::new());
        let canceller = {
            let signal = signal.clone();
            thread::spawn(move || contract::Control::signalled(&*signal))
        };
        let host = std::sync::Arc::new(Host::default());
        let waker = Waker::from(host.clone());
        // A cancel that is neither would be a sleep without an end, which loom reports as a deadlock.
        while !signal.poll(&mut Context::from_waker(&waker)) {
            host.sleep();
        }
        canceller.join().unwrap();
    });
}
