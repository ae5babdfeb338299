//! The loop from outside, on its native driver. What must hold on every driver is in the conformance suite; here is what
//! only this crate can show.

mod allocations;
mod alone;
mod any_task;
mod as_completed;
mod asks;
mod cancel;
mod cells;
mod close;
mod combinators;
mod compiles;
mod cooperative;
mod debug_mode;
mod debugging_page;
mod dump;
mod durations;
mod eager;
mod executor;
mod foreign_wakers;
mod future;
mod generators;
mod group;
mod guest;
mod idle;
mod instrument;
mod introspect;
mod loop_methods;
mod native;
mod net;
mod offload;
mod panics;
mod pool;
mod re_entrancy;
mod reactor;
mod readiness_thread;
mod scale;
mod shield;
mod signal;
mod signal_fork;
mod stress;
mod stuck;
mod task_locals;
mod timeout_asks;
mod timeouts;
mod trace;
mod turns;
mod two_loops;
mod unawaited;
mod unread;
mod wait;
mod wait_for;
mod wakers_that_call_back;

/// Runs `main` on the native driver.
fn run<T>(main: impl Future<Output = T>) -> T {
    core_loop::run(main).expect("the native driver runs everywhere")
}
