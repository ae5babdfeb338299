//! One loop per core: choosing, errors, and one close for all.

use crate::run;
use core_loop::contract::{
    Drain, Driver, Executor, ExecutorExt, JobError, Panic, Reactor, Reject, Rejected, Shutdown, Submit,
    Unavailable,
};
use core_loop::{Loop, LoopPool, NativeDriver, finally, pinned, sleep, to_thread, yield_now};
use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;
use std::collections::HashSet;
use std::future::{pending, poll_fn};
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(2);

fn pool(loops: usize) -> LoopPool {
    let loops = NonZeroUsize::new(loops).expect("it is not zero");
    LoopPool::builder().loops(loops).start(NativeDriver::new).expect("the native driver runs everywhere")
}

async fn thread_name() -> String {
    std::thread::current().name().expect("it was given one").to_owned()
}

#[test]
fn a_job_goes_to_the_loop_that_has_the_fewest() {
    let pool = pool(3);
    let busy: Vec<_> = (0..3).map(|_| pool.try_submit(pending::<()>()).expect("taken")).collect();
    assert!(pool.loops().iter().all(|member| member.load() == Some(1)), "{pool:?}");
    busy[1].cancel();
    while pool.loops().iter().all(|member| member.load() == Some(1)) {
        std::thread::yield_now();
    }
    let free = pool.least_loaded().name().to_owned();
    assert_eq!(pool.least_loaded().load(), Some(0));
    assert_eq!(pool.try_submit(thread_name()).expect("taken").wait().expect("it ends"), free);
}

#[test]
fn loops_that_are_equal_take_turns() {
    let pool = pool(3);
    let names: Vec<_> = (0..6).map(|_| pool.least_loaded().name()).collect();
    assert_eq!(names[..3], names[3..]);
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), 3);
}

#[test]
fn a_key_has_one_loop_and_all_loops_have_keys() {
    let pool = pool(2);
    let names: HashSet<_> = (0..64).map(|key| pool.by_key(&key).name()).collect();
    assert_eq!(names.len(), 2);
    for key in ["alpha", "beta", "gamma"] {
        let member = pool.by_key(key);
        assert_eq!(pool.by_key(&key.to_owned()).name(), member.name());
        let ran_on = member.try_submit(thread_name()).expect("taken").wait().expect("it ends");
        assert_eq!(ran_on, member.name());
    }
}

#[test]
fn a_stop_in_a_job_does_not_end_the_loop_of_a_pool_and_is_told() {
    let pool = pool(1);
    let (tell, told) = mpsc::channel();
    let job = pool.spawn_pinned(async move || {
        Loop::current().set_exception_handler(move |_, context| drop(tell.send(context.to_string())));
        Loop::current().stop();
        // After the turn in which a loop of its own would have stopped.
        sleep(SHORT).await;
        "went on"
    });
    let queued: Vec<_> = (0..3).map(|number| pool.spawn(async move { number }).expect("taken")).collect();
    let stops = pool.loops()[0].handle().call_soon_threadsafe(|| Loop::current().stop());
    assert!(stops.is_ok());
    assert_eq!(job.expect("taken").wait().expect("it ends"), "went on");
    for (number, job) in queued.into_iter().enumerate() {
        assert_eq!(job.wait().expect("nothing is lost"), number);
    }
    let words = told.recv().expect("it is told");
    assert!(words.starts_with("`stop` was called at ") && words.contains(file!()), "{words}");
    assert!(words.contains("close the pool"), "{words}");
    assert!(pool.close(LONG).is_clean());
}

#[test]
fn a_pinned_task_need_not_be_sent_and_stays_on_its_loop() {
    let pool = pool(2);
    let job = pool.spawn_pinned(async || {
        let not_send = Rc::new(thread_name().await);
        sleep(SHORT).await;
        let task = core_loop::spawn(thread_name());
        (*not_send == task.await.expect("it ended"), not_send.as_ref().clone())
    });
    let (stayed, name) = job.expect("taken").wait().expect("it ends");
    assert!(stayed && pool.loops().iter().any(|member| member.name() == name), "{name}");
}

