//! `pool`: several loops of one kind, as one executor.

use super::{GRACE, Loops, NEVER, quiet_panic};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use contract::{
    Drain, Driver, Executor, ExecutorExt, JobError, Reactor, Reject, Rejected, Shutdown, Submit, Unavailable,
};
use core_loop::{Loop, LoopPool, PoolStartError, StartProblem, finally, sleep, spawn, yield_now};
use std::future::{pending, poll_fn};
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(2);

/// Two loops, on drivers of the subject's, each as `wrap` makes of it.
fn two_of(
    subject: &Subject<Loops>,
    wrap: impl Fn(Box<dyn Driver>) -> Result<Box<dyn Driver>, Unavailable> + Send + Sync + 'static,
) -> Result<Result<LoopPool, PoolStartError>, Miss> {
    // A subject that cannot run here is skipped.
    drop(subject.fresh()?);
    let two = NonZeroUsize::new(2).expect("two is not zero");
    let subject = subject.clone();
    Ok(LoopPool::builder().loops(two).start_boxed(move || wrap(subject.make()?)))
}

fn two(subject: &Subject<Loops>) -> Result<LoopPool, Miss> {
    Ok(two_of(subject, Ok)??)
}

/// Until somebody else has done something that nobody is told of.
fn until(done: impl Fn() -> bool) {
    while !done() {
        thread::yield_now();
    }
}

pub(super) fn a_job_goes_to_the_least_loaded_and_stays(subject: &Subject<Loops>) -> Verdict {
    let pool = two(subject)?;
    let busy = [(); 2].map(|()| pool.try_submit(pending::<()>()));
    let loads: Vec<_> = pool.loops().iter().map(|member| member.load()).collect();
    same("the loads of two loops with two jobs", loads, [Some(1), Some(1)])?;
    for key in ["alpha", "beta", "gamma"] {
        let member = pool.by_key(key);
        same("the loop of a key, asked again", pool.by_key(key).name(), member.name())?;
        let job = member.spawn_pinned(async || {
            let not_send = Rc::new(thread::current().id());
            sleep(SHORT).await;
            let child = spawn(async { thread::current().id() }).await;
            (*not_send == thread::current().id() && child.is_ok_and(|child| child == *not_send))
                .then(|| thread::current().name().unwrap_or_default().to_owned())
        })?;
        same("where a pinned job ran, all of it", job.wait()?.as_deref(), Some(member.name()))?;
    }
    let report = pool.close(GRACE);
    ensure(report.is_clean() && report.cancelled == 2, format!("the close reports: {report}"))?;
    ensure(busy.into_iter().flatten().all(|job| job.wait().is_err()), "a job that never ends gave an output")
}

pub(super) fn a_panic_stays_with_its_job(subject: &Subject<Loops>) -> Verdict {
    let pool = two(subject)?;
    for member in pool.loops() {
        match member.try_submit(async { quiet_panic("of a job") })?.wait() {
            Err(JobError::Panicked(panic)) => same("the panic", panic.message(), "of a job")?,
            other => return Err(Miss::Fail(format!("a job that panics gave {other:?}"))),
        }
        let (tell, told) = mpsc::channel();
        let detached = member.spawn_pinned(async move || {
            Loop::current().set_exception_handler(move |_, context| drop(tell.send(context.to_string())));
            spawn(async { quiet_panic("of a task that nobody awaits") }).detach();
            let handle = Loop::current().handle();
            handle.call_soon_threadsafe(|| quiet_panic("of a callback")).is_ok()
        })?;
        ensure(detached.wait()?, "a loop of a pool refuses a call")?;
        for of in ["of a task that nobody awaits", "of a callback"] {
            let words = told.recv_timeout(GRACE)?;
            ensure(words.contains(of), format!("of a panic {of}, the handler heard `{words}`"))?;
        }
        same("a job after that, on the same loop", member.try_submit(async { 7 })?.wait()?, 7)?;
    }
    let report = pool.close(GRACE);
    ensure(report.is_clean(), format!("the close reports: {report}"))
}

pub(super) fn a_shutdown_ends_what_it_took_and_refuses_the_rest(subject: &Subject<Loops>) -> Verdict {
    let pool = two(subject)?;
    let job = |number: u32| {
        pool.spawn_pinned(async move || {
            sleep(SHORT).await;
            number
        })
    };
    let jobs = (0..6).map(job).collect::<Result<Vec<_>, _>>()?;
    let report = pool.shutdown(Drain::Queued, GRACE);
    ensure(report.is_clean(), format!("the shutdown reports: {report}"))?;
    ensure(jobs.iter().all(|job| job.done() && !job.failed()), "a shutdown did not wait for all jobs")?;
    match pool.try_submit(async {}) {
        Err(Rejected { why: Reject::ShuttingDown, .. }) => {}
        other => return Err(Miss::Fail(format!("after its shutdown a pool gave {other:?}"))),
    }
    let report = pool.close(GRACE);
    ensure(report.is_clean(), format!("the close reports: {report}"))
}

