//! The loads: what is submitted, and what is on the clock.

use super::pools::{Cancels, Pool, THREADS};
use super::{BATCH, CALLS};
use crate::clock::Size;
use crate::host::{Host, run_in_task};
use crate::memory::{nobody_counts, resident};
use crate::table::Failure;
use std::hint::{black_box, spin_loop};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub(super) fn one<P: Pool>(size: Size) -> Result<f64, Failure> {
    waves::<P>(size, size.operations(CALLS), 1, || ())
}

pub(super) fn batch<P: Pool>(size: Size) -> Result<f64, Failure> {
    waves::<P>(size, 1, size.operations(BATCH), || ())
}

pub(super) fn work<P: Pool>(size: Size) -> Result<f64, Failure> {
    waves::<P>(size, 1, size.operations(2_000), || burn(SHORT))
}

const SHORT: Duration = Duration::from_micros(20);
const LONG: Duration = Duration::from_millis(2);

/// Computes for so long.
fn burn(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        spin_loop();
    }
}

/// Has `at_once` jobs submitted before any is awaited, `times` times a batch.
fn waves<P: Pool>(size: Size, times: u32, at_once: u32, job: fn()) -> Result<f64, Failure> {
    run_in_task::<P::Host>(async move {
        let pool = P::new();
        size.measure(times * at_once, async || {
            for _ in 0..times {
                wave(&pool, at_once, job).await;
            }
        })
        .await
    })
}

async fn wave<P: Pool>(pool: &P, at_once: u32, job: fn()) {
    if at_once == 1 {
        return pool.submit(job).await;
    }
    let jobs: Vec<_> = (0..at_once).map(|_| pool.submit(job)).collect();
    for job in jobs {
        job.await;
    }
}

/// A burst after idleness: only the burst is on the clock.
pub(super) fn after_idle<P: Pool>(size: Size) -> Result<f64, Failure> {
    const BURST: u32 = 100;
    run_in_task::<P::Host>(async move {
        let pool = P::new();
        wave(&pool, BURST, || ()).await;
        let mut bursts = Vec::new();
        for _ in 0..size.operations(60) {
            P::Host::sleep(Duration::from_millis(5)).await;
            let begin = Instant::now();
            wave(&pool, BURST, || ()).await;
            bursts.push(begin.elapsed().as_secs_f64() * 1e9 / f64::from(BURST));
        }
        crate::clock::median(bursts)
    })
}

/// What 99 of 100 short jobs take that come behind long ones. Each says itself when it ends.
pub(super) fn mixed<P: Pool>(size: Size) -> Result<f64, Failure> {
    run_in_task::<P::Host>(async move {
        let pool = P::new();
        let took = Arc::new(Mutex::new(Vec::new()));
        for _ in 0..size.operations(20) {
            let mut jobs = Vec::new();
            let long: Vec<_> = (0..20).map(|_| pool.submit(|| burn(LONG))).collect();
            for _ in 0..100 {
                let (took, begin) = (took.clone(), Instant::now());
                jobs.push(pool.submit_first(move || {
                    burn(SHORT);
                    let nanos = begin.elapsed().as_secs_f64() * 1e9;
                    took.lock().expect("nobody panics here").push(nanos);
                }));
            }
            for job in jobs {
                job.await;
            }
            for job in long {
                job.await;
            }
        }
        let mut took = std::mem::take(&mut *took.lock().expect("nobody panics here"));
        took.sort_by(f64::total_cmp);
        took[took.len() * 99 / 100]
    })
}

/// Four threads submit at once.
pub(super) fn submitters<P: Pool + Clone + Send + Sync>(size: Size) -> Result<f64, Failure> {
    const SUBMITTERS: u32 = 4;
    let each = size.operations(2_500);
    run_in_task::<P::Host>(async move {
        let pool = P::new();
        size.measure(SUBMITTERS * each, async || {
            let (ran, all) = channel();
            thread::scope(|scope| {
                for _ in 0..SUBMITTERS {
                    let (pool, ran) = (&pool, ran.clone());
                    scope.spawn(move || {
                        let jobs: Vec<_> = (0..each).map(|_| pool.submit(counting(&ran))).collect();
                        // Dropping a job cancels it in some pools.
                        jobs.into_iter().for_each(smol::future::block_on);
                    });
                }
            });
            drop(ran);
            assert_eq!(all.into_iter().count() as u32, SUBMITTERS * each, "every job ran");
        })
        .await
    })
}