#[test]
fn threads_have_the_names_of_their_loops_cut_to_what_the_kernel_shows() {
    let one = NonZeroUsize::MIN;
    let pool = LoopPool::builder().loops(one).name("a name that is long").start(NativeDriver::new);
    let pool = pool.expect("it runs");
    assert_eq!(pool.loops()[0].name(), "a name that i-0");
    assert_eq!(pool.try_submit(thread_name()).expect("taken").wait().expect("ends"), "a name that i-0");
}

#[test]
fn a_loop_keeps_to_its_processor_and_the_threads_of_to_thread_do_not() {
    fn here() -> CpuSet {
        sched_getaffinity(Pid::from_raw(0)).expect("the kernel says")
    }
    let pool = LoopPool::builder().pin_to_cpus().start(NativeDriver::new).expect("it runs");
    for member in pool.loops() {
        let job = member.spawn_pinned(async || (here(), to_thread(here).await.expect("it ends")));
        let (on_the_loop, elsewhere) = job.expect("taken").wait().expect("it ends");
        let mut one = CpuSet::new();
        one.set(member.cpu().expect("it is pinned")).expect("it is a processor");
        assert_eq!((on_the_loop, elsewhere), (one, here()));
    }
    let cpus: HashSet<_> = pool.loops().iter().map(|member| member.cpu()).collect();
    assert_eq!(cpus.len(), pool.loops().len(), "one each");
}

#[test]
fn a_panic_stays_with_its_job_and_the_loop_goes_on() {
    let pool = pool(1);
    let job = pool.try_submit(async { std::panic::resume_unwind(Box::new("words")) }).expect("taken");
    let Err(JobError::Panicked(panic)) = job.wait().map(|(): ()| ()) else { panic!("it panicked") };
    assert_eq!(panic.message(), "words");
    assert_eq!(pool.try_submit(async { 7 }).expect("taken").wait().expect("it ends"), 7);
}

#[test]
fn a_shutdown_waits_for_all_loops_and_refuses_the_rest() {
    let pool = pool(2);
    let jobs: Vec<_> = (0..6)
        .map(|n| {
            pool.spawn_pinned(async move || {
                sleep(SHORT).await;
                n
            })
            .expect("taken")
        })
        .collect();
    let report = pool.shutdown(Drain::Queued, LONG);
    assert!(report.is_clean(), "{report}");
    assert!(jobs.iter().all(|job| job.done() && !job.failed()));
    let Err(Rejected { why: Reject::ShuttingDown, .. }) = pool.try_submit(async {}) else {
        panic!("it takes nothing more")
    };
    assert!(pool.close(LONG).is_clean());
}

#[test]
fn a_shutdown_names_what_runs_on_after_the_grace_on_any_loop() {
    let pool = pool(2);
    let endless = |label| pool.try_submit_with(pending::<()>(), Submit::new().label(label)).expect("taken");
    let jobs = [endless("a"), endless("b")];
    while !jobs.iter().all(|job| job.running()) {
        std::thread::yield_now();
    }
    let report = pool.shutdown(Drain::Queued, SHORT);
    let mut labels: Vec<_> = report.stragglers.iter().map(|straggler| straggler.label.as_deref()).collect();
    labels.sort();
    assert_eq!(labels, [Some("a"), Some("b")]);
}

