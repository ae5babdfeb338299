//! `25_executors.py`.

use super::{GRACE, Log, cancelled, list, py, quoted, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::{Loops, turns};
use crate::{Miss, Subject};
use contract::{Cancel, Drain, ExecutorExt, Job, JobError, Shutdown, as_completed};
use core_loop::{Loop, gather, outside, run_in_executor, shield, spawn, to_thread, wrap_future};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use sync_primitives::Event;
use thread_executor::ThreadPool;

const THREE: NonZeroUsize = NonZeroUsize::new(3).expect("three is not zero");

pub(crate) fn executors(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("25_executors"), async |log| {
        Loop::current().set_default_executor(Arc::new(one_thread()));
        queued(&log).await?;
        running(&log).await?;
        several(&log).await?;
        callbacks(&log).await?;
        shutdowns(&log).await?;
        Ok::<_, Miss>(None::<&str>)
    })
}

fn one_thread() -> ThreadPool {
    ThreadPool::new(NonZeroUsize::MIN)
}

/// What threads append to.
#[derive(Clone, Default)]
struct Appended(Arc<Mutex<Vec<u32>>>);

impl Appended {
    fn append(&self, number: u32) -> impl FnOnce() + Send + 'static {
        let list = self.0.clone();
        move || list.lock().unwrap_or_else(PoisonError::into_inner).push(number)
    }

    fn list(&self) -> String {
        list(self.0.lock().unwrap_or_else(PoisonError::into_inner).iter())
    }
}

/// The two ends of a job that has begun, and keeps its worker until the gate is opened, or dropped.
fn held() -> (Receiver<()>, Sender<()>, impl FnOnce() -> &'static str + Send + 'static) {
    let ((begin, begun), (gate, opened)) = (mpsc::channel(), mpsc::channel::<()>());
    let work = move || {
        let _heard = begin.send(());
        let _opened_or_dropped = opened.recv();
        "kept"
    };
    (begun, gate, work)
}

struct Busy {
    job: Job<&'static str>,
    gate: Sender<()>,
}

impl Busy {
    fn of(pool: &ThreadPool) -> Result<Self, Miss> {
        let (begun, gate, work) = held();
        let job = pool.try_submit(work)?;
        begun.recv_timeout(GRACE)?;
        Ok(Self { job, gate })
    }

    /// Lets it go on.
    fn open(self) -> Job<&'static str> {
        drop(self.gate);
        self.job
    }
}

/// `await asyncio.wrap_future(job)`, of a job that the loop does not know: time stands still for it.
async fn awaited<T: 'static>(job: Job<T>) -> Result<T, Miss> {
    let _outside = outside();
    Ok(wrap_future(job).await??)
}

/// `await asyncio.to_thread(pool.shutdown)`.
async fn shut_down(pool: &ThreadPool) -> Verdict {
    let pool = pool.clone();
    let report = to_thread(move || pool.shutdown(Drain::Queued, GRACE)).await?;
    crate::behaviour::ensure(report.is_clean(), format!("a shutdown reports: {report}"))
}

fn half(number: u32) -> Result<u32, &'static str> {
    if number.is_multiple_of(2) { Ok(number / 2) } else { Err("ValueError") }
}

async fn queued(log: &Log) -> Verdict {
    let (pool, ran) = (one_thread(), Appended::default());
    let busy = Busy::of(&pool)?;
    let (its_pool, never) = (pool.clone(), ran.append(99));
    let mut awaiter = spawn(async move { run_in_executor(&its_pool, never).await });
    turns(1).await;
    awaiter.cancel("not needed");
    log.line(format_args!("queued: awaiter cancelled {}", py(cancelled(&wait([&mut awaiter]).await[0]))));
    let jobs = (0..3).map(|number| pool.try_submit(ran.append(number))).collect::<Result<Vec<_>, _>>()?;
    let waits = jobs[1].cancel() == Cancel::Dequeued;
    log.line(format_args!("queued: a job that waits cancelled {} done {}", py(waits), py(jobs[1].done())));
    let runs = busy.job.cancel() == Cancel::Dequeued;
    let goes_on = py(busy.job.running());
    log.line(format_args!("queued: the one that runs cancelled {} running {goes_on}", py(runs)));
    drop(busy.open());
    shut_down(&pool).await?;
    log.line(format_args!("queued: ran in order {}", ran.list()));
    if pool.try_submit(|| ()).is_err() {
        log.line("queued: submit after the shutdown is an error");
    }
    Ok(())
}