fn counting(ran: &Sender<()>) -> impl FnOnce() + Send + 'static + use<> {
    let ran = ran.clone();
    move || ran.send(()).expect("somebody counts")
}

/// Jobs that hold every thread until the sender is dropped.
fn hold<P: Pool>(pool: &P) -> (Sender<()>, Vec<impl Future<Output = ()>>) {
    let (open, held) = channel::<()>();
    let held: Arc<Mutex<Receiver<()>>> = Arc::new(Mutex::new(held));
    let (begins, begun) = channel();
    let jobs = (0..THREADS).map(|_| {
        let (held, begins) = (held.clone(), begins.clone());
        pool.submit(move || {
            begins.send(()).expect("it is waited for");
            let _opened = held.lock().expect("nobody panics here").recv();
        })
    });
    let jobs = jobs.collect();
    (0..THREADS).for_each(|_| begun.recv().expect("it begins"));
    (open, jobs)
}

pub(super) fn submit<P: Pool + Clone + Send + Sync>(size: Size) -> Result<f64, Failure> {
    fn timed<P: Pool>(pool: &P, jobs: u32) -> (Duration, Vec<Ending<'_>>) {
        let begin = Instant::now();
        let submitted: Vec<_> = (0..jobs).map(|_| pool.submit(|| ())).collect();
        (begin.elapsed(), submitted.into_iter().map(|job| Box::pin(job) as Ending<'_>).collect())
    }
    held::<P>(size, timed)
}

/// What a job that waits takes.
pub(super) fn queued<P: Pool + Clone + Send + Sync>(size: Size) -> Result<f64, Failure> {
    let jobs = size.operations(50_000);
    let value = run_in_task::<P::Host>(async move {
        let pool = P::new();
        let (open, held) = hold(&pool);
        // There before anything is counted, and written to.
        let mut handles: Vec<_> = (0..jobs).map(|_| None).collect();
        let before = resident();
        for (handle, number) in handles.iter_mut().zip(0_usize..) {
            *handle = Some(pool.submit(move || _ = black_box(number)));
        }
        let after = resident();
        drop(open);
        for job in held {
            job.await;
        }
        for job in handles.into_iter().flatten() {
            job.await;
        }
        before.zip(after).map_or(f64::NAN, |(before, after)| (after - before) / f64::from(jobs))
    })?;
    if value.is_nan() { Err(nobody_counts()) } else { Ok(value) }
}

pub(super) fn cancel<P: Cancels>(size: Size) -> Result<f64, Failure> {
    fn timed<P: Cancels>(pool: &P, jobs: u32) -> (Duration, Vec<Ending<'_>>) {
        let begin = Instant::now();
        (0..jobs).for_each(|_| pool.submit_and_cancel(|| ()));
        (begin.elapsed(), Vec::new())
    }
    held::<P>(size, timed)
}

/// The end of a job.
type Ending<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What a job costs its submitter while every thread is held. `submit` gives the time it took, and what is to be awaited.
fn held<P: Pool>(size: Size, submit: fn(&P, u32) -> (Duration, Vec<Ending<'_>>)) -> Result<f64, Failure> {
    let jobs = size.operations(5_000);
    run_in_task::<P::Host>(async move {
        let pool = P::new();
        let mut all = Vec::new();
        for _ in 0..size.operations(40) {
            let (open, held) = hold(&pool);
            let (took, submitted) = submit(&pool, jobs);
            all.push(took.as_secs_f64() * 1e9 / f64::from(jobs));
            drop(open);
            for job in held {
                job.await;
            }
            for job in submitted {
                job.await;
            }
        }
        crate::clock::median(all)
    })
}
