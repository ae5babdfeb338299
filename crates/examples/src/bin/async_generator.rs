//! `cargo run -p examples --bin async_generator -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! 3
//! 2
//! 1
//! the countdown is cleaned up
//! again, but not to the end
//! 3
//! 2
//! the countdown is cleaned up
//! lift-off
//! ```

use examples::async_generator;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    Ok(run_on(Runtime::from_args(), async_generator::main())?)
}
