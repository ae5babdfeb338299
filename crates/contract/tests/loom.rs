//! Every interleaving of what can happen to a job, and of what can happen to a line for places.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p anyloop-contract --test loom --release`
#![cfg(loom)]

use contract::{
    Cancel, Control, Job, JobError, Place, Runnable, Slots, Submit, Watch, as_completed, block_on,
};
use loom::thread;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// What happened, counted: by plain atomics, which order nothing between the threads of a model.
#[derive(Default)]
struct Seen {
    ran: AtomicUsize,
    places: AtomicUsize,
    guards: AtomicUsize,
    attached: AtomicUsize,
    callbacks: AtomicUsize,
    registered: AtomicUsize,
    dequeued: AtomicUsize,
    signalled: AtomicUsize,
    expired: AtomicUsize,
    cancelled: AtomicUsize,
    dropped: AtomicBool,
    /// What a callback saw wrong; an assertion in it would be caught and lost.
    wrong: AtomicBool,
}

struct Count(Arc<Seen>, fn(&Seen) -> &AtomicUsize);

impl Drop for Count {
    fn drop(&mut self) {
        (self.1)(&self.0).fetch_add(1, SeqCst);
    }
}

struct Told(Arc<Seen>);

impl Control for Told {
    fn dequeued(&self) {
        self.0.dequeued.fetch_add(1, SeqCst);
    }

    fn signalled(&self) {
        self.0.signalled.fetch_add(1, SeqCst);
    }
}

/// A job, and all that the two who race over it may do to it.
struct Race {
    runnable: Mutex<Option<Runnable>>,
    watch: Watch,
    job: Mutex<Option<Arc<Job<u8>>>>,
    seen: Arc<Seen>,
}

type Act = fn(&Race);

impl Race {
    fn new() -> Arc<Self> {
        let seen = Arc::new(Seen::default());
        let inside = seen.clone();
        let work = move || {
            assert_eq!(inside.places.load(SeqCst), 1, "the place is given up before the work runs");
            inside.ran.fetch_add(1, SeqCst);
            7
        };
        let place = Place::new(Count(seen.clone(), |seen| &seen.places));
        let (runnable, job) = Job::package(work, &Submit::new(), place, Told(seen.clone()));
        let watch = runnable.watch();
        let race =
            Self { runnable: Mutex::new(Some(runnable)), watch, job: Mutex::new(Some(Arc::new(job))), seen };
        race.attach();
        Arc::new(race)
    }

    fn job(&self) -> Arc<Job<u8>> {
        self.job.lock().unwrap().clone().expect("the job is there")
    }

    fn run(&self) {
        let runnable = self.runnable.lock().unwrap().take();
        runnable.expect("nobody else took it").run();
    }

    fn lose(&self) {
        let runnable = self.runnable.lock().unwrap().take();
        drop(runnable);
    }

    fn cancel(&self) {
        if self.job().cancel() == Cancel::Dequeued {
            self.seen.cancelled.fetch_add(1, SeqCst);
        }
    }

    fn expire(&self) {
        if self.watch.expire() {
            self.seen.expired.fetch_add(1, SeqCst);
        }
    }

    fn on_done(&self) {
        self.seen.registered.fetch_add(1, SeqCst);
        let (watch, seen) = (self.watch.clone(), self.seen.clone());
        self.job().on_done(move || {
            seen.callbacks.fetch_add(1, SeqCst);
            if watch.is_queued() || watch.expire() {
                seen.wrong.store(true, SeqCst);
            }
        });
    }

    fn attach(&self) {
        self.seen.attached.fetch_add(1, SeqCst);
        self.job().attach(Count(self.seen.clone(), |seen| &seen.guards));
    }

    /// The two that take the job itself: nobody else may use it then, which the compiler sees to outside of a model.
    fn take(&self) -> Job<u8> {
        let job = self.job.lock().unwrap().take().expect("the job is there");
        Arc::try_unwrap(job).expect("nobody else holds it")
    }

    fn wait(&self) {
        let outcome = self.take().wait();
        let overran = matches!(outcome, Err(JobError::Deadline { started: true }));
        let (guards, attached) = (self.seen.guards.load(SeqCst), self.seen.attached.load(SeqCst));
        assert!(overran || guards == attached, "guards are dropped before the outcome is seen");
        assert_eq!(self.seen.places.load(SeqCst), 1, "the place is given up before the outcome is seen");
        self.check(outcome);
    }

    fn forget(&self) {
        drop(self.take());
        self.seen.dropped.store(true, SeqCst);
    }

