//! What a pool costs that has nothing to do.
#![cfg(target_os = "linux")]

use crate::gate::Gate;
use crate::{LONG, output};
use std::time::{Duration, Instant};
use thread_executor::{Executor, Submit, ThreadPool};

/// How often each thread of this name was given a processor, and how long each has computed, in nanoseconds.
fn given(name: &str) -> Vec<(u64, u64)> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the kernel tells");
    let mut all = Vec::new();
    for task in tasks.flatten() {
        // A thread may end while it is looked at.
        let read = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
        if read("comm").starts_with(name) {
            let numbers: Vec<u64> = read("schedstat").split_whitespace().flat_map(str::parse).collect();
            let [nanos, _, times] = numbers[..] else { panic!("the kernel tells three numbers") };
            all.push((times, nanos));
        }
    }
    all
}

#[test]
fn an_idle_pool_is_never_given_a_processor() {
    let builder = ThreadPool::builder().threads(crate::count(3)).name("idles").idle_timeout(LONG);
    let pool = builder.spin(Duration::from_millis(1)).build();
    let mut gate = Gate::new();
    let jobs = gate.hold(&pool, 3);
    // The thread that enforces deadlines idles as well: with one deadline ahead, and after one that did not come.
    let timed = pool.try_submit_with(|| (), Submit::new().deadline(LONG)).expect("there is room");
    gate.open();
    jobs.into_iter().for_each(output);
    output(timed);
    // Each of them waits awake for a moment before it sleeps. A busy machine may not let them come to that soon: then once
    // more, until nothing has moved for a while.
    let begin = Instant::now();
    loop {
        let before = given("idles-");
        std::thread::sleep(Duration::from_millis(300));
        let after = given("idles-");
        if before == after {
            assert_eq!(after.len(), 4, "three threads, and the one of the deadlines");
            return;
        }
        assert!(begin.elapsed() < LONG, "{before:?} became {after:?}");
    }
}