pub(super) fn a_shutdown_names_what_runs_on(subject: &Subject<Loops>) -> Verdict {
    let pool = two(subject)?;
    let endless = |label| pool.try_submit_with(pending::<()>(), Submit::new().label(label));
    let jobs = [endless("one")?, endless("other")?];
    until(|| jobs.iter().all(contract::Job::running));
    let report = pool.shutdown(Drain::Queued, SHORT);
    let mut labels: Vec<_> = report.stragglers.iter().filter_map(|each| each.label.as_deref()).collect();
    labels.sort_unstable();
    same("what runs on, as reported", labels, ["one", "other"])?;
    let report = pool.close(GRACE);
    same("the tasks that the close cancelled", report.cancelled, 2)
}

pub(super) fn a_close_cleans_up_on_all_loops_side_by_side(subject: &Subject<Loops>) -> Verdict {
    let pool = two(subject)?;
    let (begun, met) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for member in pool.loops() {
        let (begun, met) = (begun.clone(), met.clone());
        let job = member.spawn_pinned(async move || {
            let body = async |_: &mut Arc<AtomicUsize>| {
                begun.fetch_add(1, Ordering::Relaxed);
                pending::<()>().await;
            };
            finally(met, body, async |met: Arc<AtomicUsize>| {
                met.fetch_add(1, Ordering::Relaxed);
                // Comes to no end unless the other loop cleans up meanwhile.
                while met.load(Ordering::Relaxed) < 2 {
                    sleep(SHORT).await;
                }
            })
            .await;
        });
        job?.detach();
    }
    until(|| begun.load(Ordering::Relaxed) == 2);
    let report = pool.close(GRACE);
    ensure(report.is_clean(), format!("the close reports: {report}"))?;
    same("the tasks that it cancelled", report.cancelled, 2)
}

pub(super) fn a_close_names_what_does_not_end(subject: &Subject<Loops>) -> Verdict {
    let pool = two(subject)?;
    let begun = Arc::new(AtomicBool::new(false));
    let begins = begun.clone();
    let endless = core_loop::pinned(async move || {
        let body = async |begun: &mut Arc<AtomicBool>| {
            begun.store(true, Ordering::Relaxed);
            pending::<()>().await;
        };
        finally(begins, body, async |_| pending::<()>().await).await;
    });
    let labelled = Submit::new().label("endless");
    let endless = pool.loops()[1].try_submit_with(endless, labelled)?;
    // On the other loop a step that blocks.
    let ((begin, blocks), (release, released)) = (mpsc::channel(), mpsc::channel::<()>());
    let stuck = pool.loops()[0].try_submit(async move {
        let _heard = begin.send(());
        released.recv().is_err()
    })?;
    blocks.recv_timeout(GRACE)?;
    until(|| begun.load(Ordering::Relaxed));
    let names = [0, 1].map(|at| pool.loops()[at].name().to_owned());
    let report = pool.close(SHORT);
    ensure(report.lost.iter().any(|lost| lost.name == names[0]), format!("a loop that is stuck: {report}"))?;
    let answered = report.lost.iter().all(|lost| lost.name != names[1]);
    let dropped = report.dropped.iter().map(|task| &task.name).eq([&format!("endless on {}", names[1])]);
    ensure(dropped || !answered, format!("a clean-up without an end: {report}"))?;
    drop(release);
    same("the step that blocked goes to its end", stuck.wait().ok(), Some(true))?;
    ensure(
        matches!(endless.wait(), Err(JobError::Shutdown { started: true })),
        "a job whose clean-up was dropped does not say so",
    )
}

/// A driver whose run panics, on one of the loops, once it is told to.
struct Mortal {
    driver: Box<dyn Driver>,
    dies: Arc<AtomicBool>,
}

/// Which of the loops.
const MORTAL: &str = "loop-0";

fn on_the_mortal_loop() -> bool {
    thread::current().name() == Some(MORTAL)
}