#[test]
fn loops_close_side_by_side() {
    let pool = pool(2);
    let (met, begun) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for member in pool.loops() {
        let (met, begun) = (met.clone(), begun.clone());
        let job = member.spawn_pinned(async move || {
            let body = async |_: &mut Arc<AtomicUsize>| {
                begun.fetch_add(1, Ordering::Relaxed);
                pending::<()>().await;
            };
            finally(met, body, async |met: Arc<AtomicUsize>| {
                met.fetch_add(1, Ordering::Relaxed);
                while met.load(Ordering::Relaxed) < 2 {
                    sleep(SHORT).await;
                }
            })
            .await;
        });
        job.expect("taken").detach();
    }
    while begun.load(Ordering::Relaxed) < 2 {
        std::thread::yield_now();
    }
    let report = pool.close(LONG);
    assert!(report.is_clean(), "one waited for the other: {report}");
    assert_eq!(report.cancelled, 2);
}

#[test]
fn a_close_names_the_task_and_the_loop_where_a_clean_up_did_not_end() {
    let pool = pool(2);
    let begun = Arc::new(AtomicBool::new(false));
    let seen = begun.clone();
    let work = pinned(async move || {
        let body = async |begun: &mut Arc<AtomicBool>| {
            begun.store(true, Ordering::Relaxed);
            pending::<()>().await;
        };
        finally(begun, body, async |_| pending::<()>().await).await;
    });
    let member = pool.loops()[1].clone();
    let job = member.try_submit_with(work, Submit::new().label("stubborn")).expect("taken");
    while !seen.load(Ordering::Relaxed) {
        std::thread::yield_now();
    }
    let report = pool.close(SHORT);
    let [dropped] = &report.dropped[..] else { panic!("{report}") };
    assert_eq!(dropped.name, format!("stubborn on {}", member.name()));
    assert!(matches!(job.wait(), Err(JobError::Shutdown { started: true })));
}

#[test]
fn a_close_leaves_a_loop_behind_that_is_stuck_and_names_it() {
    let pool = pool(2);
    let (release, released) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let job = pool.loops()[0].try_submit(async move {
        begin.send(()).expect("the test waits");
        released.recv().is_err()
    });
    begun.recv().expect("it begins");
    let report = pool.close(Duration::ZERO);
    assert_eq!(report.lost.iter().map(|lost| lost.name.as_str()).collect::<Vec<_>>(), ["loop-0"]);
    assert!(report.to_string().contains("did not answer within the grace"), "{report}");
    drop(release);
    assert!(job.expect("it was taken").wait().is_ok_and(|released| released), "its step goes to its end");
}

#[test]
fn the_threads_of_to_thread_end_with_the_pool_and_not_with_a_loop() {
    let pool = pool(2);
    let (sender, receiver) = mpsc::channel::<u8>();
    let job = pool.spawn_pinned(async move || to_thread(move || receiver.recv()).await);
    let job = job.expect("taken");
    sender.send(7).expect("somebody receives");
    assert_eq!(job.wait().expect("it ends").expect("it ran").expect("it was sent"), 7);
    let report = pool.close(LONG);
    assert!(report.executor.as_ref().is_some_and(|executor| executor.is_clean()), "{report}");
}

#[test]
fn a_close_on_a_loops_thread_is_refused_with_the_cure_and_a_drop_there_does_not_wait() {
    let first = pool(1);
    let job = first.try_submit(pending::<()>()).expect("taken");
    run(async {
        let panic = Panic::catch(|| first.close(SHORT)).expect_err("it would block");
        assert!(panic.message().contains("to_thread"), "{panic}");
        // The refusal dropped it.
        assert!(matches!(job.await, Err(JobError::Shutdown { .. } | JobError::Cancelled { .. })));
    });
}

#[test]
fn a_pool_that_ends_within_a_task_of_its_own_closes_its_loops() {
    let pool = Arc::new(pool(2));
    let (other, within) = (pool.loops()[0].clone(), pool.clone());
    let job = other.spawn_pinned(async move || {
        while Arc::strong_count(&within) > 1 {
            yield_now().await;
        }
        drop(within);
        pending::<()>().await;
    });
    let job = job.expect("taken");
    drop(pool);
    assert!(matches!(job.wait(), Err(JobError::Shutdown { .. })));
}

