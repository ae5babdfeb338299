//! `cargo run -p examples --bin priority_queue -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! 1: cook
//! 1: lay the table
//! 2: eat
//! 3: wash up
//! all is done
//! ```

use examples::priority_queue;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), priority_queue::main())?
}
