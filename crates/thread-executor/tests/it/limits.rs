//! What a builder describes, and what it refuses.

use crate::gate::Gate;
use crate::{LONG, count, error, output, pool, start};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use thread_executor::{
    Affinity, BuildError, Drain, ExecutorExt, JobError, Reject, Shutdown, ThreadPool, blocking,
};

#[test]
fn a_pool_of_no_threads_is_refused_with_the_cure() {
    let error = ThreadPool::builder().threads_between(0..=0).try_build().expect_err("it would run nothing");
    assert_eq!(error, BuildError::NoThreads);
    assert!(error.to_string().contains("at least one"), "{error}");
    let panic = contract::Panic::catch(|| ThreadPool::builder().threads_between(0..=0).build());
    assert!(panic.map(drop).expect_err("it panics").message().contains("at least one"));
}

#[test]
#[expect(clippy::reversed_empty_ranges, reason = "the mistake that is refused")]
fn more_at_least_than_at_most_is_refused() {
    let error = ThreadPool::builder().threads_between(3..=2).try_build().expect_err("it cannot be");
    assert_eq!(error, BuildError::MinAboveMax { min: 3, max: 2 });
}

#[test]
fn what_the_system_does_not_know_is_refused() {
    let refused = |builder: thread_executor::Builder| builder.try_build().expect_err("it cannot be");
    assert_eq!(refused(ThreadPool::builder().nice(20)), BuildError::Nice(20));
    assert_eq!(refused(ThreadPool::builder().affinity(Affinity::Only(Vec::new()))), BuildError::NoProcessors);
    #[cfg(target_os = "linux")]
    assert!(matches!(
        refused(ThreadPool::builder().affinity(Affinity::Only(vec![100_000]))),
        BuildError::NoProcessor { processor: 100_000, .. }
    ));
}

#[test]
fn a_name_that_is_too_long_keeps_the_index() {
    let pool = ThreadPool::builder().threads(count(1)).name("a-name-of-more-than-fifteen-bytes").build();
    let name = output(start(&pool, || thread::current().name().map(str::to_owned)));
    assert_eq!(name.as_deref(), Some("a-name-of-mor-0"));
}

/// Waits until the pool has so many threads.
fn until_threads(pool: &ThreadPool, threads: usize) {
    let begin = Instant::now();
    while pool.stats().threads != threads {
        assert!(begin.elapsed() < LONG, "{} threads, not {threads}", pool.stats().threads);
        thread::yield_now();
    }
}

#[test]
fn idle_threads_beyond_the_minimum_leave_and_come_back_with_work() {
    let idle = Duration::from_millis(1);
    let pool = ThreadPool::builder().threads_between(1..=4).idle_timeout(idle).build();
    for _ in 0..3 {
        let mut gate = Gate::new();
        let jobs = gate.hold(&pool, 4);
        gate.open();
        jobs.into_iter().for_each(output);
        until_threads(&pool, 1);
    }
    let pool = ThreadPool::builder().threads(count(2)).idle_timeout(idle).build();
    for number in 0..20 {
        assert_eq!(output(start(&pool, move || number)), number);
        until_threads(&pool, 0);
    }
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean());
}

#[test]
fn an_initializer_runs_on_each_thread_before_its_first_job() {
    let begun = Arc::new(Mutex::new(Vec::new()));
    let begins = begun.clone();
    let pool = ThreadPool::builder()
        .threads(count(3))
        .on_thread_start(move |index| {
            begins.lock().expect("nobody panics here").push((index, thread::current().id()))
        })
        .build();
    let mut gate = Gate::new();
    let jobs = gate.hold(&pool, 3);
    let mut indexes: Vec<_> =
        begun.lock().expect("nobody panics here").iter().map(|(index, _)| *index).collect();
    indexes.sort_unstable();
    assert_eq!(indexes, [0, 1, 2]);
    gate.open();
    jobs.into_iter().for_each(output);
    let here = output(start(&pool, || thread::current().id()));
    assert!(begun.lock().expect("nobody panics here").iter().any(|(_, thread)| *thread == here));
}

#[test]
fn an_initializer_that_panics_breaks_the_pool_and_everybody_learns_why() {
    let may_begin = Arc::new(Mutex::new(()));
    let held = may_begin.lock().expect("nobody panics here");
    let begins = may_begin.clone();
    let pool = ThreadPool::builder()
        .threads(count(1))
        .on_thread_start(move |_| {
            drop(begins.lock());
            panic!("no licence");
        })
        .build();
    let jobs: Vec<_> = (0..5).map(|number| start(&pool, move || number)).collect();
    let mut jobs = jobs.into_iter();
    let cancelled = jobs.next().expect("there are five");
    cancelled.cancel();
    drop(held);
    assert!(matches!(error(cancelled), JobError::Cancelled { started: false }));
    for job in jobs {
        let JobError::Initializer(panic) = error(job) else { panic!("it says why") };
        assert_eq!(panic.message(), "no licence");
        assert!(panic.location().is_some());
    }
    let begin = Instant::now();
    let refused = loop {
        // The pool closes before the jobs end, but another thread may look later.
        match pool.try_submit(|| 7) {
            Err(refused) => break refused,
            Ok(job) => drop(job),
        }
        assert!(begin.elapsed() < LONG);
    };
    let Reject::Broken(why) = &refused.why else { panic!("{}", refused.why) };
    assert!(why.to_string().contains("no licence"), "{why}");
    assert_eq!((refused.into_work())(), 7, "the closure comes back");
    until_threads(&pool, 0);
    assert!(pool.shutdown(Drain::Queued, LONG).stragglers.is_empty());
}

