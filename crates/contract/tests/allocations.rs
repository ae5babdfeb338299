//! What a job costs, counted by an allocator of its own.
#![expect(unsafe_code, reason = "an allocator is unsafe to implement")]

use contract::{Job, Place, Slots, Submit, block_on};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came; the count allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on; the pointer came from `System` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many allocations `work` makes on this thread.
fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

fn one_job() {
    let slots = Slots::new(1);
    let of_the_queue = COUNT.get();
    let options = Submit::new().label("counted");
    let place = slots.try_take().expect("a free place");
    let (runnable, job) = Job::package(|| [7_u8; 64], &options, place, ());
    runnable.run();
    assert_eq!(job.wait().expect("it ran"), [7; 64]);
    assert_eq!(COUNT.get() - of_the_queue, 1);
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
