//! The loop from outside, on its native driver. What must hold on every driver is in the conformance suite; here is what
//! only this crate can show.

mod alone;
mod cancel;
mod close;
mod combinators;
mod compiles;
mod executor;
mod generators;
mod guest;
mod loop_methods;
mod native;
mod net;
mod offload;
mod re_entrancy;
mod readiness_thread;
mod signal;
mod signal_fork;
mod stress;
mod task_locals;
mod trace;
mod turns;

/// Runs `main` on the native driver.
fn run<T>(main: impl Future<Output = T>) -> T {
    core_loop::run(main).expect("the native driver runs everywhere")
}
