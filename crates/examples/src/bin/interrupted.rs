//! `cargo run -p examples --bin interrupted -- --runtime native|tokio|smol|glommio --manner polite|slow|deaf`
//!
//! Press Ctrl-C, and it prints the rest; with the manner `slow` or `deaf` it takes a second one to end it.
//!
//! ```text
//! open
//! press Ctrl-C
//! cleaning up
//! closed
//! ```

use core_loop::RunError;
use examples::args::{Args, Wrong};
use examples::interrupted::{self, Manner};
use examples::runtime::{Runtime, run_on};

fn main() -> Result<(), RunError> {
    let (runtime, manner) = arguments().unwrap_or_else(|wrong| wrong.exit());
    run_on(runtime, interrupted::main(manner))
}

fn arguments() -> Result<(Runtime, Manner), Wrong> {
    let mut args = Args::from_env();
    let (runtime, manner) =
        (args.runtime()?, args.value("--manner", "polite|slow|deaf")?.unwrap_or_default());
    args.finish()?;
    Ok((runtime, manner))
}
