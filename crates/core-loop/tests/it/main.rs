//! The loop from outside, on its native driver. What must hold on every driver is in the conformance suite; here is what
//! only this crate can show.

mod alone;
mod any_task;
mod cancel;
mod close;
mod combinators;
mod compiles;
mod cooperative;
mod executor;
mod guest;
mod idle;
mod native;
mod net;
mod offload;
mod pool;
mod re_entrancy;
mod reactor;
mod readiness_thread;
mod signal;
mod signal_fork;
mod stress;
mod trace;
mod turns;

/// Runs `main` on the native driver.
fn run<T>(main: impl Future<Output = T>) -> T {
    core_loop::run(main).expect("the native driver runs everywhere")
}
