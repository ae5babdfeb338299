//! `cargo run --release -p examples --bin echo_server -- --runtime native|tokio|smol|glommio --listen 127.0.0.1:8080 --idle 60`
//!
//! Then `curl -s http://127.0.0.1:8080/echo/hello` prints `hello`. Ctrl-C shuts it down.

use examples::args::{Args, Wrong};
use examples::echo;
use examples::runtime::{Runtime, run_on};
use std::process::ExitCode;
use std::time::Duration;

/// 0: Ctrl-C came. 1: it could not serve. 2: the command line was wrong. The reason is one line on standard error.
fn main() -> ExitCode {
    let (runtime, listen, idle) = command_line().unwrap_or_else(|wrong| wrong.exit());
    let served = run_on(runtime, echo::serve(&listen, idle));
    let why = match served {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    eprintln!("{why}");
    ExitCode::FAILURE
}

fn command_line() -> Result<(Runtime, String, Duration), Wrong> {
    let mut args = Args::from_env();
    let runtime = args.runtime()?;
    let listen = args.value("--listen", "HOST:PORT")?.unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let idle = args.value("--idle", "SECONDS")?.map_or(echo::IDLE, Duration::from_secs);
    args.finish()?;
    Ok((runtime, listen, idle))
}
