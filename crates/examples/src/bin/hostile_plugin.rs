//! `cargo run -p examples --bin hostile_plugin -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! 20 heartbeats while the hostile one spins
//! the friendly one says: HELLO
//! spin: stopped, cancelled while it was running
//! spin: stopped at its deadline
//! hoard: out of memory
//! crash: `crash` divided by zero
//! the friendly one says: STILL HERE
//! ```

use examples::hostile_plugin;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), hostile_plugin::main())?
}
