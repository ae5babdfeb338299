//! Threads: how many, when, and under which names.

use crate::gate::Gate;
use crate::{LONG, count, output, pool, start};
use std::collections::HashSet;
use std::sync::mpsc::channel;
use std::thread;
use thread_executor::ThreadPool;

#[test]
fn threads_start_when_there_is_work_and_are_reused() {
    let pool = pool(8, 64);
    assert_eq!(pool.stats().threads, 0);
    let ids: HashSet<_> = (0..200).map(|_| output(start(&pool, || thread::current().id()))).collect();
    assert_eq!(ids.len(), 1, "jobs one after another need one thread");
    assert_eq!(pool.stats().threads, 1);
}

#[test]
fn jobs_at_once_need_as_many_threads_as_there_may_be() {
    let pool = pool(4, 64);
    let mut gate = Gate::new();
    let mut jobs = gate.hold(&pool, 4);
    jobs.extend((0..56).map(|_| start(&pool, gate.work())));
    let stats = pool.stats();
    assert_eq!((stats.threads, stats.idle, stats.running, stats.queued), (4, 0, 4, 56));
    gate.open();
    jobs.into_iter().for_each(output);
    assert_eq!((pool.stats().threads, pool.stats().idle), (4, 4));
}

#[test]
fn a_second_burst_finds_the_threads_of_the_first() {
    let pool = pool(8, 64);
    for _ in 0..50 {
        let mut gate = Gate::new();
        let jobs = gate.hold(&pool, 3);
        gate.open();
        jobs.into_iter().for_each(output);
    }
    assert_eq!(pool.stats().threads, 3);
}

#[test]
fn a_callback_that_blocks_holds_up_no_job_for_which_there_may_be_a_thread() {
    let pool = pool(2, 8);
    let mut gate = Gate::new();
    let job = gate.hold(&pool, 1).pop().expect("one is held");
    let (sender, receiver) = channel();
    let (blocks, blocked) = channel();
    job.on_done(move || {
        blocks.send(()).expect("the test listens");
        receiver.recv_timeout(LONG).expect("the job behind it sends");
    });
    gate.open();
    output(job);
    let behind = start(&pool, move || sender.send(()).expect("the callback listens"));
    blocked.recv_timeout(LONG).expect("the callback begins");
    output(behind);
}

#[test]
fn without_a_size_there_are_four_threads_more_than_processors_and_at_most_32() {
    let processors = thread::available_parallelism().expect("it is known here").get();
    assert_eq!(ThreadPool::default().threads_max().get(), (processors + 4).min(32));
    assert_eq!(ThreadPool::new(count(3)).threads_max().get(), 3);
}

#[test]
fn threads_carry_the_pools_name_and_their_index() {
    let pool = ThreadPool::builder().threads(count(2)).name("image-thumbnailer").build();
    let gate_names = |pool: &ThreadPool| {
        let (sender, names) = channel();
        let mut gate = Gate::new();
        let jobs: Vec<_> = (0..2)
            .map(|_| {
                let (sender, stand) = (sender.clone(), gate.work());
                let job = start(pool, move || {
                    sender.send(thread::current().name().map(str::to_owned)).expect("the test listens");
                    stand();
                });
                gate.wait_for_one();
                job
            })
            .collect();
        gate.open();
        jobs.into_iter().for_each(output);
        drop(sender);
        names.iter().flatten().collect::<Vec<_>>()
    };
    let mut names = gate_names(&pool);
    names.sort();
    assert_eq!(names, ["image-thumbna-0", "image-thumbna-1"]);
}
