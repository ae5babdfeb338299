//! `cargo run -p examples --bin log_writer -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! one: step 0
//! two: step 0
//! one: step 1
//! two: step 1
//! one: step 2
//! two: step 2
//! ```

use examples::log_writer;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), log_writer::main())?
}