#[test]
fn a_driver_that_cannot_run_here_names_its_loop_and_leaves_no_loop_behind() {
    struct Counted(NativeDriver, Arc<AtomicUsize>);
    impl Driver for Counted {
        fn reactor(&self) -> Rc<dyn Reactor> {
            self.0.reactor()
        }
        fn run(&self, root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
            self.0.run(root);
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            self.1.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let alive = Arc::new(AtomicUsize::new(0));
    let counted = alive.clone();
    let make = move || {
        if std::thread::current().name() == Some("loop-1") {
            return Err(Unavailable::new("toy", "it is out of order", "mend it"));
        }
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(Counted(NativeDriver::new()?, counted.clone()))
    };
    let three = NonZeroUsize::new(3).expect("it is not zero");
    let error = LoopPool::builder().loops(three).start(make).expect_err("one cannot run");
    assert_eq!(
        error.to_string(),
        "loop `loop-1` cannot be started: toy cannot run here: it is out of order; mend it"
    );
    while alive.load(Ordering::Relaxed) > 0 {
        std::thread::yield_now();
    }
}

/// Panics in its run once it is told to.
struct Mortal(NativeDriver, Arc<AtomicBool>);

impl Driver for Mortal {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.0.reactor()
    }

    fn run(&self, mut root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        self.0.run(pin!(poll_fn(|cx| {
            let poll = root.as_mut().poll(cx);
            if self.1.load(Ordering::Relaxed) && std::thread::current().name() == Some("loop-0") {
                std::panic::resume_unwind(Box::new("the end"));
            }
            poll
        })));
    }
}

#[test]
fn work_for_a_loop_that_has_died_is_refused_with_its_name_and_the_others_go_on() {
    let dies = Arc::new(AtomicBool::new(false));
    let told = dies.clone();
    let two = NonZeroUsize::new(2).expect("it is not zero");
    let make = move || Ok(Mortal(NativeDriver::new()?, told.clone()));
    let pool = LoopPool::builder().loops(two).start(make).expect("it runs");
    let mortal = pool.loops()[0].clone();
    let accepted = mortal.try_submit(pending::<()>()).expect("taken");
    dies.store(true, Ordering::Relaxed);
    let _wakes = mortal.handle().call_soon_threadsafe(|| ());
    assert!(matches!(accepted.wait(), Err(JobError::Shutdown { .. })), "what it had accepted is not lost");

    let refused = mortal.try_submit(async { 7 }).expect_err("it is dead");
    assert_eq!(
        refused.why.to_string(),
        "the executor is broken: loop `loop-0` is lost: its driver panicked: the end"
    );
    assert_eq!(contract_block(refused.into_work()), 7, "the work comes back");
    for _ in 0..4 {
        let name = pool.try_submit(thread_name()).expect("the other lives").wait().expect("it ends");
        assert_eq!(name, "loop-1");
    }
    let report = pool.close(LONG);
    assert!(!report.is_clean() && report.lost.len() == 1, "{report}");
}

fn contract_block<T>(work: impl Future<Output = T>) -> T {
    core_loop::contract::block_on(work)
}

#[test]
fn submissions_from_many_threads_while_the_pool_closes_all_have_an_outcome() {
    for _ in 0..20 {
        let pool = Arc::new(pool(2));
        let submitters: Vec<_> = (0..3)
            .map(|_| {
                let members = pool.loops().to_vec();
                std::thread::spawn(move || {
                    let mut jobs = Vec::new();
                    for member in members.iter().cycle() {
                        let Ok(job) = member.try_submit(yield_now()) else { return jobs };
                        jobs.push(job);
                    }
                    jobs
                })
            })
            .collect();
        let report = Arc::into_inner(pool).expect("nobody else has it").close(LONG);
        assert!(report.is_clean(), "{report}");
        for submitter in submitters {
            let jobs = submitter.join().expect("it submits");
            assert!(jobs.iter().all(|job| job.done()), "whatever was accepted has ended");
        }
    }
}