    /// The outcome against what was counted.
    fn check(&self, outcome: Result<u8, JobError>) {
        let ran = self.seen.ran.load(SeqCst);
        match outcome {
            Ok(output) => assert_eq!((output, ran), (7, 1)),
            Err(JobError::Cancelled { started: false }) => assert_eq!(ran, 0),
            Err(JobError::Deadline { started: false }) => assert_eq!(ran, 0),
            Err(JobError::Deadline { started: true }) => {}
            Err(JobError::Shutdown { started: false }) => assert_eq!(ran, 0),
            Err(error) => panic!("nobody did this: {error}"),
        }
    }

    /// What must hold when all is over, whoever won.
    fn settle(&self) {
        if self.runnable.lock().unwrap().is_some() {
            self.run();
        }
        let waited = self.job.lock().unwrap().is_none();
        if !waited {
            self.wait();
        }
        let seen = &self.seen;
        let count = |of: fn(&Seen) -> &AtomicUsize| of(seen).load(SeqCst);
        assert_eq!(count(|seen| &seen.places), 1, "the place is given up once");
        assert_eq!(count(|seen| &seen.guards), count(|seen| &seen.attached), "each guard is dropped once");
        assert_eq!(count(|seen| &seen.callbacks), count(|seen| &seen.registered), "each callback runs once");
        assert_eq!(count(|seen| &seen.ran) + count(|seen| &seen.dequeued), 1, "it runs or is withdrawn");
        assert!(count(|seen| &seen.expired) + count(|seen| &seen.cancelled) <= 1, "one outcome");
        assert!(!seen.wrong.load(SeqCst), "a callback sees a job that is done");
    }
}

/// Two threads: every interleaving. With a third they are too many, and those with more than three preemptions are left
/// out.
fn model(threads: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = (threads > 2).then_some(3);
    builder.check(model);
}

fn race<const N: usize>(acts: [Act; N]) {
    model(N, move || {
        let race = Race::new();
        let threads = acts.map(|act| {
            let race = race.clone();
            thread::spawn(move || act(&race))
        });
        for thread in threads {
            thread.join().unwrap();
        }
        race.settle();
    });
}

macro_rules! races {
    ($($name:ident: $($act:ident),*;)*) => { $(
        #[test]
        fn $name() {
            race([$(Race::$act as Act),*]);
        }
    )* };
}

/// In every order there is one outcome, one end of each guard and place, and one call of each callback.
mod one_outcome_of {
    use super::{Act, Race, race};

    races! {
        run_and_cancel: run, cancel;
        run_and_expire: run, expire;
        run_and_on_done: run, on_done;
        run_and_attach: run, attach;
        run_and_wait: run, wait;
        run_and_drop: run, forget;
        lose_and_cancel: lose, cancel;
        lose_and_expire: lose, expire;
        lose_and_on_done: lose, on_done;
        lose_and_attach: lose, attach;
        lose_and_wait: lose, wait;
        lose_and_drop: lose, forget;
        cancel_and_cancel: cancel, cancel;
        cancel_and_expire: cancel, expire;
        cancel_and_on_done: cancel, on_done;
        cancel_and_attach: cancel, attach;
        expire_and_expire: expire, expire;
        expire_and_on_done: expire, on_done;
        expire_and_attach: expire, attach;
        expire_and_drop: expire, forget;
        on_done_and_attach: on_done, attach;
        on_done_and_on_done: on_done, on_done;
        attach_and_attach: attach, attach;
        run_and_cancel_and_expire: run, cancel, expire;
        run_and_expire_and_wait: run, expire, wait;
        run_and_expire_and_drop: run, expire, forget;
        run_and_cancel_and_on_done: run, cancel, on_done;
        run_and_expire_and_attach: run, expire, attach;
        lose_and_cancel_and_expire: lose, cancel, expire;
        lose_and_expire_and_wait: lose, expire, wait;
    }
}

#[test]
fn a_promise_that_is_finished_while_it_is_cancelled_and_expires_has_one_outcome() {
    for begins in [false, true] {
        model(3, move || {
            let (promise, job) = Job::promise(&Submit::new(), Place::none(), ());
            let watch = promise.watch();
            let started = begins && promise.start();
            let finisher = thread::spawn(move || promise.finish(Ok(7)));
            let expirer = thread::spawn(move || watch.expire());
            let answer = job.cancel();
            assert!(!started || answer != Cancel::Dequeued);
            finisher.join().unwrap();
            let expired = expirer.join().unwrap();
            match job.wait() {
                Ok(output) => assert!(output == 7 && answer != Cancel::Dequeued && !expired),
                Err(JobError::Deadline { started }) => assert!(expired && (started || !begins)),
                Err(JobError::Cancelled { started: false }) => {
                    assert!(answer == Cancel::Dequeued && !expired)
                }
                Err(error) => panic!("nobody did this: {error}"),
            }
        });
    }
}