#[test]
fn neither_an_initializer_nor_a_callback_counts_as_a_job() {
    let (mut preparing, mut ending) = (Gate::new(), Gate::new());
    let prepares = Mutex::new(Some(preparing.work()));
    let pool = ThreadPool::builder()
        .threads(count(1))
        .on_thread_start(move |_| {
            prepares.lock().expect("nobody panics here").take().into_iter().for_each(|work| work())
        })
        .build();
    let job = start(&pool, || 7);
    preparing.wait_for_one();
    job.on_done(ending.work());
    let stats = pool.stats();
    assert_eq!((stats.running, stats.queued, stats.submitted, stats.idle), (0, 1, 1, 0));
    preparing.open();
    assert_eq!(output(job), 7);
    ending.wait_for_one();
    let stats = pool.stats();
    assert_eq!((stats.running, stats.submitted, stats.completed, stats.idle), (0, 1, 1, 0));
    ending.open();
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean());
}

#[test]
fn an_initializer_that_blocks_holds_up_its_thread_alone_and_a_shutdown_names_it() {
    let (open, blocks) = channel::<()>();
    let blocks = Mutex::new(blocks);
    let first = AtomicUsize::new(0);
    let pool = ThreadPool::builder()
        .threads(count(2))
        .name("slow")
        .on_thread_start(move |_| {
            if first.fetch_add(1, Ordering::Relaxed) == 0 {
                let _opened = blocks.lock().expect("nobody panics here").recv();
            }
        })
        .build();
    let jobs: Vec<_> = (0..5).map(|number| start(&pool, move || number)).collect();
    assert!(jobs.into_iter().map(output).eq(0..5));
    let report = pool.shutdown(Drain::Queued, Duration::from_millis(10));
    let [straggler] = &report.stragglers[..] else { panic!("one is not prepared: {report}") };
    assert_eq!(straggler.label.as_deref(), Some("on_thread_start"));
    assert!(straggler.worker.starts_with("slow-"));
    drop(open);
    assert!(pool.shutdown(Drain::Queued, LONG).is_clean());
}

#[test]
fn a_section_that_blocks_opens_one_more_thread_at_most() {
    let pool = pool(1, 8);
    let mut gate = Gate::new();
    let waits = gate.work();
    let outer = start(&pool, move || blocking(|| blocking(waits)));
    gate.wait_for_one();
    // The only thread blocks; another takes these, and one is enough for them.
    assert_eq!([start(&pool, || 1), start(&pool, || 2)].map(output), [1, 2]);
    assert_eq!(pool.stats().threads, 2);
    let inner = Gate::new();
    let _held = inner.hold(&pool, 1);
    let queued = start(&pool, || 3);
    assert_eq!((pool.stats().threads, pool.stats().queued), (2, 1), "no third thread");
    drop(inner);
    assert_eq!(output(queued), 3);
    gate.open();
    output(outer);
    until_threads(&pool, 1);
}

#[test]
fn a_section_that_blocks_just_runs_where_there_is_no_pool_and_where_none_is_spare() {
    assert_eq!(blocking(|| 7), 7);
    let pool = ThreadPool::builder().threads(count(1)).spare(0).build();
    let mut gate = Gate::new();
    let waits = gate.work();
    let outer = start(&pool, move || blocking(waits));
    gate.wait_for_one();
    let queued = start(&pool, || 3);
    assert_eq!((pool.stats().threads, pool.stats().queued), (1, 1));
    gate.open();
    output(outer);
    assert_eq!(output(queued), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn threads_are_as_polite_and_run_where_they_were_told() {
    let allowed = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("Cpus_allowed_list:")).map(str::to_owned);
        line.expect("the kernel tells").split_whitespace().last().map(str::to_owned)
    };
    let read =
        |file: &str| std::fs::read_to_string(format!("/proc/thread-self/{file}")).expect("the kernel tells");
    let pool = ThreadPool::builder()
        .threads(count(1))
        .stack_size(4 << 20)
        .nice(7)
        .affinity(Affinity::Spread)
        .build();
    let (status, stat) = output(start(&pool, move || (read("status"), read("stat"))));
    let one = allowed(&status).expect("a list");
    assert!(one.parse::<usize>().is_ok(), "one processor, not {one}");
    // After the name in parentheses: state is the first, and nice the seventeenth.
    let nice = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(16)).map(str::to_owned);
    assert_eq!(nice.as_deref(), Some("7"));
    // A stack that is deeper than the usual two megabytes.
    let deep = start(&pool, || {
        let deep = [7_u8; 3 << 20];
        std::hint::black_box(&deep).iter().map(|byte| u64::from(*byte)).sum::<u64>()
    });
    assert_eq!(output(deep), 7 * (3 << 20));
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_that_a_pinned_thread_has_started_is_not_pinned() {
    let free = ThreadPool::new(count(1));
    let processors = || thread::available_parallelism().expect("it is known here").get();
    let usual = processors();
    let pinned = ThreadPool::builder().threads(count(1)).affinity(Affinity::Spread).build();
    let submits = free.clone();
    let (here, there) = output(start(&pinned, move || (processors(), start(&submits, processors))));
    assert_eq!((here, output(there)), (1, usual));
}

#[test]
fn the_presets_have_threads_by_the_processors_that_may_be_used() {
    let processors = thread::available_parallelism().expect("it is known here").get();
    assert_eq!(ThreadPool::cpu().build().threads_max().get(), processors);
    assert_eq!(ThreadPool::blocking().build().threads_max().get(), (processors * 8).max(64));
}