async fn running(log: &Log) -> Verdict {
    let pool = one_thread();
    for shielded in [false, true] {
        let (begun, gate, work) = held();
        let (ended, handle) = (Arc::new(Event::new()), Loop::current().handle());
        let (set, its_pool) = (ended.clone(), pool.clone());
        let job = async move {
            let work = move || {
                work();
                handle.call_soon_threadsafe(move || set.set())
            };
            run_in_executor(&its_pool, work).await.map(drop)
        };
        let job: Pin<Box<dyn Future<Output = Result<(), JobError>>>> = Box::pin(job);
        let mut awaiter =
            spawn(async move { if shielded { drop(shield(job).await) } else { drop(job.await) } });
        turns(2).await;
        begun.recv_timeout(GRACE)?;
        awaiter.cancel("not needed");
        let ends = py(cancelled(&wait([&mut awaiter]).await[0]));
        log.line(format_args!("running: awaiter cancelled {ends} | the job ended {}", py(ended.is_set())));
        // For whoever does not await it any more.
        let outside = outside();
        drop(gate);
        ended.wait().await;
        drop(outside);
        log.line("running: the job ended all the same");
    }
    shut_down(&pool).await
}

async fn several(log: &Log) -> Verdict {
    let order = Appended::default();
    let appends = (0..5).map(|number| to_thread(order.append(number)));
    for outcome in gather(appends.collect::<Vec<_>>()).await? {
        outcome?;
    }
    log.line(format_args!("several: one thread, in order {}", order.list()));
    let halves = (0..4).map(|number| to_thread(move || half(number)));
    let outcomes = gather(halves.collect::<Vec<_>>()).await?;
    let outcomes = outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
    let shown = outcomes.into_iter().map(|half| half.map_or_else(quoted, |half| half.to_string()));
    log.line(format_args!("several: collected {}", list(shown)));

    let (pool, _outside) = (ThreadPool::new(THREE), outside());
    let mut squares = pool.map((0..5_u32).map(|number| move || number * number), THREE);
    let mut seen = Vec::new();
    while let Some(square) = squares.next().await {
        seen.push(square?);
    }
    log.line(format_args!("several: map {}", list(seen)));
    let mut halves = pool.map((0..4).map(|number| move || half(number)), THREE);
    let mut up_to = Vec::new();
    while let Some(Ok(half)) = halves.next().await.transpose()? {
        up_to.push(half);
    }
    log.line(format_args!("several: map up to its error {}", list(up_to)));

    let held = (0..3).map(|_| Busy::of(&pool)).collect::<Result<Vec<_>, _>>()?;
    let (jobs, mut gates): (Vec<_>, Vec<_>) =
        held.into_iter().map(|busy| (busy.job, Some(busy.gate))).unzip();
    let (mut coming, mut order) = (as_completed(jobs), Vec::new());
    for number in [2, 0, 1] {
        drop(gates[number].take());
        order.extend(coming.next().await.map(|(place, _)| place));
    }
    log.line(format_args!("several: in the order of ending {}", list(order)));
    Ok(())
}

async fn callbacks(log: &Log) -> Verdict {
    let (pool, ended) = (one_thread(), Arc::new(Event::new()));
    let (handle, set, here) = (Loop::current().handle(), ended.clone(), thread::current().id());
    let busy = Busy::of(&pool)?;
    for number in [1, 2] {
        let log = log.clone();
        busy.job.on_done(move || {
            let here = py(thread::current().id() == here);
            log.line(format_args!("callback {number} on the loop's thread {here}"));
        });
    }
    busy.job.on_done(move || drop(handle.call_soon_threadsafe(move || set.set())));
    log.line("callbacks: none yet");
    let outside = outside();
    let job = busy.open();
    ended.wait().await;
    drop(outside);
    let late = log.clone();
    job.on_done(move || {
        late.line(format_args!("a late callback at once {}", py(thread::current().id() == here)));
    });
    log.line(format_args!("callbacks: the value is {}", awaited(job).await?));
    let mut fails = pool.try_submit(|| half(1))?;
    let _outside = core_loop::outside();
    if let Err(error) = (&mut fails).await? {
        log.line(format_args!("callbacks: the error is {error} done {}", py(fails.done())));
    }
    shut_down(&pool).await
}

async fn shutdowns(log: &Log) -> Verdict {
    let pool = one_thread();
    let busy = Busy::of(&pool)?;
    let rest = (0..3).map(|_| pool.try_submit(|| ())).collect::<Result<Vec<_>, _>>()?;
    let stopping = pool.clone();
    to_thread(move || stopping.shutdown(Drain::Started, Duration::ZERO)).await?;
    let goes_on = py(busy.job.running());
    let mut never = Vec::new();
    for job in rest {
        // Done already: it is only asked.
        never.push(py(matches!(
            job.await,
            Err(JobError::Shutdown { started: false } | JobError::Cancelled { started: false })
        )));
    }
    log.line(format_args!("shutdown: cancelled {} running {goes_on}", list(never)));
    log.line(format_args!("shutdown: what ran gives {}", awaited(busy.open()).await?));
    Loop::current().shutdown_default_executor(GRACE).await;
    if let Err(JobError::Rejected(_)) = to_thread(|| ()).await {
        log.line("shutdown: to_thread is an error");
    }
    Ok(())
}