#[test]
fn the_next_completion_is_never_slept_through() {
    model(3, || {
        let (runnables, jobs): (Vec<_>, Vec<_>) =
            (0..2).map(|n| Job::package(move || n, &Submit::new(), Place::none(), ())).unzip();
        let threads: Vec<_> =
            runnables.into_iter().map(|runnable| thread::spawn(move || runnable.run())).collect();
        let mut completed = as_completed(jobs);
        let mut sum = 0;
        while let Some((index, outcome)) = block_on(completed.next()) {
            assert_eq!(outcome.unwrap(), index);
            sum += index + 1;
        }
        assert_eq!(sum, 3);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn enough_completions_are_never_slept_through() {
    use contract::{When, wait};
    for when in [When::FirstCompleted, When::FirstFailed, When::All] {
        model(3, move || {
            let (runnables, jobs): (Vec<_>, Vec<_>) =
                (0..2).map(|n| Job::package(move || n, &Submit::new(), Place::none(), ())).unzip();
            let threads: Vec<_> =
                runnables.into_iter().map(|runnable| thread::spawn(move || runnable.run())).collect();
            let done = block_on(wait(&jobs, when));
            assert!(if when == When::FirstCompleted { !done.is_empty() } else { done == [0, 1] });
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }
}

/// Every place is taken: one thread gives it back, the others do what they do.
fn places(acts: &'static [fn(Slots)]) {
    model(acts.len() + 1, move || {
        let slots = Slots::new(1);
        let held = slots.try_take().expect("it is free");
        let threads: Vec<_> = acts
            .iter()
            .map(|act| {
                let slots = slots.clone();
                thread::spawn(move || act(slots))
            })
            .collect();
        drop(held);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(slots.free(), 1, "every place came back");
    });
}

fn waits(slots: Slots) {
    drop(block_on(slots.room()));
}

/// Gets in line and leaves it again, at whatever moment.
fn gives_up(slots: Slots) {
    drop(block_on(poll_once(slots.room())));
}

fn closes(slots: Slots) {
    slots.close();
}

fn takes(slots: Slots) {
    drop(slots.try_take());
}

/// Polls `future` once and gives it back, ready or not, with its output.
async fn poll_once<F: Future + Unpin>(mut future: F) -> (F, Option<F::Output>) {
    let output = std::future::poll_fn(|cx| match std::pin::Pin::new(&mut future).poll(cx) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    });
    let output = output.await;
    (future, output)
}

#[test]
fn a_place_that_comes_back_reaches_whoever_waits() {
    places(&[waits]);
}

#[test]
fn a_place_that_comes_back_reaches_everybody_in_turn() {
    places(&[waits, waits]);
}

#[test]
fn a_place_that_was_handed_to_whoever_gave_up_passes_on() {
    places(&[waits, gives_up]);
}

#[test]
fn no_place_is_lost_to_waiters_that_give_up() {
    places(&[gives_up, gives_up]);
}

#[test]
fn a_newcomer_that_tries_its_luck_loses_no_place() {
    places(&[waits, takes]);
}

#[test]
fn a_close_ends_every_wait_and_loses_no_place() {
    places(&[waits, closes]);
}

#[test]
fn a_close_loses_no_place_that_was_handed_to_whoever_gave_up() {
    places(&[gives_up, closes]);
}

#[test]
fn a_close_ends_a_wait_for_a_place_that_never_comes_back() {
    model(2, || {
        let slots = Slots::new(0);
        let waiter = thread::spawn({
            let slots = slots.clone();
            move || waits(slots)
        });
        slots.close();
        waiter.join().unwrap();
    });
}

/// A worker waits for a job that is queued, and another thread comes by to run it.
mod a_worker_that_waits {
    use super::*;
    use contract::role::{self, Role, Waits};
    use std::borrow::Cow;
    use std::task::Waker;
    use std::time::Duration;

    struct Pool;

    impl Waits for Pool {
        fn sleeps(&self, _: &Waker) -> Option<Duration> {
            None
        }

        fn goes_on(&self) {}
    }

    struct Lets;

    impl Control for Lets {
        fn awaited(&self, _: Option<&Cow<'static, str>>, run: &mut dyn FnMut()) {
            run();
        }
    }

    #[test]
    fn or_the_other_thread_runs_it_and_never_both() {
        model(3, || {
            let ran = Arc::new(AtomicUsize::new(0));
            let runs = ran.clone();
            let work = move || runs.fetch_add(1, SeqCst);
            let (runnable, job) = Job::package(work, &Submit::new(), Place::none(), Lets);
            let other = thread::spawn(move || runnable.run());
            let role = role::enter(Role::Worker(Arc::new(Pool)));
            assert_eq!(job.wait().unwrap(), 0);
            drop(role);
            other.join().unwrap();
            assert_eq!(ran.load(SeqCst), 1);
        });
    }
}