impl Driver for Mortal {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.driver.reactor()
    }

    fn run(&self, mut root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        self.driver.run(pin!(poll_fn(|cx| {
            let poll = root.as_mut().poll(cx);
            if self.dies.load(Ordering::Relaxed) && on_the_mortal_loop() {
                quiet_panic("of the driver");
            }
            poll
        })));
    }

    fn gave_up(&self) -> Option<String> {
        self.driver.gave_up()
    }
}

pub(super) fn a_lost_loop_is_named_and_the_others_go_on(subject: &Subject<Loops>) -> Verdict {
    let dies = Arc::new(AtomicBool::new(false));
    let told = dies.clone();
    let pool = two_of(subject, move |driver| Ok(Box::new(Mortal { driver, dies: told.clone() })))??;
    let mortal = pool.loops()[0].clone();
    same("the loop that is to be lost", mortal.name(), MORTAL)?;
    let accepted = mortal.try_submit(pending::<()>())?;
    dies.store(true, Ordering::Relaxed);
    let _wakes = mortal.handle().call_soon_threadsafe(|| ());
    let outcome = accepted.wait();
    ensure(matches!(outcome, Err(JobError::Shutdown { .. })), format!("what it had taken: {outcome:?}"))?;
    let refused = match mortal.try_submit(async { 7 }) {
        Err(refused) => refused,
        Ok(job) => return Err(Miss::Fail(format!("a loop that is lost took work: {job:?}"))),
    };
    let words = refused.why.to_string();
    ensure(words.contains(MORTAL) && words.contains("of the driver"), format!("it refuses with `{words}`"))?;
    same("the work that comes back", contract::block_on(refused.into_work()), 7)?;
    for _ in 0..4 {
        let elsewhere = pool.try_submit(async { !on_the_mortal_loop() })?.wait()?;
        ensure(elsewhere, "a job went to a loop that is lost")?;
    }
    let report = pool.close(GRACE);
    let lost: Vec<_> = report.lost.iter().map(|lost| lost.name.as_str()).collect();
    same("the loops that were lost, as reported", lost, [MORTAL])
}

/// Counts the drivers that are there.
struct Counted {
    driver: Box<dyn Driver>,
    alive: Arc<AtomicUsize>,
}

impl Driver for Counted {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.driver.reactor()
    }

    fn run(&self, root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        self.driver.run(root);
    }

    fn gave_up(&self) -> Option<String> {
        self.driver.gave_up()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) fn a_loop_that_cannot_start_leaves_none_behind(subject: &Subject<Loops>) -> Verdict {
    let alive = Arc::new(AtomicUsize::new(0));
    let counted = alive.clone();
    let started = two_of(subject, move |driver| {
        if on_the_mortal_loop() {
            return Err(Unavailable::new("toy", "it is out of order", "mend it"));
        }
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Counted { driver, alive: counted.clone() }))
    })?;
    match started {
        Err(PoolStartError { name, why: StartProblem::Unavailable(_) }) => {
            same("the loop that cannot start", name.as_str(), MORTAL)?;
        }
        other => return Err(Miss::Fail(format!("a pool without one of its loops: {other:?}"))),
    }
    until(|| alive.load(Ordering::Relaxed) == 0);
    Ok(())
}

pub(super) fn a_drop_closes_its_loops(subject: &Subject<Loops>) -> Verdict {
    let alive = Arc::new(AtomicUsize::new(0));
    let counted = alive.clone();
    let pool = two_of(subject, move |driver| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Counted { driver, alive: counted.clone() }))
    })??;
    let cleaned = Arc::new(AtomicUsize::new(0));
    let (begin, begun) = mpsc::channel();
    let jobs = pool.loops().iter().map(|member| {
        let (cleaned, begin) = (cleaned.clone(), begin.clone());
        member.spawn_pinned(async move || {
            let body = async |_: &mut Arc<AtomicUsize>| {
                let _heard = begin.send(());
                sleep(NEVER).await;
            };
            finally(cleaned, body, async |cleaned: Arc<AtomicUsize>| {
                yield_now().await;
                cleaned.fetch_add(1, Ordering::Relaxed);
            })
            .await;
        })
    });
    let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
    for _ in &jobs {
        begun.recv_timeout(GRACE)?;
    }
    drop(pool);
    same("the clean-ups that have ended when the pool is gone", cleaned.load(Ordering::Relaxed), 2)?;
    for job in jobs {
        let outcome = job.wait();
        ensure(
            matches!(outcome, Err(JobError::Shutdown { .. } | JobError::Cancelled { .. })),
            format!("a job of a pool that was dropped gave {outcome:?}"),
        )?;
    }
    until(|| alive.load(Ordering::Relaxed) == 0);
    Ok(())
}
