//! `cargo run -p examples --bin blocked_loop -- --runtime native|tokio|smol|glommio --seconds NUMBER`
//!
//! Prints:
//!
//! ```text
//! burning in a task: the heartbeat was late by about 1s
//! burning on a thread: the heartbeat kept time
//! burning on a thread for half the time: given up
//! burning in a process: the heartbeat kept time
//! burning in a process for half the time: given up
//! ```

use examples::args::{Args, Wrong};
use examples::blocked_loop;
use examples::runtime::{Runtime, run_on};
use std::error::Error;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let (runtime, time) = arguments().unwrap_or_else(|wrong| wrong.exit());
    run_on(runtime, blocked_loop::main(time))?
}

fn arguments() -> Result<(Runtime, Duration), Wrong> {
    let mut args = Args::from_env();
    let runtime = args.runtime()?;
    let seconds = args.value("--seconds", "NUMBER")?.unwrap_or(1.0);
    args.finish()?;
    // Of less than four beats nobody could say whether it held up the heart.
    let time =
        Duration::try_from_secs_f64(seconds).ok().filter(|time| (0.04..=60.0).contains(&time.as_secs_f64()));
    let time =
        time.ok_or_else(|| Wrong::new(format!("--seconds {seconds}: from 0.04 to 60 seconds make sense")))?;
    Ok((runtime, time))
}
