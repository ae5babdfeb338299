//! What a job costs, counted by an allocator of its own.

#[path = "counting/allocator.rs"]
mod allocator;

use allocator::count;
use contract::{Job, Place, Slots, Submit, block_on};

/// How many allocations `work` makes on this thread.
fn allocations(work: impl FnOnce()) -> usize {
    let before = count();
    work();
    count() - before
}

fn one_job() {
    let slots = Slots::new(1);
    let of_the_queue = count();
    let options = Submit::new().label("counted");
    let place = slots.try_take().expect("a free place");
    let (runnable, job) = Job::package(|| [7_u8; 64], &options, place, ());
    runnable.run();
    assert_eq!(job.wait().expect("it ran"), [7; 64]);
    assert_eq!(count() - of_the_queue, 1);
}

#[test]
fn a_job_costs_one_allocation_with_its_work_its_place_and_its_wait() {
    // The first wait of a thread makes its parker, the first catch the panic hook.
    block_on(std::future::ready(()));
    let _once = contract::Panic::catch(|| ());
    assert_eq!(allocations(one_job), 2);
}

#[test]
fn a_promise_costs_one_allocation() {
    let _once = contract::Panic::catch(|| ());
    let count = allocations(|| {
        let (promise, job) = Job::promise(&Submit::new(), Place::none(), ());
        promise.finish(Ok(7));
        drop(job);
    });
    assert_eq!(count, 1);
}
