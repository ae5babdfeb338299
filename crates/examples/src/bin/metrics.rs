//! `cargo run -p examples --bin metrics -- --runtime native|tokio|smol|glommio`: metrics of a loop for Prometheus.

use examples::metrics;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // ANCHOR: dump
    // What it is doing, at any time: `kill -USR1 PID`. It need not hang.
    core_loop::dump_on_signal(core_loop::signal::SIGUSR1)?;
    // ANCHOR_END: dump
    print!("{}", run_on(Runtime::from_args(), metrics::main())?);
    Ok(())
}
