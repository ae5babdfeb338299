//! `cargo run -p examples --bin from_a_thread -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! a callback from a thread
//! a future from a thread: 2
//! one that sleeps: 42
//! ```

use examples::from_a_thread;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run_on(Runtime::from_args(), from_a_thread::main())?
}
